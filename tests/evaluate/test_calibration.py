"""Reliability: bins by hand, the error near its truth, and what a temperature does to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax

from tellapart.evaluate.calibration import (
    BINS,
    calibration,
    expected_calibration_error,
    reliability,
    reliability_bins,
)
from tellapart.evaluate.temperature import fit_temperature


def over_confident(
    count: int, factor: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(count, 10))
    targets = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return factor * logits, targets


def test_a_temperature_from_validation_halves_the_error_of_an_over_confident_network() -> None:
    logits, targets = over_confident(8000, 2.5, 0)
    temperature = fit_temperature(logits[:4000], targets[:4000])
    rows = softmax(logits[4000:], axis=1)
    found = calibration(rows, targets[4000:], temperature=temperature)
    assert found.temperature == pytest.approx(2.5, rel=0.1)
    assert found.after is not None
    assert found.after.error.value < found.before.error.value / 2
    assert found.before.error.low > found.after.error.high
    answers = [
        sum(round(b.accuracy.value * b.samples) for b in r.bins)
        for r in (found.before, found.after)
    ]
    assert answers[0] == answers[1]


def test_bins_hold_equally_many_samples_from_the_least_sure_to_the_surest() -> None:
    rows, targets = softmax(over_confident(1500, 1, 1)[0], axis=1), over_confident(1500, 1, 1)[1]
    bins = reliability(rows, targets).bins
    assert [one.samples for one in bins] == [100] * BINS
    confidences = [one.confidence for one in bins]
    assert confidences == sorted(confidences)
    assert sum(b.accuracy.value * b.samples for b in bins) == pytest.approx(
        (rows.argmax(axis=1) == targets).sum()
    )


def test_the_error_is_the_gap_between_sureness_and_accuracy() -> None:
    right = np.arange(100) < 60
    assert expected_calibration_error(np.full(100, 0.9), right) == pytest.approx(0.3)


def test_the_error_of_a_network_that_is_as_sure_as_right_goes_down_to_0() -> None:
    logits, targets = over_confident(3000, 1.0, 2)
    assert reliability(softmax(logits, axis=1), targets).error.low < 0.005


def test_without_a_temperature_there_is_no_after() -> None:
    found = calibration(np.full((5, 2), 0.5), np.zeros(5, np.int64))
    assert (found.temperature, found.after) == (None, None)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.3, 0.5, 0.9, 1.0]) | st.floats(0.1, 1), min_size=1, max_size=60))
def test_every_sample_is_in_a_bin_and_equal_ones_share_it(values: list[float]) -> None:
    confidences = np.array(values)
    places = reliability_bins(confidences)
    assert set(places.tolist()) == set(range(places.max() + 1))
    assert places.max() < BINS
    for value in set(values):
        assert len(set(places[confidences == value].tolist())) == 1
