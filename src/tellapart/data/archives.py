"""Pictures in archives, read member by member and never extracted."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from typing_extensions import override

from tellapart.data.streams import Found, Source, Unread, has_picture_suffix, missing, plain_name
from tellapart.data.walk import is_hidden_name
from tellapart.errors import DataError, ImageError
from tellapart.images.decode import read_some
from tellapart.images.limits import LIMITS, Limits

_ENCRYPTED = 0x1
_DAMAGE = (
    *(OSError, EOFError, ValueError, RuntimeError),
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
)
"""What reading a damaged archive raises; a compression that Python lacks is a RuntimeError."""

_HEADER_BYTES = 1 << 20
"""The most that a tar may say about one member, or about all of them: names, sizes, owners."""


def open_archive(path: Path, limits: Limits = LIMITS) -> Source:
    """Return the pictures in an archive: those members that end as pictures do.

    Args:
        path: A file with an ending of `layout.ARCHIVE_SUFFIXES`.
        limits: What one picture may cost; a larger member is not read.

    Raises:
        DataError: This Python cannot read such archives.
    """
    if path.suffix.lower() == ".zip":
        return ZipSource(path, limits)
    if path.name.lower().endswith("zst") and "zst" not in tarfile.TarFile.OPEN_METH:
        raise DataError(
            f"{path} needs Python 3.14 or newer, which reads Zstandard. Fix: zstd -d {path}, and "
            "give the .tar"
        )
    return TarSource(path, limits)


@dataclass(frozen=True, eq=False)
class _ZipMember(Unread):
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    name: str
    limits: Limits

    @override
    def read(self) -> bytes:
        if self.info.flag_bits & _ENCRYPTED:
            raise ImageError(self.name, "encrypted", "the archive keeps it under a password.")
        _check_bytes(self.info.file_size, self.name, self.limits)
        try:
            with self.archive.open(self.info) as file:
                return read_some(file, self.limits)
        except _DAMAGE as error:
            raise _damaged(self.name, error) from error


class _Archive(Source):
    """One file with pictures in it.

    Args:
        path: The archive.
        limits: What one picture may cost.
    """

    def __init__(self, path: Path, limits: Limits = LIMITS) -> None:
        self._path, self._limits = path, limits

    @property
    @override
    def files(self) -> Sequence[Path]:
        return (self._path,)


class ZipSource(_Archive):
    """The pictures in a zip archive, in the order of its directory; several threads read it."""

    _total: int | None = None

    @property
    @override
    def total(self) -> int:
        if self._total is None:
            try:
                with zipfile.ZipFile(self._path) as archive:
                    self._total = sum(1 for info in archive.infolist() if _is_picture(info))
            except _DAMAGE:
                self._total = 1  # the row that says so
        return self._total

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        self.left_alone = 0
        try:
            archive = zipfile.ZipFile(self._path)
        except _DAMAGE as error:
            yield missing(str(self._path), "damaged", _words(error))
            return
        place = 0
        for info in archive.infolist():  # members that are still to be read keep it open
            if not _is_picture(info):
                self.left_alone += not _is_folder(info)
                continue
            name = plain_name(f"{self._path}/{info.filename}")
            read = _ZipMember(archive, info, name, self._limits) if place >= start else None
            yield Found(name, read)
            place += 1


class _Headers:
    """The file of a tar while headers are read from it: it gives so many bytes, and no more."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, _HEADER_BYTES
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> Any:
        if not 0 <= size <= self._left:
            raise tarfile.TarError(f"a header has more than {_HEADER_BYTES:,} bytes, or below 0")
        self._left -= size
        return self._file.read(size)


class _Tar(tarfile.TarFile):
    """A tar that is read forwards, with bounded headers, and keeps no member."""

    @override
    def next(self) -> tarfile.TarInfo | None:
        if self.firstmember is not None:  # type: ignore[attr-defined] # `open` read it
            return super().next()
        file, before = self.fileobj, self.offset
        self.fileobj = _Headers(file)  # type: ignore[assignment] # no more of a file is used
        try:
            member = super().next()
        finally:
            self.fileobj = file
        self.members: list[tarfile.TarInfo] = []  # it would keep them all
        if member is not None and (member.size < 0 or self.offset <= before):
            raise tarfile.TarError(f"a member has {member.size:,} bytes")
        if sum(len(key) + len(value) for key, value in self.pax_headers.items()) > _HEADER_BYTES:
            raise tarfile.TarError(f"its headers have more than {_HEADER_BYTES:,} bytes")
        return member


class TarSource(_Archive):
    """The pictures in a tar archive, compressed or not, read from its beginning to its end."""

    @property
    @override
    def total(self) -> None:
        return None

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        self.left_alone = 0
        place = 0
        try:
            with _Tar.open(self._path, "r:*") as archive:
                while (member := archive.next()) is not None:
                    if member.isdir():
                        continue
                    if not (member.isreg() and is_picture_name(member.name)):
                        self.left_alone += 1
                        continue
                    name = plain_name(f"{self._path}/{member.name}")
                    yield Found(name, self._read(archive, member, name) if place >= start else None)
                    place += 1
        except _DAMAGE as error:
            detail = f"after {place:,} pictures it cannot be read on ({_words(error)})."
            yield missing(str(self._path), "damaged", detail)

    def _read(
        self, archive: tarfile.TarFile, member: tarfile.TarInfo, name: str
    ) -> bytes | ImageError:
        try:
            _check_bytes(member.size, name, self._limits)
            file = archive.extractfile(member)
            assert file is not None
            with file:
                return read_some(file, self._limits)
        except ImageError as error:
            return error
        except _DAMAGE as error:
            return _damaged(name, error)


def is_picture_name(name: str) -> bool:
    """Return whether a member is a picture by its name, and neither hidden nor the system's.

    Example:
        >>> [is_picture_name(name) for name in ("a/1.jpg", "../1.jpg", "__MACOSX/._1.jpg")]
        [True, True, False]
    """
    parts = (part for part in PurePosixPath(name).parts if part != "..")
    return has_picture_suffix(name) and not any(map(is_hidden_name, parts))


def _is_picture(info: zipfile.ZipInfo) -> bool:
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    return not (_is_folder(info) or is_link) and is_picture_name(info.filename)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith("/")  # `is_dir` fails where the name is empty


def _check_bytes(size_bytes: int, name: str, limits: Limits) -> None:
    if size_bytes > limits.size_bytes:
        raise ImageError(name, "too-large", f"it is more than {limits.size_bytes:,} bytes.")


def _damaged(name: str, error: Exception) -> ImageError:
    reason = "unsupported" if isinstance(error, NotImplementedError) else "damaged"
    return ImageError(name, reason, f"the archive cannot give it ({_words(error)}).")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
