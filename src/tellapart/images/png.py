"""PNG whose pixels end early: Pillow leaves the rest of the picture black and says nothing."""

import struct
import zlib
from collections.abc import Iterator

from PIL import PngImagePlugin
from typing_extensions import override

_SIGNATURE_BYTES = 8
_DEPTH_AT, _COLOUR_AT = 24, 25
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

# The seven passes of interlacing: first column, first row, step across, step down.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


class PngFile(PngImagePlugin.PngImageFile):
    """A PNG that is whole, or refused."""

    @override
    def load_end(self) -> None:
        """Finish loading.

        Raises:
            OSError: The compressed data held fewer pixels than the header promises.
        """
        content: bytes = getattr(self.fp, "getvalue", bytes)()
        super().load_end()
        width, height = self.size
        # Only what was never written is black for sure; counting costs as much as decoding.
        last_row = self.im.crop((0, height - 1, width, height))
        if not self.info.get("interlace") and last_row.getbbox() is not None:
            return
        if len(content) <= _COLOUR_AT or self.is_animated:
            return
        bits = content[_DEPTH_AT] * _SAMPLES[content[_COLOUR_AT]]
        promised = _bytes_of(width, height, bits, is_interlaced="interlace" in self.info)
        held = _count_inflated(content, promised)
        if held < promised:
            raise OSError(f"image file is truncated ({held:,} of {promised:,} bytes of pixels)")


def _bytes_of(width: int, height: int, bits: int, *, is_interlaced: bool) -> int:
    """Return how many bytes the pixels have before compression (ISO 15948, 7.2 and 8.2)."""
    passes = _PASSES if is_interlaced else ((0, 0, 1, 1),)
    sizes = [
        (len(range(left, width, across)), len(range(top, height, down)))
        for left, top, across, down in passes
    ]
    # Each line begins with the number of its filter; a pass without columns has no lines.
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in sizes if columns)


def _count_inflated(content: bytes, enough: int) -> int:
    """Return how many bytes of pixels a PNG holds, without looking past `enough`."""
    inflate = zlib.decompressobj()
    count = 0
    try:
        for part in _pixel_chunks(content):
            while part and count < enough:
                count += len(inflate.decompress(part, min(enough - count, 1 << 20)))
                part = inflate.unconsumed_tail
    except zlib.error:
        pass
    return count


def _pixel_chunks(content: bytes) -> Iterator[bytes]:
    place = _SIGNATURE_BYTES
    while place + 8 <= len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        if name == b"IDAT":
            yield content[place + 8 : place + 8 + length]
        place += length + 12
