"""The record of all scores: plain data that comes back from JSON as it was."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import ClassScore, ConfusedPair, Evaluation

shares = st.floats(0, 1)
names = st.text(max_size=8)

evaluations = st.builds(
    Evaluation,
    data=names,
    split=names,
    samples=st.integers(1, 10**6),
    loss=st.floats(0, 1e6),
    accuracy=st.builds(Interval, value=shares, low=shares, high=shares),
    classes=st.lists(
        st.builds(
            ClassScore,
            name=names,
            precision=st.none() | shares,
            recall=st.none() | shares,
            f1=shares,
            support=st.integers(0, 1000),
        ),
        max_size=3,
    ).map(tuple),
    confusion=st.just(((3, 1), (0, 4))),
    confused=st.lists(
        st.builds(
            ConfusedPair, target=names, predicted=names, count=st.integers(1, 9), share=shares
        ),
        max_size=2,
    ).map(tuple),
    note=names,
)

SCORED = Evaluation(
    data="pets",
    split="test",
    samples=12000,
    loss=0.25678,
    accuracy=Interval(value=0.9084, low=0.9026, high=0.9139),
    classes=(ClassScore(name="cat", precision=None, recall=0.0, f1=0.0, support=3),),
    confusion=((3,),),
    confused=(),
)


OLDER = ("data", "split", "samples", "loss", "accuracy", "classes", "confusion", "confused", "note")
OLDER_CLASS = ("name", "precision", "recall", "f1", "support")


@settings(deadline=None)
@given(evaluations)
def test_a_record_comes_back_from_its_json(evaluation: Evaluation) -> None:
    assert Evaluation.from_json(evaluation.to_json()) == evaluation


def test_a_score_without_a_meaning_is_null_in_json() -> None:
    values = json.loads(SCORED.to_json())
    assert values["classes"][0]["precision"] is None
    assert "NaN" not in SCORED.to_json()


def test_the_headline_says_accuracy_interval_loss_and_on_what() -> None:
    headline = str(SCORED)
    assert headline.startswith("accuracy 90.84% (95")
    assert "interval 90.26% to 91.39%), loss 0.2568, on 12,000 test images of pets" in headline


def test_the_classes_are_named_in_their_order() -> None:
    assert SCORED.class_names == ("cat",)


def test_a_record_of_an_older_version_is_read_and_known_as_such() -> None:
    older = {name: json.loads(SCORED.to_json())[name] for name in OLDER}
    older["classes"] = [{k: older["classes"][0][k] for k in OLDER_CLASS}]
    found = Evaluation.from_json(json.dumps(older))
    assert found == SCORED
    assert found.is_older


@pytest.mark.parametrize("text", ["", "[]", '{"data": "pets"}', "not json"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Evaluation"):
        Evaluation.from_json(text)


def test_a_record_with_an_unknown_key_is_refused() -> None:
    values = json.loads(SCORED.to_json()) | {"f2": 0.5}
    with pytest.raises(ValueError, match="f2"):
        Evaluation.from_json(json.dumps(values))


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        SCORED.loss = 0.0
