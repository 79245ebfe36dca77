"""Augmentation inside a training step, on every backend: what was drawn, done to the pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

from tellapart.sections import AugmentSection, ImageSpec
from tellapart.train.engines.loss import Targets

Take = Callable[[Any], Any]


@dataclass(frozen=True)
class Augmenter:
    """Changes a batch as drawn, and leaves out what its recipe never asks for.

    Args:
        section: What is wanted.
        image: The size of the pictures, and the grey level that fills gaps.
    """

    section: AugmentSection
    image: ImageSpec

    @property
    def mixes(self) -> bool:
        """Return whether samples are mixed with partners."""
        return self.section.mixup > 0

    def __call__(self, pixels: Any, partners: Any, numbers: Any) -> Any:
        """Return the changed pixels.

        Args:
            pixels: `(n, height, width, channels)`, float32, 0–255.
            partners: The same of the samples to mix with; not used without mixing.
            numbers: `(n, COLUMNS)`, as drawn.
        """
        if self.mixes:
            share = ops.reshape(numbers[:, 6], (-1, 1, 1, 1))
            pixels = share * pixels + (1.0 - share) * partners
        if self.section.moves:
            pixels = self._moved(pixels, numbers)
        return self._with_hole(pixels, numbers) if self.section.erase else pixels

    def _moved(self, pixels: Any, numbers: Any) -> Any:
        """Resample each picture along both axes, bilinearly, as two matrix products."""
        height, width, channels = self.image.shape
        ground = float(self.image.background)
        rows = _weights(numbers[:, 0], numbers[:, 1], height)
        columns = _weights(numbers[:, 2], numbers[:, 3], width)
        centred = pixels - ground if ground else pixels
        flat = ops.reshape(centred, (-1, height, width * channels))
        moved = ops.reshape(ops.matmul(rows, flat), (-1, height, width, channels))
        if channels == 1:
            moved = ops.matmul(moved[..., 0], ops.transpose(columns, (0, 2, 1)))[..., None]
        else:
            moved = ops.matmul(columns[:, None], moved)
        return moved + ground if ground else moved

    def _with_hole(self, pixels: Any, numbers: Any) -> Any:
        height, width, _ = self.image.shape
        rows = _inside(numbers[:, 4], height, self.section.erase)
        columns = _inside(numbers[:, 5], width, self.section.erase)
        hole = (rows[:, :, None] * columns[:, None, :])[..., None]
        return pixels * (1.0 - hole) + float(self.image.background) * hole


def _weights(offset: Any, step: Any, side: int) -> Any:
    """Return `(n, side, side)`: how much of each input line goes to each output line."""
    lines = ops.arange(side, dtype="float32")
    source = offset[:, None] + step[:, None] * lines
    return ops.relu(1.0 - ops.abs(source[:, :, None] - lines))


def _inside(middle: Any, side: int, share: float) -> Any:
    """Return `(n, side)`: 1 on the lines of a hole, 0 elsewhere.

    A hole's middle lies between two lines, so it is an even number of lines wide.
    """
    lines = ops.arange(side, dtype="float32")
    distance = ops.abs(lines + 0.5 - middle[:, None])
    return ops.cast(distance <= round(share * side) / 2.0, "float32")


def take_batch(
    batch: Any, take_pixels: Take, take_targets: Take, augmenter: Augmenter | None
) -> tuple[Any, Targets]:
    """Return the pixels and targets of one step.

    Args:
        batch: What the step is given, in the order of `Block.columns`.
        take_pixels: From sample numbers to `(n, height, width, channels)`, float32, 0–255.
        take_targets: From sample numbers to class numbers.
        augmenter: Changes the pixels; `None` leaves them.
    """
    chosen, weights, _, numbers, partners = batch
    pixels, classes = take_pixels(chosen), take_targets(chosen)
    if augmenter is None:
        return pixels, Targets(classes, weights)
    if not augmenter.mixes:
        return augmenter(pixels, None, numbers), Targets(classes, weights)
    changed = augmenter(pixels, take_pixels(partners), numbers)
    return changed, Targets(classes, weights, take_targets(partners), numbers[:, 7])
