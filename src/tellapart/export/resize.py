"""The pixel contract's resizing in ONNX's operators: pictures of any size in, fitted pixels out.

Resampling is linear in each direction, so it is a product with a matrix on either side, whose
entries follow from the sizes. They are made in the graph, in 64-bit numbers, and rounded to
22 binary places as Pillow rounds its own, so that the result is Pillow's, bit for bit.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from tellapart.export.graph import Nodes
from tellapart.sections import ImageSpec

_PLACES = float(1 << 22)
_FLOAT, _INT64, _DOUBLE = 1, 7, 11


class _Sums:
    """Writes arithmetic as nodes: each method takes names of 64-bit values and returns one."""

    def __init__(self, graph: Nodes) -> None:
        self.graph = graph

    def number(self, value: float) -> str:
        return self.graph.constant("number", np.array(value, np.float64))

    def do(self, kind: str, *names: str) -> str:
        return self.graph.node(kind, names, kind.lower())

    def add(self, one: str, other: str) -> str:
        return self.do("Add", one, other)

    def less(self, one: str, other: str) -> str:
        return self.do("Sub", one, other)

    def times(self, one: str, other: str) -> str:
        return self.do("Mul", one, other)

    def by(self, one: str, other: str) -> str:
        return self.do("Div", one, other)

    def cast(self, name: str, kind: int) -> str:
        return self.graph.node("Cast", [name], "cast", {"to": kind})

    def where(self, condition: str, one: str, other: str) -> str:
        return self.do("Where", condition, one, other)


def _triangle(sums: _Sums, distance: str) -> str:
    return sums.do("Max", sums.number(0.0), sums.less(sums.number(1.0), distance))


def _cubic(sums: _Sums, distance: str) -> str:
    """Write R. G. Keys' cubic convolution with a = -0.5 (IEEE ASSP 29, 1981, equation 15)."""
    square = sums.times(distance, distance)
    cube = sums.times(square, distance)
    near = sums.add(
        sums.less(sums.times(sums.number(1.5), cube), sums.times(sums.number(2.5), square)),
        sums.number(1.0),
    )
    bulge = sums.less(sums.times(sums.number(2.5), square), sums.times(sums.number(0.5), cube))
    far = sums.add(sums.less(bulge, sums.times(sums.number(4.0), distance)), sums.number(2.0))
    inside = sums.do("Less", distance, sums.number(1.0))
    reached = sums.do("Less", distance, sums.number(2.0))
    return sums.where(inside, near, sums.where(reached, far, sums.number(0.0)))


def _lanczos(sums: _Sums, distance: str) -> str:
    """Write sinc(x) sinc(x / 3) within 3."""
    safe = sums.do("Max", distance, sums.number(1e-12))
    turned = sums.times(safe, sums.number(np.pi))
    third = sums.by(turned, sums.number(3.0))
    value = sums.times(
        sums.by(sums.do("Sin", turned), turned), sums.by(sums.do("Sin", third), third)
    )
    reached = sums.do("Less", distance, sums.number(3.0))
    return sums.where(reached, value, sums.number(0.0))


_FILTERS: Mapping[str, Callable[[_Sums, str], str]] = MappingProxyType(
    {"bilinear": _triangle, "bicubic": _cubic, "lanczos": _lanczos}
)


def write_fitting(graph: Nodes, image: str, spec: ImageSpec) -> str:
    """Return pixels `(n, c, height, width)`, float32, of pictures made to fit.

    Args:
        graph: What the nodes are written into.
        image: The name of pictures `(n, any height, any width, channels)`, uint8, upright and
            in the spec's channels.
        spec: How they are made to fit.
    """
    sums = _Sums(graph)
    sides = graph.node("Shape", [image], "sides")
    height, width = (
        sums.cast(sums.do("Gather", sides, graph.constant("axis", np.array(axis))), _DOUBLE)
        for axis in (1, 2)
    )
    (left, right, shown_width), (top, bottom, shown_height) = _place(sums, width, height, spec)
    moved = graph.node("Transpose", [image], "planes", {"perm": [0, 3, 1, 2]})
    pixels = sums.cast(moved, _DOUBLE)
    # made as it is needed: ONNX Runtime 1.22 cannot compute a turned matrix of 64-bit numbers
    across = _matrix(sums, (width, left, right), shown_width, spec.interpolation, given_axis=0)
    pixels = _apply(sums, sums.do("MatMul", pixels, across))
    down = _matrix(sums, (height, top, bottom), shown_height, spec.interpolation, given_axis=1)
    pixels = _apply(sums, sums.do("MatMul", down, pixels))
    if spec.fit == "pad":
        pixels = _pad(sums, pixels, (shown_width, shown_height), spec)
    return graph.node("Cast", [pixels], "fitted", {"to": _FLOAT})


