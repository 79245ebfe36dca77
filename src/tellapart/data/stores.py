"""Where pictures lie until they are wanted: in arrays or in files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.errors import DataError, ImageError
from tellapart.images import Pixels, read_file
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
    """

    pixels: Pixels
    kept: NDArray[np.int64]
    failures: tuple[ImageError, ...]
    repairs: dict[str, int]


class ImageStore(Protocol):
    """Is a row of pictures."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the one shape of all pictures, or `None` where they may differ."""

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
        if self.shape != spec.shape:
            height, width, channels = self.shape
            raise DataError(
                f"{self._title} must hold images of {spec}, as the recipe says. Received: "
                f"{height}×{width}×{channels}. Fix: --set image.height={height} "
                f"--set image.width={width} --set image.channels={channels}"
            )
        pixels = self._pixels if self._positions is None else self._pixels[self._positions]
        return Decoded(pixels, np.arange(len(pixels)), (), {})

    def _position(self, index: int) -> int:
        return index if self._positions is None else int(self._positions[index])


class FileImages(ImageStore):
    """Pictures in files, read when they are wanted.

    Args:
        root: The folder that the paths start from.
        paths: The files, relative to it.
    """

    def __init__(self, root: Path, paths: tuple[Path, ...]) -> None:
        self._root, self._paths = root, paths

    @override
    def __len__(self) -> int:
        return len(self._paths)

    @property
    @override
    def shape(self) -> None:
        return None

    @override
    def name(self, index: int) -> str:
        return str(self._root / self._paths[index])

    @override
    def key(self, index: int) -> str:
        return self._paths[index].as_posix()

    @override
    def take(self, indices: NDArray[np.int64]) -> "FileImages":
        return FileImages(self._root, tuple(self._paths[i] for i in indices))

    @override
    def content(self, index: int) -> bytes:
        path = self._root / self._paths[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise ImageError(str(path), "unreadable", error.strerror or str(error)) from error

    @override
    def picture(self, index: int) -> Image.Image:
        spec = ImageSpec(height=112, width=112, channels=3, background=255)
        return Image.fromarray(read_file(self._root / self._paths[index], spec).pixels)

    @override
    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        pixels = np.empty((len(self._paths), *spec.shape), np.uint8)
        kept: list[int] = []
        failures: list[ImageError] = []
        repairs: dict[str, int] = {}
        with progress.task("reading pictures", len(self._paths), "images") as task:
            for index, path in enumerate(self._paths):
                try:
                    decoded = read_file(self._root / path, spec)
                except ImageError as error:
                    failures.append(error)
                else:
                    pixels[len(kept)] = decoded.pixels
                    kept.append(index)
                    for repair in decoded.repairs:
                        repairs[repair] = repairs.get(repair, 0) + 1
                task.advance()
        return Decoded(pixels[: len(kept)], np.array(kept, np.int64), tuple(failures), repairs)
