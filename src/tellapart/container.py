"""The container of a bundle: a zip file of plain, stored members of known names."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import SafetensorError

from tellapart.errors import BundleError

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, SafetensorError, EOFError, OSError),
    *(ValueError, KeyError, TypeError, MemoryError, RuntimeError, NotImplementedError),
)
"""What the readers of the container and its members say of bytes they cannot use."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_members(members: Mapping[str, bytes]) -> bytes:
    """Return a container's bytes; the same members give the same bytes.

    Example:
        >>> pack_members({"a": b"1"}) == pack_members({"a": b"1"})
        True
    """
    container = io.BytesIO()
    with zipfile.ZipFile(container, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return container.getvalue()


def read_members(path: Path, required: Sequence[str], optional: Sequence[str]) -> dict[str, bytes]:
    """Return the members' bytes; they are stored, so no more than the file's size.

    Args:
        path: The container.
        required: The names that must be there.
        optional: Those that may be there as well.

    Raises:
        BundleError: There is no such file, or it holds anything else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()]
            known = len(set(names)) == len(names) and set(names) <= {*required, *optional}
            if not known or not set(required) <= set(names):
                listed = f"{', '.join(required[:-1])} and {required[-1]}"
                raise BundleError(
                    f"{path} is not a tellapart bundle: it must hold exactly {listed}, with or "
                    f"without {' and '.join(optional)}. Received: {', '.join(names) or 'nothing'}."
                )
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise BundleError(f"{path} is not a tellapart bundle: a member is compressed.")
            return {name: archive.read(name) for name in names}
    except FileNotFoundError as error:
        raise BundleError(f"There is no bundle {path}.") from error
    except IsADirectoryError as error:
        raise BundleError(
            f"{path} is a folder. Name the bundle in it: {path / 'model.tellapart'}"
        ) from error
    except DAMAGE as error:
        raise BundleError(
            f"{path} is not a tellapart bundle, or is cut short or damaged: {error}."
        ) from error
