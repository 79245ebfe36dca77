"""Muon for convolutions: Keras' own iteration, in less work."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from numpy.typing import NDArray

from tellapart.models.muon import ConvolutionMuon

pytestmark = pytest.mark.core

STEPS = 5

shapes = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 16), st.integers(1, 24)),
)


def _matrix(shape: tuple[int, ...], decades: float) -> NDArray[np.float32]:
    """Return a kernel whose singular values span so many decades."""
    generator = np.random.default_rng(sum(shape))
    flat = generator.normal(size=(int(np.prod(shape[:-1])), shape[-1]))
    left, values, right = np.linalg.svd(flat, full_matrices=False)
    values = 10.0 ** -np.linspace(0.0, decades, len(values))
    return np.float32(left * values @ right).reshape(shape)


@settings(max_examples=40, deadline=None)
@given(shape=shapes, decades=st.floats(0.0, 6.0))
def test_the_iteration_gives_what_keras_own_gives_on_the_kernel_as_a_matrix(
    shape: tuple[int, ...], decades: float
) -> None:
    kernel = _matrix(shape, decades)
    ours, theirs = ConvolutionMuon(0.01), keras.optimizers.Muon(0.01)
    found = ops.convert_to_numpy(ours.zeropower_via_newtonschulz5(ops.array(kernel), STEPS))
    flat = ops.array(kernel.reshape(-1, shape[-1]))
    expected = ops.convert_to_numpy(theirs.zeropower_via_newtonschulz5(flat, STEPS))
    gap = np.linalg.norm(found.reshape(expected.shape) - expected)
    assert found.shape == shape
    assert gap <= 1e-2 * np.linalg.norm(expected)  # values far below the largest are rounding


@pytest.mark.parametrize("shape", [(3, 3, 2, 8), (30, 8)])
def test_all_directions_of_an_update_get_about_the_same_length(shape: tuple[int, ...]) -> None:
    update = ConvolutionMuon(0.01).zeropower_via_newtonschulz5(
        ops.array(_matrix(shape, 1.0)), STEPS
    )
    flat = ops.convert_to_numpy(update).reshape(-1, shape[-1])
    lengths = np.linalg.svd(flat, compute_uv=False)
    assert 0.6 < lengths.min() <= lengths.max() < 1.3


def test_a_gradient_of_zeros_moves_nothing() -> None:
    update = ConvolutionMuon(0.01).zeropower_via_newtonschulz5(ops.zeros((3, 3, 2, 8)), STEPS)
    assert not ops.convert_to_numpy(update).any()
