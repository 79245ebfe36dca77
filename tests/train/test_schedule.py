"""Learning rates as a function of the share of the training done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.sections import OptimizerSection
from tellapart.train.schedule import FALLS, learning_rates

SCHEDULES = st.sampled_from(sorted(FALLS))
SHARES = st.floats(0.0, 0.99)


@given(SCHEDULES, SHARES, st.lists(st.floats(0.0, 1.0), min_size=1))
def test_rates_are_never_negative_and_never_above_the_peak(
    schedule: str, warmup: float, done: list[float]
) -> None:
    section = OptimizerSection.model_validate(
        {"learning_rate": 0.5, "schedule": schedule, "warmup": warmup}
    )
    rates = learning_rates(section, done)
    assert (rates >= 0).all()
    assert (rates <= 0.5).all()


@given(SCHEDULES, st.floats(0.01, 0.99))
def test_the_peak_is_reached_at_the_end_of_the_warm_up(schedule: str, warmup: float) -> None:
    section = OptimizerSection.model_validate(
        {"learning_rate": 0.5, "schedule": schedule, "warmup": warmup}
    )
    assert learning_rates(section, [warmup])[0] == pytest.approx(0.5)
    rising = learning_rates(section, np.linspace(0, warmup, 20))
    assert (np.diff(rising) > 0).all()


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
def test_both_cycles_fall_to_nothing(schedule: str) -> None:
    section = OptimizerSection.model_validate({"schedule": schedule, "warmup": 0.1})
    falling = learning_rates(section, np.linspace(0.1, 1.0, 20))
    assert (np.diff(falling) < 0).all()
    assert falling[-1] == pytest.approx(0.0, abs=1e-9)


def test_a_constant_rate_is_the_peak_from_the_first_step() -> None:
    rates = learning_rates(OptimizerSection(learning_rate=0.02), [0.0, 0.5, 1.0])
    np.testing.assert_allclose(rates, 0.02)
