"""Pictures in files, read when they are wanted."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.data.contents import Stamp, stamp_of
from tellapart.data.encoded import EncodedImages
from tellapart.images.decode import read_content


class FileImages(EncodedImages):
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
        super().__init__(np.arange(len(paths)) if positions is None else positions)
        self._root, self._paths, self._whole = root, paths, whole

    @property
    @override
    def whole(self) -> "FileImages":
        return self._whole or self

    @property
    @override
    def place(self) -> str:
        return str(Path.cwd())

    @override
    def name(self, index: int) -> str:
        return str(self._root / self._paths[index])

    @override
    def key(self, index: int) -> str:
        return self._paths[index].as_posix()

    @override
    def path(self, index: int) -> str:
        return self.key(index)

    @override
    def take(self, indices: NDArray[np.int64]) -> "FileImages":
        paths = tuple(self._paths[i] for i in indices)
        return FileImages(self._root, paths, self.whole, self._positions[indices])

    @override
    def content(self, index: int) -> bytes:
        return read_content(self._root / self._paths[index])

    @override
    def stamp(self, index: int) -> Stamp | None:
        return stamp_of(self._root / self._paths[index])


def real_path(folder: Path) -> str:
    """Return a folder's path without links, or as it is where no folder can have this name."""
    try:
        return os.path.realpath(folder)
    except ValueError:
        return str(folder)
