"""Where pictures lie until they are wanted: in arrays or in files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.data.loading import decode_all
from tellapart.data.rows import Rows, is_mapped
from tellapart.errors import DataError, ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded as DecodedImage
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec


@dataclass(frozen=True, eq=False)
class Decoded:
    """All pictures of a store at one size.

    Attributes:
        pixels: `(k, height, width, channels)`, uint8: those that could be read.
        kept: `(k,)`: their positions in the store.
        failures: One error for each that could not be read.
        repairs: How often each kind of repair was made.
        repaired: What was repaired in which picture, by its position in the store.
    """

    pixels: Pixels
    kept: NDArray[np.int64]
    failures: tuple[ImageError, ...]
    repairs: dict[str, int]
    repaired: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


class ImageStore(Protocol):
    """Is a row of pictures."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the one shape of all pictures, or `None` where they may differ."""

    @property
    def keys_are_positions(self) -> bool:
        """Return whether a picture's key is its place in the row, and so no lasting name."""

    def name(self, index: int) -> str:
        """Return what to call a picture in a message."""

    def key(self, index: int) -> str:
        """Return what tells a picture from the others, wherever the data lie."""

    def take(self, indices: NDArray[np.int64]) -> "ImageStore":
        """Return the pictures at `indices`, in that order."""

    def content(self, index: int) -> bytes | Pixels:
        """Return one picture as it lies there: a file's bytes, or an array's pixels.

        Raises:
            ImageError: The file is missing or may not be read.
        """

    def picture(self, index: int) -> Image.Image:
        """Return one picture as people look at it, at its own size."""

    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        """Return all pictures at the size of `spec`."""


MOST_COPIED = 1 << 30
"""Bytes: of larger arrays a part is read through a view instead of copied."""

Stamp = tuple[int, int, int, int]
"""Size, times of change of content and of record in ns, and number of a file."""


@runtime_checkable
class EncodedStore(ImageStore, Protocol):
    """Is a row of encoded pictures, whose pixels are worth keeping."""

    @property
    def whole(self) -> "EncodedStore":
        """Return the row that this one was taken from, or itself."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """Return `(n,)`: where its pictures stand in the whole row."""

    @override
    def content(self, index: int) -> bytes:
        """Return the bytes of one picture.

        Raises:
            ImageError: They cannot be had.
        """

    def stamp(self, index: int) -> Stamp | None:
        """Return what changes whenever a picture does, or `None` where nothing tells."""


class ArrayImages(ImageStore):
    """Pictures in an array, never copied before they are wanted.

    Args:
        pixels: `(n, height, width, channels)`, uint8.
        title: What to call the array in messages.
        positions: `(k,)`: which of them belong to this store; by default all.
    """

    def __init__(
        self, pixels: Pixels, title: str, positions: NDArray[np.int64] | None = None
    ) -> None:
        self._pixels, self._title, self._positions = pixels, title, positions

    @override
    def __len__(self) -> int:
        return len(self._pixels if self._positions is None else self._positions)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self._pixels.shape[1:]

    @property
    @override
    def keys_are_positions(self) -> bool:
        return True

    @override
    def name(self, index: int) -> str:
        return f"{self._title}[{self._position(index)}]"

    @override
    def key(self, index: int) -> str:
        return str(self._position(index))

    @override
    def take(self, indices: NDArray[np.int64]) -> "ArrayImages":
        positions = indices if self._positions is None else self._positions[indices]
        return ArrayImages(self._pixels, self._title, positions)

    @override
    def content(self, index: int) -> Pixels:
        pixels: Pixels = self._pixels[self._position(index)]
        return pixels

    @override
    def picture(self, index: int) -> Image.Image:
        pixels = self._pixels[self._position(index)]
        return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)

    @override
    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        self._check_shape(spec)
        pixels = self._pixels if self._positions is None else self._pixels[self._positions]
        return Decoded(pixels, np.arange(len(pixels)), (), {})

    def view(self, spec: ImageSpec) -> Pixels | Rows:
        """Return what `decode` does, without a copy of what may be larger than memory.

        Raises:
            DataError: The arrays have another size than `spec`.
        """
        if self._pixels.nbytes <= MOST_COPIED and not is_mapped(self._pixels):
            return self.decode(spec).pixels
        self._check_shape(spec)
        return Rows(self._pixels, self._positions)

    def _check_shape(self, spec: ImageSpec) -> None:
        if self.shape != spec.shape:
            height, width, channels = self.shape
            raise DataError(
                f"{self._title} must hold images of {spec}, as the recipe says. Received: "
                f"{height}×{width}×{channels}. Fix: --set image.height={height} "
                f"--set image.width={width} --set image.channels={channels}"
            )

    def _position(self, index: int) -> int:
        return index if self._positions is None else int(self._positions[index])


def decode_each(
    count: int, read: Callable[[int], DecodedImage], spec: ImageSpec, progress: Progress
) -> Decoded:
    """Return `count` pictures, each as `read` gives it, and those that it cannot give."""
    pixels = np.empty((count, *spec.shape), np.uint8)
    rows = iter(pixels)

    def put(found: Pixels) -> None:
        next(rows)[...] = found

    account = decode_all(count, read, put, progress)
    failures = tuple(account.failures.values())
    readable = pixels[: len(account.kept)]
    return Decoded(readable, account.kept, failures, account.repair_counts, account.repaired)
