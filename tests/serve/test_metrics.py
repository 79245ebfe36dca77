"""What Prometheus is told of drift."""

import numpy as np

from tellapart.predict.prediction import Prediction
from tellapart.profile import Profile, Spread
from tellapart.serve.drift import Drift
from tellapart.serve.metrics import Metrics

SPREAD = Spread(mean=1.0, deviation=1.0)
PROFILE = Profile(
    samples=1000,
    measured=1000,
    risk=0.02,
    unsure=0.05,
    unknown=0.05,
    novelty=SPREAD,
    brightness=SPREAD,
    contrast=SPREAD,
    sharpness=SPREAD,
)


def _changed() -> Drift:
    """Return what has seen pictures unlike those of the validation."""
    drift = Drift(PROFILE)
    unknown = Prediction(name="x", verdict="unknown", novelty=9.0)
    drift.note([unknown] * 200, np.full((200, 3), 9.0, np.float32))
    return drift


def _lines(metrics: Metrics, model: str) -> list[str]:
    lines = metrics.to_text().decode().splitlines()
    return [line for line in lines if line.startswith("tellapart_drift") and f'"{model}"' in line]


def test_of_a_replaced_bundle_no_drift_is_left() -> None:
    metrics = Metrics()
    for model in ("mine", "other"):
        metrics.note_drift(model, _changed().lights())
    old, others = _lines(metrics, "mine"), _lines(metrics, "other")
    assert 'tellapart_drift_changed{model="mine",what="brightness"} 1.0' in old
    for profile, what in ((PROFILE, "answers"), (None, "profile")):
        metrics.note_drift("mine", Drift(profile).lights())
        assert _lines(metrics, "mine") == [
            f'tellapart_drift_changed{{model="mine",what="{what}"}} 0.0'
        ]
    assert _lines(metrics, "other") == others
    metrics.note_drift("mine", _changed().lights())
    assert _lines(metrics, "mine") == old
