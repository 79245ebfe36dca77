"""An ONNX file that computes in 8 bits, kept only if it is as good on images with labels."""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import load_extra
from tellapart.errors import ExportError
from tellapart.export.contract import KEY
from tellapart.images.arrays import Pixels
from tellapart.predict.onnx_runtime import OnnxRuntime

MOST_LOSS = 0.001
"""The share of labelled images by which the accuracy may fall."""

MOST_IMAGES = 10_000
CALIBRATING = 256
"""So many training images say how large the numbers inside the network get."""

_BATCH = 64
_ROUNDS = 15
_KINDS = ("Conv", "Gemm")


class EightBits(BaseModel):
    """Is what computing in 8 bits costs and brings.

    Attributes:
        images: How many labelled images it was asked about.
        split: Which they are: "validation", or "test" where these are the same.
        accuracy: In 8 bits.
        accuracy_before: In 32 bits.
        speed_of_one: How many times as fast one picture is answered as in 32 bits, here; below
            1 it is slower.
        speed_of_batch: The same for 64 pictures at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int
    split: str
    accuracy: float
    accuracy_before: float
    speed_of_one: float
    speed_of_batch: float

    @override
    def __str__(self) -> str:
        """Return it in a sentence."""
        return (
            f"In 8 bits the accuracy is {self.accuracy:.2%} on {self.images:,} {self.split} "
            f"images, {self.accuracy_before:.2%} in 32 bits; here one picture is answered "
            f"{self.speed_of_one:.2f} times as fast, 64 at once {self.speed_of_batch:.2f} times."
        )

    @property
    def loss(self) -> float:
        """Return by how much the accuracy falls; below 0 it rises."""
        return self.accuracy_before - self.accuracy


def to_8_bits(content: bytes, images: Pixels, contract: str) -> bytes:
    """Return an ONNX file with 8-bit convolutions and hidden layers instead of 32-bit ones.

    Weights take 7 of the 8 bits: processors without special instructions for it add two
    products in 16 bits, which 8 would overflow. The last layer stays in 32 bits.

    Args:
        content: The file in 32 bits.
        images: `(n, height, width, channels)`, uint8: they show how large the numbers get.
        contract: What the new file tells whoever runs it.

    Raises:
        MissingExtraError: `onnx` or `onnxruntime` is not installed.
    """
    onnx = load_extra("onnx", "onnx")
    tools = load_extra("onnxruntime.quantization", "onnx")
    nodes = onnx.load_from_string(content).graph.node
    last = [node.name for node in nodes if node.op_type == "Gemm"][-1:]

    with tempfile.TemporaryDirectory() as folder, _quiet():
        before, after = Path(folder, "32.onnx"), Path(folder, "8.onnx")
        before.write_bytes(content)
        tools.quantize_static(
            str(before),
            str(after),
            _Reader(images),
            quant_format=tools.QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=list(_KINDS),
            nodes_to_exclude=last,
        )
        model = onnx.load(str(after))
        onnx.helper.set_model_props(model, {KEY: contract})
        return bytes(model.SerializeToString(deterministic=True))


class _Reader:
    """Hands images out a batch at a time, as the tool asks for them."""

    def __init__(self, images: Pixels) -> None:
        firsts = range(0, len(images), _BATCH)
        self._batches = iter([{"image": images[first : first + _BATCH]} for first in firsts])

    def get_next(self) -> dict[str, Pixels] | None:
        """Return the next batch, or nothing at the end."""
        return next(self._batches, None)


def judge_8_bits(
    before: bytes, after: bytes, pixels: Pixels, targets: NDArray[np.int64], split: str
) -> EightBits:
    """Return what 8 bits cost and bring.

    Args:
        before: The file in 32 bits.
        after: The file in 8 bits.
        pixels: `(n, height, width, channels)`, uint8, n at least 1.
        targets: `(n,)`: the true classes.
        split: What the images are.

    Raises:
        ExportError: The accuracy falls by more than 0.1 points.
    """
    old, new = OnnxRuntime(before), OnnxRuntime(after)
    shares = [
        float((runtime.probabilities(pixels).argmax(axis=1) == targets).mean())
        for runtime in (old, new)
    ]
    found = EightBits(
        images=len(pixels),
        split=split,
        accuracy=shares[1],
        accuracy_before=shares[0],
        speed_of_one=_speed(old, new, pixels[:1]),
        speed_of_batch=_speed(old, new, pixels[:_BATCH]),
    )
    if found.loss > MOST_LOSS + 1e-9:
        raise ExportError(
            f"In 8 bits the accuracy on {found.images:,} {split} images falls from "
            f"{shares[0]:.2%} to {shares[1]:.2%}, by more than {100 * MOST_LOSS:g} points, so the "
            f"file was removed. It answered one picture {found.speed_of_one:.2f} times as fast. "
            "Fix: leave out --int8"
        )
    return found


def _speed(old: OnnxRuntime, new: OnnxRuntime, pixels: Pixels) -> float:
    """Return how many times as fast the new one is: a ratio of medians, asked in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for runtime, taken in zip((old, new), seconds, strict=True):
            began = time.perf_counter()
            runtime.probabilities(pixels)
            taken.append(time.perf_counter() - began)
    return float(np.median(seconds[0]) / np.median(seconds[1]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the tool's advice, which is for people who call it themselves, to itself."""
    logger: Any = logging.getLogger()
    was = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was