def _place(
    sums: _Sums, width: str, height: str, spec: ImageSpec
) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Return, across and down: where the shown part begins and ends, and its size."""
    full_width, full_height = sums.number(spec.width), sums.number(spec.height)
    if spec.fit == "crop":
        ratio = sums.number(spec.width / spec.height)
        across = sums.do("Min", width, sums.times(ratio, height))
        down = sums.do("Min", height, sums.by(width, ratio))
        return (
            (*_middle(sums, width, across), full_width),
            (*_middle(sums, height, down), full_height),
        )
    zero = sums.number(0.0)
    if spec.fit == "stretch":
        return (zero, width, full_width), (zero, height, full_height)
    shown = []
    for one, other, target, limit in (
        (width, height, full_height, full_width),
        (height, width, full_width, full_height),
    ):
        ideal = sums.do("Round", sums.times(sums.by(one, other), target))
        shown.append(sums.do("Min", limit, sums.do("Max", sums.number(1.0), ideal)))
    return (zero, width, shown[0]), (zero, height, shown[1])


def _middle(sums: _Sums, whole: str, part: str) -> tuple[str, str]:
    """Return where the middle part begins and ends, in the 32 bits that Pillow keeps of it."""
    first = sums.by(sums.less(whole, part), sums.number(2.0))
    last = sums.do("Min", whole, sums.add(first, part))
    return sums.cast(sums.cast(first, _FLOAT), _DOUBLE), sums.cast(sums.cast(last, _FLOAT), _DOUBLE)


def _matrix(
    sums: _Sums, given: tuple[str, str, str], shown: str, interpolation: str, *, given_axis: int
) -> str:
    """Return the matrix that resamples one direction.

    Args:
        sums: What writes.
        given: How many pixels there are, and where the shown part begins and ends.
        shown: How many become of it.
        interpolation: Of the spec.
        given_axis: 1 for a matrix `(shown, given)`, 0 for one `(given, shown)`.
    """
    graph = sums.graph
    count, first, last = given
    one = sums.number(1.0)
    length = sums.less(sums.cast(last, _FLOAT), sums.cast(first, _FLOAT))  # 32 bits, as Pillow
    scale = sums.by(sums.cast(length, _DOUBLE), shown)
    steps = sums.do("Range", sums.number(0.0), shown, one)
    axis = graph.constant("axes", np.array([given_axis], np.int64))
    other = graph.constant("axes", np.array([1 - given_axis], np.int64))
    places = sums.do("Unsqueeze", sums.do("Range", sums.number(0.0), count, one), other)
    if interpolation == "nearest":
        hits = sums.do("Floor", _walked(sums, steps, first, scale))
        return sums.cast(sums.do("Equal", places, sums.do("Unsqueeze", hits, axis)), _DOUBLE)
    steps = sums.times(sums.add(steps, sums.number(0.5)), scale)
    centres = sums.do("Unsqueeze", sums.add(first, steps), axis)
    distance = sums.do("Abs", sums.less(sums.add(places, sums.number(0.5)), centres))
    distance = sums.by(distance, sums.do("Max", scale, one))
    weights = _FILTERS[interpolation](sums, distance)
    weights = sums.by(weights, sums.do("ReduceSum", weights, axis))
    scaled = sums.times(weights, sums.number(_PLACES))
    half = sums.times(sums.do("Sign", scaled), sums.number(0.5))
    whole = sums.cast(sums.cast(sums.add(scaled, half), _INT64), _DOUBLE)
    return sums.by(whole, sums.number(_PLACES))


def _walked(sums: _Sums, steps: str, first: str, scale: str) -> str:
    """Return the middle of each shown pixel, one step added to another as Pillow adds them."""
    start = sums.add(first, sums.times(scale, sums.number(0.5)))
    way = sums.where(sums.do("Equal", steps, sums.number(0.0)), start, scale)
    return sums.do("CumSum", way, sums.graph.constant("axis", np.array(0, np.int64)))


def _apply(sums: _Sums, pixels: str) -> str:
    """Return pixels as the 8 bits that Pillow keeps between the two directions."""
    rounded = sums.do("Floor", sums.add(pixels, sums.number(0.5)))
    return sums.do("Clip", rounded, sums.number(0.0), sums.number(255.0))


def _pad(sums: _Sums, pixels: str, shown: tuple[str, str], spec: ImageSpec) -> str:
    """Return pixels in the middle of a plain ground."""
    graph = sums.graph
    axis = graph.constant("axes", np.array([0], np.int64))
    ends: dict[str, list[str]] = {"before": [], "behind": []}
    for side, size in zip((spec.height, spec.width), reversed(shown), strict=True):
        missing = sums.less(sums.number(side), size)
        before = sums.do("Round", sums.by(missing, sums.number(2.0)))
        for key, amount in (("before", before), ("behind", sums.less(missing, before))):
            ends[key].append(sums.do("Unsqueeze", sums.cast(amount, _INT64), axis))
    none = graph.constant("none", np.array([0, 0], np.int64))
    parts = [none, *ends["before"], none, *ends["behind"]]
    pads = graph.node("Concat", parts, "pads", {"axis": 0})
    return sums.do("Pad", pixels, pads, sums.number(spec.background))
