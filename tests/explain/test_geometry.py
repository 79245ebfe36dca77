"""Where cells lie is what the layers really look at."""

import keras
import numpy as np
import pytest

from tellapart.explain.geometry import Axis, Grid, draw_out
from tellapart.explain.maps import Mapper

pytestmark = pytest.mark.core

STACKS = {
    "valid": [("conv", 3, 1, "valid"), ("pool", 2, 2, "valid"), ("conv", 3, 1, "valid")],
    "same and strides": [("conv", 3, 2, "same"), ("conv", 5, 2, "same")],
    "large valid strides": [("conv", 5, 3, "valid"), ("conv", 3, 1, "valid")],
    "mean pools": [("mean", 2, 2, "same"), ("conv", 3, 1, "same"), ("mean", 3, 3, "valid")],
}


def _network(stack: str, side: int) -> keras.Model:
    """Return a network of ones, whose cells add up what they look at."""
    layers = keras.layers
    kinds = {"pool": layers.MaxPooling2D, "mean": layers.AveragePooling2D}
    body = [
        layers.Conv2D(1, size, strides=stride, padding=padding, kernel_initializer="ones")
        if kind == "conv"
        else kinds[kind](size, strides=stride, padding=padding)
        for kind, size, stride, padding in STACKS[stack]
    ]
    tail = [layers.Activation("linear"), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    return keras.Sequential([keras.Input((side, side, 1)), *body, *tail])


@pytest.mark.parametrize("side", [28, 31])
@pytest.mark.parametrize("stack", sorted(STACKS))
def test_a_cell_lies_in_the_middle_of_the_pixels_that_it_looks_at(stack: str, side: int) -> None:
    network = _network(stack, side)
    anatomy = Mapper(network, (side, side, 1)).anatomy
    body = keras.Sequential([keras.Input((side, side, 1)), *network.layers[:-3]])
    dots = np.eye(side, dtype=np.float32)[:, :, None, None] * np.ones((1, 1, side, 1), np.float32)
    seen = body.predict(dots, verbose=0)[:, :, anatomy.cells[1] // 2, 0]  # row of pixels, of cells
    cell = anatomy.cells[0] // 2
    rows = np.nonzero(seen[:, cell])[0]
    middle = anatomy.grid.rows.start + anatomy.grid.rows.step * cell
    assert middle == (rows.min() + rows.max()) / 2


def test_a_layer_of_an_unknown_kind_is_spread_evenly() -> None:
    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Resizing(7, 14), layers.Flatten(), layers.Dense(2)]
    )
    grid = Mapper(network, (28, 28, 1)).anatomy.grid
    assert grid == Grid(Axis(1.5, 4.0), Axis(0.5, 2.0))


def test_a_map_is_hottest_where_its_hottest_cell_is() -> None:
    cells = np.zeros((1, 5, 5), np.float32)
    cells[0, 3, 1] = 1
    drawn = draw_out(cells, Grid(Axis(4.5, 4.0), Axis(4.5, 4.0)), (28, 28))[0]
    assert set(zip(*np.nonzero(drawn == drawn.max()), strict=True)) <= {
        (row, column) for row in (16, 17) for column in (8, 9)
    }
    assert drawn[0].max() == drawn[:, 27].max() == 0
