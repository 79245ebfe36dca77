"""Whether the pictures of late are like those of the validation."""

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.stats import binom, expon

from serving import serving
from tellapart.predict.prediction import Choice, Prediction
from tellapart.profile import Profile, Spread
from tellapart.serve.drift import FEWEST, Drift

PROFILE = Profile(
    samples=2000,
    measured=2000,
    risk=0.02,
    unsure=0.2,
    unknown=0.05,
    brightness=Spread(mean=70.0, deviation=30.0),
    contrast=Spread(mean=80.0, deviation=20.0),
    sharpness=Spread(mean=1.5, deviation=1.0),
    novelty=Spread(mean=0.1, deviation=0.05),
)


def _answers(
    random: np.random.Generator, count: int, unsure: float, novelty: float
) -> list[Prediction]:
    return [
        Prediction(
            name="",
            choices=(Choice(label="a", probability=1.0),),
            verdict=("unknown" if draw < 0.05 else "unsure" if draw < 0.05 + unsure else "label"),
            novelty=float(random.normal(novelty, 0.05)),
        )
        for draw in random.random(count)
    ]


def _answer(verdict: Literal["label", "unsure"]) -> Prediction:
    return Prediction(name="", choices=(Choice(label="a", probability=1.0),), verdict=verdict)


def _looks(random: np.random.Generator, count: int, brightness: float) -> np.ndarray:
    return np.asarray(random.normal((brightness, 80, 1.5), (30, 20, 1), (count, 3)), np.float32)


def _states(drift: Drift) -> dict[str, str]:
    return {light.what: light.state for light in drift.lights()}


@pytest.mark.parametrize("count", [FEWEST, 300, 2000])
def test_pictures_of_the_same_kind_change_no_light(count: int) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        drift = Drift(PROFILE)
        drift.note(_answers(random, count, 0.2, 0.1), _looks(random, count, 70.0))
        assert set(_states(drift).values()) == {"as-usual"}


@pytest.mark.parametrize("before", [0.005, 0.02, 0.05, 0.06, 0.1, 0.2, 0.5, 0.95])
@pytest.mark.parametrize("count", [FEWEST, 200, 1000])
def test_a_share_that_stays_is_said_to_change_once_in_ten_thousand_looks(
    before: float, count: int
) -> None:
    def is_alarm(found: int) -> bool:
        answers = [_answer("unsure")] * found + [_answer("label")] * (count - found)
        drift = Drift(PROFILE.model_copy(update={"unsure": before, "unknown": 0.0}))
        drift.note(answers, _looks(np.random.default_rng(0), 0, 0))
        return _states(drift)["unsure"] == "changed"

    likely = [x for x in range(count + 1) if binom.pmf(x, count, before) > 1e-9]
    alarms = sum(binom.pmf(x, count, before) for x in likely if is_alarm(x))
    assert alarms < 1e-4


def test_a_few_answers_that_miss_the_tail_of_a_number_are_no_change() -> None:
    spread = Spread(mean=1.0, deviation=1.0)  # as an exponential distribution has
    drift = Drift(PROFILE.model_copy(update={"sharpness": spread}))
    looks = _looks(np.random.default_rng(0), FEWEST, 70.0)
    looks[:, 2] = expon.ppf(np.linspace(0.005, 0.85, FEWEST))
    drift.note([_answer("label")] * FEWEST, looks)
    assert _states(drift)["sharpness"] == "as-usual"
    drift.note([], np.tile(looks, (9, 1)))  # of many it is one
    assert _states(drift)["sharpness"] == "changed"


def test_each_change_changes_its_own_light() -> None:
    random = np.random.default_rng(0)
    for unsure, novelty, brightness, changed in (
        (0.4, 0.1, 70.0, {"unsure"}),
        (0.2, 0.15, 70.0, {"novelty"}),
        (0.2, 0.1, 110.0, {"brightness"}),
    ):
        drift = Drift(PROFILE)
        drift.note(_answers(random, 500, unsure, novelty), _looks(random, 500, brightness))
        states = _states(drift)
        assert {what for what, state in states.items() if state == "changed"} == changed


