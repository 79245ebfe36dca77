"""The table of samples: pictures, their targets, and the class names, ordered once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tellapart.data.stores import Decoded, ImageStore
from tellapart.errors import DataError, ImageError, UsageError
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec

if TYPE_CHECKING:
    from PIL.Image import Image

    from tellapart.figures import Picture

Indices = NDArray[np.int64]

MOST_SHOWN = 100


@dataclass(frozen=True, eq=False)
class Samples:
    """Some pictures with their classes: a whole data set's, or one split's.

    Attributes:
        images: Where the pictures are: arrays or files.
        targets: `(n,)`, int64: each sample's position in `class_names`.
        class_names: All classes of the data set, also those that no sample here has.
        split: "train", "validation" or "test".
        groups: The group (a patient, a video) of each sample, empty for one on its own;
            `None` where nobody named any.
    """

    images: ImageStore
    targets: Indices
    class_names: tuple[str, ...]
    split: str
    groups: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Raise `DataError` if a target has no picture, class name or group."""
        if len(self.images) != len(self.targets):
            raise DataError(
                f"Each picture must have one label. Received: {len(self.images):,} pictures and "
                f"{len(self.targets):,} labels in the {self.split} split."
            )
        if self.groups is not None and len(self.groups) != len(self.targets):
            raise DataError(
                f"Each picture must have one group, or none a group. Received: "
                f"{len(self.targets):,} pictures and {len(self.groups):,} groups in the "
                f"{self.split} split."
            )
        wrong = np.flatnonzero((self.targets < 0) | (self.targets >= len(self.class_names)))
        if wrong.size:
            raise DataError(
                f"Each label must be from 0 to {len(self.class_names) - 1}, for the "
                f"{len(self.class_names)} classes. Received: {self.targets[wrong[0]]} at "
                f"{self.images.name(int(wrong[0]))} ({wrong.size:,} such labels)."
            )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def labels(self) -> list[str]:
        """Return each sample's class name."""
        return [self.class_names[target] for target in self.targets]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return how many samples each class has here."""
        counts = np.bincount(self.targets, minlength=len(self.class_names))
        return dict(zip(self.class_names, map(int, counts), strict=True))

    def take(self, indices: Indices, split: str | None = None) -> "Samples":
        """Return the samples at `indices`, in that order."""
        groups = None if self.groups is None else tuple(self.groups[i] for i in indices)
        return Samples(
            self.images.take(indices),
            self.targets[indices],
            self.class_names,
            split or self.split,
            groups,
        )

    @property
    def keys(self) -> list[str]:
        """Return what tells each picture from the others, wherever the data lie."""
        return [self.images.key(index) for index in range(len(self))]

    @property
    def paths(self) -> list[str]:
        """Return where each picture is from, as far as that is known; patterns look at it."""
        return [self.images.path(index) for index in range(len(self))]

    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        """Return all pictures as one uint8 array, and those that cannot be read."""
        return self.images.decode(spec, progress)

    def show(self, count: int = 15, *, seed: int | None = None) -> "Picture":
        """Return a figure of `count` pictures with their class names, five in a row.

        Args:
            count: How many, 1 to 100; all where there are fewer.
            seed: Draw them at random, repeatably. By default the first ones or, where these
                are all of one class, some at even distances.

        Raises:
            UsageError: `count` is not from 1 to 100.
            DataError: There are no samples.
        """
        from tellapart.data.grid import draw_grid

        if not 1 <= count <= MOST_SHOWN:
            raise UsageError(f"`count` must be from 1 to {MOST_SHOWN}. Received: {count}.")
        if not len(self):
            raise DataError(f"There are no {self.split} pictures to show.")
        count = min(count, len(self))
        chosen = np.arange(count)
        if seed is not None:
            chosen = np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False))
        elif len(set(self.targets[:count].tolist())) == 1:
            chosen = np.linspace(0, len(self) - 1, count).astype(np.int64)
        return draw_grid(*zip(*map(self._titled, map(int, chosen)), strict=True))

    def _titled(self, index: int) -> "tuple[Image, str]":
        """Return a picture with its class name; a grey square for one that cannot be read."""
        from PIL import Image as pil

        name = self.class_names[self.targets[index]]
        try:
            return self.images.picture(index), name
        except ImageError:
            return pil.new("L", (28, 28), 128), f"{name} (unreadable)"


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that puts `2` before `10`.

    Example:
        >>> sorted(["class 10", "class 2"], key=natural_key)
        ['class 2', 'class 10']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(p), p) if p.isdecimal() else (1, 0, p) for p in parts)


def order_class_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct labels in natural order: the numbering of the classes."""
    return tuple(sorted(set(labels), key=natural_key))
