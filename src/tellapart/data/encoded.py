"""Rows of encoded pictures of any size, whose decoded pixels are worth keeping."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.data.contents import Content, Contents, Stamp, decode_content
from tellapart.data.stores import Decoded, ImageStore, decode_each
from tellapart.errors import ImageError
from tellapart.files import sha256_hex
from tellapart.images.decode import Decoded as DecodedImage
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec


class EncodedImages(ImageStore, ABC):
    """Some pictures of a whole row of encoded ones, each decoded when it is wanted.

    Args:
        positions: `(k,)`: where they stand in the whole row.
    """

    def __init__(self, positions: NDArray[np.int64]) -> None:
        self._positions = positions

    @override
    def __len__(self) -> int:
        return len(self._positions)

    @property
    @override
    def shape(self) -> None:
        return None

    @property
    @override
    def keys_are_positions(self) -> bool:
        return False

    @property
    @abstractmethod
    def whole(self) -> "EncodedImages":
        """Return the row that these were taken from, or these."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Return what tells this row from others whose pictures have the same names."""

    @abstractmethod
    def stamp(self, index: int) -> Stamp | None:
        """Return what changes whenever a picture does, or `None` where nothing tells."""

    @property
    def positions(self) -> NDArray[np.int64]:
        """Return `(k,)`: where these stand in `whole`."""
        return self._positions

    @override
    def picture(self, index: int) -> Image.Image:
        spec = ImageSpec(height=112, width=112, channels=3, background=255)
        return Image.fromarray(self._decode_one(index, spec).pixels)

    @override
    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        return decode_each(len(self), lambda i: self._decode_one(i, spec), spec, progress)

    def _decode_one(self, index: int, spec: ImageSpec) -> DecodedImage:
        return decode_content(self.content(index), spec, self.name(index))


class BytesImages(EncodedImages):
    """Pictures as encoded bytes, or as arrays, one by one, in a table or in memory.

    A picture's key is the digest of its content, so copies of one picture have one key
    and are never split, wherever they stand.

    Args:
        contents: Each picture's bytes, or `(height, width)` or `(height, width, 1 or 3)`
            whole numbers 0–255; asked for again whenever one is wanted.
        title: What to call the row in messages.
        whole: The row that these were taken from; by default themselves.
        positions: `(k,)`: where they stand in it; by default in its order.
    """

    def __init__(
        self,
        contents: Contents,
        title: str,
        whole: "BytesImages | None" = None,
        positions: NDArray[np.int64] | None = None,
    ) -> None:
        super().__init__(np.arange(len(contents)) if positions is None else positions)
        self._contents, self._title, self._whole = contents, title, whole
        self._keys: dict[int, str] = {}

    @property
    @override
    def whole(self) -> "BytesImages":
        return self._whole or self

    @property
    @override
    def place(self) -> str:
        return self._contents.place

    @override
    def name(self, index: int) -> str:
        return f"{self._title}[{self._positions[index]}]"

    @override
    def key(self, index: int) -> str:
        keys, position = self.whole._keys, int(self._positions[index])
        if position not in keys:
            keys[position] = self._digest(index)
        return keys[position]

    @override
    def path(self, index: int) -> str:
        return self._contents.path(int(self._positions[index]))

    @override
    def take(self, indices: NDArray[np.int64]) -> "BytesImages":
        return BytesImages(self._contents, self._title, self.whole, self._positions[indices])

    @override
    def content(self, index: int) -> Content:
        try:
            return self._contents[int(self._positions[index])]
        except ImageError as error:
            raise ImageError(self.name(index), error.reason, error.detail) from error

    @override
    def stamp(self, index: int) -> Stamp | None:
        return self._contents.stamp(int(self._positions[index]))

    def _digest(self, index: int) -> str:
        try:
            content = self.content(index)
        except ImageError:
            return self.name(index)
        if isinstance(content, bytes):
            return sha256_hex(content)
        return sha256_hex(str(content.shape).encode(), np.ascontiguousarray(content))