def test_a_change_too_small_to_matter_changes_no_light() -> None:
    random, drift = np.random.default_rng(0), Drift(PROFILE, window=100_000)
    drift.note(_answers(random, 20_000, 0.22, 0.1), _looks(random, 20_000, 74.0))
    assert set(_states(drift).values()) == {"as-usual"}


def test_old_answers_are_forgotten() -> None:
    random, drift = np.random.default_rng(0), Drift(PROFILE)
    drift.note(_answers(random, 1000, 0.9, 0.1), _looks(random, 1000, 200.0))
    assert _states(drift)["unsure"] == "changed"
    drift.note(_answers(random, 1000, 0.2, 0.1), _looks(random, 1000, 70.0))
    assert set(_states(drift).values()) == {"as-usual"}


def test_with_few_answers_nothing_is_said() -> None:
    random, drift = np.random.default_rng(0), Drift(PROFILE)
    drift.note(_answers(random, FEWEST - 1, 0.9, 0.9), _looks(random, 9, 200.0))
    (light,) = drift.lights()
    assert light.state == "waiting"
    assert f"{FEWEST - 1} of the {FEWEST}" in light.message
    drift.note([Prediction(name="", verdict="error", error="no")], _looks(random, 0, 0))
    assert _states(drift) == {"answers": "waiting"}


def test_a_bundle_without_a_profile_says_so() -> None:
    (light,) = Drift(None).lights()
    assert light.state == "no-profile"
    assert "Train it again" in light.message


def _to_form(pictures: list[bytes], *, inverted: bool = False) -> list[Any]:
    form = []
    for place, picture in enumerate(pictures):
        content, shown = io.BytesIO(), Image.open(io.BytesIO(picture)).convert("L")
        (ImageOps.invert(shown) if inverted else shown).save(content, "PNG")
        form.append(("images", (f"{place}.png", content.getvalue())))
    return form


def test_pictures_that_were_asked_about_in_another_way_do_not_count(
    served_bundle: Path, pictures: list[bytes]
) -> None:
    other = _to_form(pictures[:120], inverted=True)
    with serving({"clothes": served_bundle}) as server:
        server.client.post("v1/predict?always_answer=true", files=other)
        server.client.post("v1/predict", files=_to_form(pictures))
        lights = server.client.get("v1/models/clothes").json()["drift"]
    assert len(lights) == 6
    assert {light["state"] for light in lights} == {"as-usual"}


def test_real_pictures_with_black_and_white_exchanged_are_noticed(
    served_bundle: Path, pictures: list[bytes]
) -> None:
    form = _to_form(pictures[:120], inverted=True)
    with serving({"clothes": served_bundle}) as server:
        assert server.client.post("v1/predict", files=form).status_code == 200
        lights = server.client.get("v1/models/clothes").json()["drift"]
        text = server.client.get("metrics").text
    found = {light["what"]: light for light in lights}
    assert found["brightness"]["state"] == "changed"
    assert found["brightness"]["now"] == pytest.approx(255 - found["brightness"]["before"], abs=25)
    assert 'tellapart_drift_changed{model="clothes",what="brightness"} 1.0' in text
    assert 'tellapart_drift{model="clothes",what="unknown",when="validation"}' in text


def test_real_pictures_of_the_same_kind_are_as_usual(
    served_bundle: Path, pictures: list[bytes]
) -> None:
    form = [("images", (f"{place}.png", picture)) for place, picture in enumerate(pictures)]
    with serving({"clothes": served_bundle}) as server:
        assert server.client.post("v1/predict", files=form).status_code == 200
        lights = server.client.get("v1/models/clothes").json()["drift"]
    assert len(lights) == 6
    assert {light["state"] for light in lights} == {"as-usual"}
