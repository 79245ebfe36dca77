"""The network of recipe `fast`: where its first convolution begins."""

from typing import Literal

import keras
import numpy as np
import pytest

from tellapart.models.fast_cnn import FEW_FILTERS, build_slim_cnn
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core


def _first_kernel(channels: Literal[1, 3]) -> np.ndarray:
    network = build_slim_cnn(ImageSpec(channels=channels), 10)
    return np.asarray(keras.ops.convert_to_numpy(network.get_layer("conv1").kernel))


def test_on_grey_images_it_begins_with_patterns_that_have_nothing_in_common() -> None:
    flat = _first_kernel(1).reshape(9, FEW_FILTERS)
    np.testing.assert_allclose(flat.T @ flat, np.eye(FEW_FILTERS), atol=1e-6)


def test_the_first_pattern_is_the_mean_and_the_next_two_are_slopes() -> None:
    kernel = _first_kernel(1)[:, :, 0]
    np.testing.assert_allclose(kernel[..., 0], 1 / 3, atol=1e-6)
    across, down = kernel[..., 1], kernel[..., 2]
    np.testing.assert_allclose(across, down.T, atol=1e-6)
    np.testing.assert_allclose(across[0], across[2], atol=1e-6)
    assert across[0, 0] == pytest.approx(-across[0, 2], abs=1e-6)


def test_on_colours_it_begins_with_noise_as_usual() -> None:
    assert not np.allclose(_first_kernel(3)[:, :, 0], _first_kernel(3)[:, :, 1])
