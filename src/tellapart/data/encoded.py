"""Pictures as encoded bytes that lie in a table, or in memory, and not in files."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.data.contents import Content
from tellapart.data.stores import Decoded, ImageStore, decode_each
from tellapart.errors import ImageError
from tellapart.files import sha256_hex
from tellapart.images.decode import Decoded as DecodedImage
from tellapart.images.decode import decode, decode_array
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec


class BytesImages(ImageStore):
    """Pictures of any size as encoded bytes, or as arrays, one by one.

    A picture's key is the digest of its content, so copies of one picture have one key
    and are never split, wherever they stand.

    Args:
        contents: Each picture's bytes, or `(height, width)` or `(height, width, 1 or 3)`
            whole numbers 0–255; asked for again whenever one is wanted.
        title: What to call the row in messages.
        positions: `(k,)`: which of them belong to this store; by default all.
    """

    def __init__(
        self,
        contents: Sequence[Content],
        title: str,
        positions: NDArray[np.int64] | None = None,
    ) -> None:
        self._contents, self._title = contents, title
        self._positions = np.arange(len(contents)) if positions is None else positions

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

    @override
    def name(self, index: int) -> str:
        return f"{self._title}[{self._positions[index]}]"

    @override
    def key(self, index: int) -> str:
        try:
            content = self.content(index)
        except ImageError:
            return self.name(index)
        if isinstance(content, bytes):
            return sha256_hex(content)
        return sha256_hex(str(content.shape).encode(), np.ascontiguousarray(content))

    @override
    def take(self, indices: NDArray[np.int64]) -> "BytesImages":
        return BytesImages(self._contents, self._title, self._positions[indices])

    @override
    def content(self, index: int) -> Content:
        try:
            return self._contents[int(self._positions[index])]
        except ImageError as error:
            raise ImageError(self.name(index), error.reason, error.detail) from error

    @override
    def picture(self, index: int) -> Image.Image:
        spec = ImageSpec(height=112, width=112, channels=3, background=255)
        return Image.fromarray(self._read(index, spec).pixels)

    @override
    def decode(self, spec: ImageSpec, progress: Progress = SILENCE) -> Decoded:
        return decode_each(len(self), lambda index: self._read(index, spec), spec, progress)

    def _read(self, index: int, spec: ImageSpec) -> DecodedImage:
        content, name = self.content(index), self.name(index)
        if isinstance(content, bytes):
            return decode(content, spec, name)
        return decode_array(content, spec, name)
