"""Where pictures lie until they are wanted: in arrays or in files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.data.loading import decode_all
from tellapart.data.rows import Rows, is_mapped
from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded as DecodedImage
from tellapart.images.decode import decode_array
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


def name_bytes(name: str) -> bytes:
    """Return a name as bytes: those of a file's name, whatever text a table has for it."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no file system gives
        return name.encode("utf-8", "surrogatepass")


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

    def path(self, index: int) -> str:
        """Return what patterns look for a class or a group in: where a picture is from."""

    def take(self, indices: NDArray[np.int64]) -> "ImageStore":
        """Return the pictures at `indices`, in that order."""

    def content(self, index: int) -> bytes | Pixels:
        """Return one picture as it lies there: a file's bytes, or an array's pixels.

        Raises:
            ImageError: The file is missing or may not be read.
        """

    def picture(self, index: int) -> Image.Image:
        """Return one picture as people look at it.

        One of an array has its own size, an encoded one 112×112, made to fit on white.
        """

    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        """Return all pictures at the size of `spec`."""


MOST_COPIED = 1 << 30
"""Bytes: of larger arrays a part is read through a view instead of copied."""


class ArrayImages(ImageStore):
    """Pictures in an array, never copied before they are wanted.

    At another size than their own they are made to fit one by one, as prediction does it.

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
    def path(self, index: int) -> str:
        return self.key(index)

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
        if self.shape != spec.shape:
            return decode_each(len(self), lambda i: self._fitted(i, spec), spec, progress)
        pixels = self._pixels if self._positions is None else self._pixels[self._positions]
        return Decoded(pixels, np.arange(len(pixels)), (), {})

    def view(self) -> Pixels | Rows:
        """Return all pictures at their own size, uncopied where they may exceed the memory."""
        if self._pixels.nbytes > MOST_COPIED or is_mapped(self._pixels):
            return Rows(self._pixels, self._positions)
        return self._pixels if self._positions is None else self._pixels[self._positions]

    def _fitted(self, index: int, spec: ImageSpec) -> DecodedImage:
        return decode_array(self.content(index), spec, self.name(index))

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
