"""A trained classifier that may be unsure: from training to Python and the command line."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, UsageError
from tellapart.predict.prediction import Choice, Prediction
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core

SETTINGS = {"answers.risk": 0.2, "data.validation_fraction": 0.4, "fit.epochs": 3}


@pytest.fixture(scope="module")
def decided(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of recipe fast on 1,000 images, with rules from 800 others."""
    train, test = (
        part.take(np.arange(n)) for part, n in ((fashion.train, 1800), (fashion.test, 300))
    )
    splits = {
        "train": (train.decode(ImageSpec()).pixels, train.targets),
        "test": (test.decode(ImageSpec()).pixels, test.targets),
    }
    data = from_arrays(splits, fashion.class_names, name="slice")
    output = tmp_path_factory.mktemp("decided")
    settings = SETTINGS | {"fit.batch_size": 32}
    return tellapart.train(data, "fast", settings=settings, output=output, quiet=True)


@pytest.fixture(scope="module")
def pixels(fashion: Dataset) -> Any:
    return fashion.test.take(np.arange(300)).decode(ImageSpec()).pixels


@pytest.fixture
def bundle(decided: Run) -> Bundle:
    return open_bundle(RunFolder(decided.path).bundle_path)


def test_training_stores_the_rules_and_says_so(decided: Run, bundle: Bundle) -> None:
    rules = bundle.manifest.decisions
    assert rules is not None
    assert rules.table is not None
    assert bundle.references is not None
    assert bundle.references.shape[1] == 64
    assert rules.samples == bundle.manifest.data.samples["validation"]
    log = RunFolder(decided.path).log_path.read_text("utf-8")
    assert f"Learnt from {rules.samples:,} validation images when to answer." in log


def test_the_evaluation_says_what_the_rules_come_to(decided: Run, pixels: Any) -> None:
    score = decided.evaluation.answers
    assert score is not None
    kinds = [answer.verdict for answer in decided.model.predict(pixels)]
    assert score.answered == pytest.approx(kinds.count("label") / 300, abs=0.005)
    assert score.unknown == pytest.approx(kinds.count("unknown") / 300, abs=0.005)
    assert 0 < score.answered < 1


def test_an_answer_is_a_label_a_set_or_unknown(decided: Run, pixels: Any) -> None:
    for answer in decided.model.predict(pixels):
        assert answer == Prediction.model_validate_json(answer.model_dump_json())
        assert answer.novelty is not None
        names = [choice.label for choice in answer.set]
        if answer.verdict == "unknown":
            assert (str(answer), names) == ("unknown", [])
        elif answer.verdict == "label":
            assert names == [answer.label]
        else:
            assert answer.label in names
            assert str(answer).startswith("unsure: ")


def test_what_is_farther_than_the_rule_allows_is_unknown_and_nothing_else(
    decided: Run, bundle: Bundle, pixels: Any
) -> None:
    assert bundle.manifest.decisions is not None
    rule = bundle.manifest.decisions.novelty
    assert rule is not None
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28, 1), dtype=np.uint8)
    answers = decided.model.predict(np.concatenate([noise, pixels]))
    assert {answer.verdict for answer in answers} >= {"label", "unknown"}
    for answer in answers:
        assert (answer.novelty > rule.threshold) == (answer.verdict == "unknown")


def test_no_option_changes_which_class_is_first(decided: Run, pixels: Any) -> None:
    first = decided.model.probabilities(pixels).argmax(axis=1)
    for options in ({}, {"risk": 0.4}, {"always_answer": True}):
        answers = decided.model.predict(pixels, **options)
        names = [decided.model.class_names[number] for number in first]
        assert [answer.label for answer in answers] == names


def test_a_higher_risk_answers_more_and_always_answering_answers_all(
    decided: Run, pixels: Any
) -> None:
    def labels(**options: Any) -> int:
        answers = decided.model.predict(pixels, **options)
        return sum(answer.verdict == "label" for answer in answers)

    assert labels(risk=0.05) <= labels() <= labels(risk=0.5) <= labels(always_answer=True) == 300


def test_one_picture_gets_the_verdict_that_it_gets_among_many(decided: Run, pixels: Any) -> None:
    many = decided.model.predict(pixels[:20])
    for row, answer in enumerate(many):
        alone = decided.model.predict(pixels[row])
        assert (alone.verdict, alone.label) == (answer.verdict, answer.label)
        assert alone.novelty == pytest.approx(answer.novelty, abs=1e-5)


def test_wishes_that_cannot_be_met_are_refused(decided: Run, run: Run, pixels: Any) -> None:
    with pytest.raises(UsageError, match="above 0 and below 1. Received: 2"):
        decided.model.predict(pixels[0], risk=2)
    with pytest.raises(UsageError, match="exclude each other"):
        decided.model.predict(pixels[0], risk=0.1, always_answer=True)
    with pytest.raises(UsageError, match="cannot promise a risk"):
        run.model.predict(pixels[0], risk=0.1)


def test_references_of_another_network_are_refused(
    bundle: Bundle, tmp_path: Path, pixels: Any
) -> None:
    assert bundle.references is not None
    assert bundle.manifest.decisions is not None
    other = bundle.with_decisions(bundle.manifest.decisions, bundle.references[:, :9])
    model = tellapart.open_model(write_bundle(tmp_path / "m.tellapart", other))
    with pytest.raises(BundleError, match="rows of 9 numbers"):
        model.predict(pixels[0])


def test_validation_on_the_test_images_teaches_no_rules(run: Run) -> None:
    assert open_bundle(RunFolder(run.path).bundle_path).manifest.decisions is None
    assert run.evaluation.answers is None
    log = RunFolder(run.path).log_path.read_text("utf-8")
    assert log.count("The classifier answers always") == 1


def test_predictions_read_as_people_would_say_them() -> None:
    shirt = Choice(label="Shirt", probability=0.51)
    coat = Choice(label="Coat", probability=0.44)
    answer = Prediction(name="a", choices=(shirt, coat), verdict="unsure", set=(shirt, coat))
    assert str(answer) == "unsure: Shirt or Coat (51%, 44%)"
    assert str(answer.model_copy(update={"verdict": "label"})) == "Shirt (51.0%)"
    assert str(Prediction(name="a", verdict="error", error="cut short")) == "error: cut short"


@pytest.fixture
def words(decided: Run, tmp_path: Path, pixels: Any) -> list[str]:
    for row in range(20):
        Image.fromarray(pixels[row, :, :, 0]).save(tmp_path / f"{row:02}.png")
    return ["predict", str(RunFolder(decided.path).bundle_path), str(tmp_path), "--quiet"]


def test_the_command_line_gives_the_same_verdicts(
    decided: Run, words: list[str], pixels: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = [answer.verdict for answer in decided.model.predict(pixels[:20])]
    assert main([*words, "--json"]) == 0
    assert [row["verdict"] for row in json.loads(capsys.readouterr().out)] == wanted
    assert main([*words, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["verdict"] for row in rows] == wanted
    assert [bool(row["set"]) for row in rows] == [kind != "unknown" for kind in wanted]
    assert main([*words, "--always-answer", "--json"]) == 0
    assert {row["verdict"] for row in json.loads(capsys.readouterr().out)} == {"label"}
    assert main([*words, "--risk", "7"]) == 2


def test_a_bundle_without_rules_says_once_that_it_answers_always(
    run: Run, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(RunFolder(run.path).bundle_path)
    assert main([words[0], path, words[2]]) == 0
    assert capsys.readouterr().err.count("answers always") == 1
    assert main([words[0], path, words[2], "--always-answer"]) == 0
    assert "answers always" not in capsys.readouterr().err
