"""The scores tell maps that mean something from maps that do not."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tellapart.explain.faithfulness import LEAST_GAIN, Faithfulness, rank_agreement, weigh_map
from tellapart.explain.maps import Mapper
from tellapart.explain.occlusion import log_odds, occlusion_map
from tellapart.images.arrays import Pixels
from tellapart.predict.runtimes import KerasRuntime

sys.path.insert(0, str(Path(__file__).parent))
import patch_pictures as planted

BOX = (slice(4, 12), slice(16, 24))


def sees_the_box(pictures: Pixels) -> NDArray[np.float32]:
    """Answer by how bright one box of the picture is, as a classifier of known reasons."""
    bright = pictures[:, BOX[0], BOX[1]].mean(axis=(1, 2, 3)) / 255
    share = np.clip(bright, 0.02, 0.98).astype(np.float32)
    return np.stack([1 - share, share], axis=1)


def picture() -> Pixels:
    pixels = np.random.default_rng(0).integers(0, 80, (28, 28, 1)).astype(np.uint8)
    pixels[BOX] = 250
    return pixels


def right_map() -> NDArray[np.float32]:
    heat = np.zeros((28, 28), np.float32)
    heat[BOX] = 1
    return heat


def test_a_right_map_means_something_and_its_contrary_does_not() -> None:
    right, wrong = (
        weigh_map(sees_the_box, picture(), 1, heat, cells=(5, 5))
        for heat in (right_map(), 1 - right_map())
    )
    assert right.is_meaningful
    assert right.p_value == 0.05
    assert right.gain > 0.3
    assert right.deletion_score > right.random_deletion_score
    assert not wrong.is_meaningful
    assert wrong.gain < 0
    assert right.verdict("box").startswith("The map means something.")
    assert wrong.verdict("box").startswith("Do not read anything into this map")


def test_a_map_that_is_the_same_all_over_means_nothing() -> None:
    flat = weigh_map(sees_the_box, picture(), 1, np.zeros((28, 28), np.float32), cells=(5, 5))
    assert not flat.is_meaningful


def test_random_maps_pass_as_seldom_as_the_level_says() -> None:
    from tellapart.explain.geometry import draw_out, spread_evenly

    noise = np.random.default_rng(5).random((60, 5, 5), dtype=np.float32)
    maps = draw_out(noise, spread_evenly((28, 28), (5, 5)), (28, 28))
    passed = [
        weigh_map(sees_the_box, picture(), 1, heat, cells=(5, 5), seed=n).p_value <= 0.05
        for n, heat in enumerate(maps)
    ]
    assert sum(passed) <= 8  # at 1 in 20, 9 or more of 60 come up in less than 1% of trials


def test_networks_with_random_weights_never_pass_though_their_maps_point_at_the_patch() -> None:
    """Adebayo et al. 2018, "Sanity checks for saliency maps", section 3."""
    pixels, classes, corners = planted.planted(12, seed=1)
    network = planted.build("nested")
    mapper, runtime = Mapper(network, (28, 28, 1)), KerasRuntime(network, "probabilities")
    maps = mapper.maps(pixels, classes)
    assert planted.hits(maps, corners) > 0.5  # which is why pointing alone proves nothing
    cells = mapper.anatomy.cells[:2]
    for one, target, heat in zip(pixels, classes, maps, strict=True):
        found = weigh_map(runtime.probabilities, one, int(target), heat, cells=cells)
        assert not found.is_meaningful
        assert found.gain < LEAST_GAIN


def test_a_trained_network_passes_and_agrees_with_occlusion() -> None:
    pixels, classes, _ = planted.planted(600, seed=0)
    network = planted.build("nested")
    planted.learn(network, pixels, classes, epochs=4)
    pixels, classes, corners = planted.planted(12, seed=1)
    mapper, runtime = Mapper(network, (28, 28, 1)), KerasRuntime(network, "probabilities")
    maps = mapper.maps(pixels, classes)
    found = [
        weigh_map(runtime.probabilities, one, int(target), heat, cells=mapper.anatomy.cells[:2])
        for one, target, heat in zip(pixels, classes, maps, strict=True)
    ]
    assert sum(scores.is_meaningful for scores in found) >= 10
    covered = np.stack(
        [
            np.maximum(occlusion_map(runtime.probabilities, one, int(target)), 0)
            for one, target in zip(pixels, classes, strict=True)
        ]
    )
    assert planted.hits(covered, corners) >= 0.9
    agreements = [rank_agreement(*pair) for pair in zip(maps, covered, strict=True)]
    assert np.mean([value for value in agreements if value is not None]) > 0.2


def test_occlusion_finds_the_box_of_a_classifier_that_is_no_network() -> None:
    heat = occlusion_map(sees_the_box, picture(), 1)
    assert heat.shape == (28, 28)
    assert right_map()[np.unravel_index(heat.argmax(), heat.shape)] == 1
    assert heat[BOX].mean() > 5 * np.abs(heat[16:]).mean()


def test_log_odds_of_a_sure_answer_still_move() -> None:
    rows = np.array([[1.0, 1e-5, 0.0], [1.0, 2e-5, 0.0]], np.float32)
    first, second = log_odds(rows, 0)
    assert first - second == pytest.approx(np.log(2), rel=1e-3)
    assert np.isfinite(log_odds(np.eye(3, dtype=np.float32), 1)).all()


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=16)))
@settings(max_examples=50, deadline=None)
def test_rank_agreement_is_scipys_and_none_where_that_is_undefined(
    heat: NDArray[np.float32],
) -> None:
    from scipy.stats import spearmanr

    other = np.arange(12, dtype=np.float32).reshape(3, 4)
    found = rank_agreement(heat, other)
    if np.ptp(heat) == 0:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(heat.ravel(), other.ravel())[0], abs=1e-9)


def test_the_verdict_tells_a_significant_trifle_from_evidence() -> None:
    scores = Faithfulness(
        deletion_score=0.02,
        insertion_score=0.12,
        random_deletion_score=0.01,
        random_insertion_score=0.11,
        gain=0.01,
        p_value=0.05,
        random_orders=19,
        agreement=-0.4,
    )
    assert not scores.is_meaningful
    assert "little more than random orders" in scores.verdict("cat")
    assert "does not agree" in scores.verdict("cat")
