"""Pictures in files, read when they are wanted."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.data.stores import Decoded, ImageStore, Stamp, decode_each
from tellapart.images.decode import Decoded as DecodedImage
from tellapart.images.decode import read_content, read_file
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec


class FileImages(ImageStore):
    """Pictures in files, read when they are wanted.

    Args:
        root: The folder that the paths start from.
        paths: The files, relative to it.
        whole: The row of files that these were taken from; by default themselves.
        positions: `(n,)`: where they stand in that row; by default in its order.
    """

    def __init__(
        self,
        root: Path,
        paths: tuple[Path, ...],
        whole: "FileImages | None" = None,
        positions: NDArray[np.int64] | None = None,
    ) -> None:
        self._root, self._paths = root, paths
        self._whole = whole
        self._positions = np.arange(len(paths)) if positions is None else positions

    @override
    def __len__(self) -> int:
        return len(self._paths)

    @property
    @override
    def shape(self) -> None:
        return None

    @property
    @override
    def keys_are_positions(self) -> bool:
        return False

    @property
    def whole(self) -> "FileImages":
        """Return the files that these were taken from, or these."""
        return self._whole or self

    @property
    def positions(self) -> NDArray[np.int64]:
        """Return `(n,)`: where these stand in `whole`."""
        return self._positions

    @override
    def name(self, index: int) -> str:
        return str(self._root / self._paths[index])

    @override
    def key(self, index: int) -> str:
        return self._paths[index].as_posix()

    @override
    def take(self, indices: NDArray[np.int64]) -> "FileImages":
        paths = tuple(self._paths[i] for i in indices)
        return FileImages(self._root, paths, self.whole, self._positions[indices])

    @override
    def content(self, index: int) -> bytes:
        return read_content(self._root / self._paths[index])

    @override
    def picture(self, index: int) -> Image.Image:
        spec = ImageSpec(height=112, width=112, channels=3, background=255)
        return Image.fromarray(read_file(self._root / self._paths[index], spec).pixels)

    def stamp(self, index: int) -> Stamp | None:
        """Return what the file system says of one file; `None` where it says nothing."""
        try:
            found = (self._root / self._paths[index]).stat()
        except OSError:
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    @override
    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        def read(index: int) -> DecodedImage:
            return read_file(self._root / self._paths[index], spec)

        return decode_each(len(self), read, spec, progress)
