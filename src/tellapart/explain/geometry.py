"""Where a layer's cells lie on the picture, and maps of cells drawn out to pixels."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Axis:
    """Is where the cells of one direction lie: cell `i` has its middle at `start + step * i`.

    Attributes:
        start: In pixels of the picture; the middle of the first pixel is 0.
        step: In pixels of the picture.
    """

    start: float = 0.0
    step: float = 1.0

    def after_window(self, window: int, stride: int, before: int) -> "Axis":
        """Return the axis after a window of so many cells went over it.

        Args:
            window: Its size, with its holes.
            stride: How far it goes each time.
            before: How many cells of padding stand before the first one.
        """
        middle = (window - 1) / 2 - before
        return Axis(self.start + self.step * middle, self.step * stride)


@dataclass(frozen=True)
class Grid:
    """Is where a layer's cells lie on the picture."""

    rows: Axis = Axis()
    columns: Axis = Axis()


def grid_after(operation: Any, before: tuple[Shape, Grid] | None, shape: Shape) -> Grid | None:
    """Return where a layer's cells lie, or `None` where that does not follow from its kind.

    Args:
        operation: A Keras layer or operation.
        before: Shape (height, width, channels) and grid of what goes in, if it is spatial.
        shape: (height, width, channels) of what comes out.
    """
    if before is None:
        return None
    from keras import layers

    size, grid = before
    rows, columns = grid.rows, grid.columns
    if isinstance(operation, layers.ZeroPadding2D):
        (top, _), (left, _) = operation.padding
        return Grid(rows.after_window(1, 1, top), columns.after_window(1, 1, left))
    if isinstance(operation, layers.Cropping2D):
        (top, _), (left, _) = operation.cropping
        return Grid(rows.after_window(1, 1, -top), columns.after_window(1, 1, -left))
    if hasattr(operation, "strides") and shape[0] <= size[0]:
        return _after_windows(operation, size, grid)
    return grid if shape[:2] == size[:2] else None


def spread_evenly(size: Shape, cells: Shape) -> Grid:
    """Return the grid of cells that share a picture of (height, width) `size` evenly."""
    rows, columns = (
        Axis((side / count - 1) / 2, side / count) for side, count in zip(size, cells, strict=True)
    )
    return Grid(rows, columns)


def draw_out(maps: NDArray[np.float32], grid: Grid, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return maps of cells at the picture's size, linear between the middles of cells.

    Beyond the outermost middles the nearest cell's value holds for half a cell, its own extent,
    and fades to 0 over one more.

    Args:
        maps: `(n, rows, columns)`.
        grid: Where the cells lie.
        size: (height, width) of the picture.

    Example:
        >>> cells = np.array([[[0.0, 1.0]]], np.float32)
        >>> draw_out(cells, Grid(Axis(), Axis(1.0, 2.0)), (1, 5)).tolist()
        [[[0.0, 0.0, 0.5, 1.0, 1.0]]]
        >>> draw_out(cells, Grid(), (1, 4)).tolist()
        [[[0.0, 1.0, 0.5, 0.0]]]
    """
    down = _between(maps.shape[1], grid.rows, size[0])
    across = _between(maps.shape[2], grid.columns, size[1])
    return np.asarray(down @ maps @ across.T, np.float32)


def _after_windows(operation: Any, size: Shape, grid: Grid) -> Grid:
    """Return the grid after a convolution or pooling."""
    windows = getattr(operation, "kernel_size", None) or operation.pool_size
    holes = _pair(getattr(operation, "dilation_rate", 1))
    axes = []
    for place, axis in enumerate((grid.rows, grid.columns)):
        window = (windows[place] - 1) * holes[place] + 1
        stride = _pair(operation.strides)[place]
        missing = (math.ceil(size[place] / stride) - 1) * stride + window - size[place]
        padded = operation.padding == "same"
        axes.append(axis.after_window(window, stride, max(missing, 0) // 2 if padded else 0))
    return Grid(*axes)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _between(cells: int, axis: Axis, side: int) -> NDArray[np.float32]:
    """Return `(side, cells)`: how much each pixel gets from each cell."""
    exact = (np.arange(side) - axis.start) / axis.step
    places = np.clip(exact, 0, cells - 1)
    strength = np.clip(1.5 - np.abs(exact - places), 0, 1)
    left = np.minimum(places.astype(int), max(cells - 2, 0))
    share = places - left
    weights = np.zeros((side, cells), np.float32)
    weights[np.arange(side), left] = strength * (1 - share)
    if cells > 1:
        weights[np.arange(side), left + 1] += strength * share
    return weights
