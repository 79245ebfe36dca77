"""A folder of answers: what was asked, and the shards that are whole."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tellapart.errors import DataError, UsageError
from tellapart.files import alone_in, output_errors, write_whole

_ENDED = b"\0"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceRecord(_Record):
    """Is one word of the command, and what it stood for then.

    Attributes:
        given: The word.
        resolved: Where it leads to.
        pictures: How many there were, where that is known without reading them all.
        size_bytes: Of the archives and tables among them.
    """

    given: str
    resolved: str
    pictures: int | None
    size_bytes: int


class Job(_Record):
    """Is what was asked.

    Attributes:
        tellapart: The version.
        bundle: SHA-256 of the bundle's manifest, which has those of all its members.
        runtime: What executes its network.
        sources: Where the pictures are.
        layout: How tables are read.
        top: How many classes are named.
        risk: The share of wrong labels to accept, where it is not that of the rules.
        always_answer: Whether every picture gets a label.
        format: Of the shards.
        shard: How many pictures are in one.
    """

    tellapart: str
    bundle: str
    runtime: str
    sources: tuple[SourceRecord, ...]
    layout: dict[str, str]
    top: int
    risk: float | None
    always_answer: bool
    format: str
    shard: int

    def differences(self, other: "Job") -> list[str]:
        """Return what another command asks otherwise, in words; changed sources are none."""
        found = [
            f"{name} was {_words(mine)} and is {_words(theirs)}"
            for name, mine in self
            if name != "sources" and mine != (theirs := getattr(other, name))
        ]
        mine, theirs = ([(s.given, s.resolved) for s in job.sources] for job in (self, other))
        if mine != theirs:
            found.append(f"the sources were {_places(mine)} and are {_places(theirs)}")
        return found


class ShardRecord(_Record):
    """Is what a whole shard holds.

    Attributes:
        rows: How many pictures.
        names: SHA-256 of their names.
        size_bytes: Of the shard.
        verdicts: How many pictures have each verdict, "error" among them.
        errors: How many could not be read for each reason.
    """

    rows: int
    names: str
    size_bytes: int
    verdicts: dict[str, int]
    errors: dict[str, int]


class JobFolder:
    """The folder of one job.

    Args:
        path: Where it is.
        job: What is asked.
    """

    def __init__(self, path: Path, job: Job) -> None:
        self.path, self.job = path, job

    @property
    def summary_path(self) -> Path:
        """Return where the summary is written in the end."""
        return self.path / "summary.json"

    @property
    def _job_path(self) -> Path:
        return self.path / "job.json"

    def shard_path(self, number: int) -> Path:
        """Return where a shard is."""
        return self.path / f"answers-{number:05}.{self.job.format}"

    def _record_path(self, number: int) -> Path:
        return self.path / "shards" / f"{number:05}.json"

    @contextlib.contextmanager
    def opened(self) -> Iterator[list[ShardRecord]]:
        """Hold the folder until the block ends; give out the shards that are whole.

        Raises:
            UsageError: It holds another job, or something else; or another process is at it.
            DataError: The sources are no longer what they were.
            OutputError: The place cannot be written.
        """
        with output_errors(self.path):
            if self.path.is_dir() and not self._job_path.exists():
                self._check_free()
            self.path.mkdir(parents=True, exist_ok=True)
        with alone_in(self.path, "Wait for its end, or choose another place with --output"):
            before = self._read_job() if self._job_path.exists() else None
            if before is not None and self._is_under_way():
                self._check_same(before)
            else:
                self._begin(before)
            with output_errors(self.path):
                for rest in self.path.rglob(".*.part"):  # of a process that was killed
                    rest.unlink(missing_ok=True)
            yield self._whole_shards()

    def write(self, number: int, content: bytes, record: ShardRecord) -> None:
        """Write a shard; it counts as whole once its record is there too.

        Raises:
            OutputError: The place cannot be written.
        """
        write_whole(self.shard_path(number), content)
        write_whole(self._record_path(number), record.model_dump_json() + "\n")

    def _whole_shards(self) -> list[ShardRecord]:
        found: list[ShardRecord] = []
        while True:
            try:
                text = self._record_path(len(found)).read_text("utf-8")
                record = ShardRecord.model_validate_json(text)
                if self.shard_path(len(found)).stat().st_size != record.size_bytes:
                    return found
            except (OSError, ValidationError):
                return found
            found.append(record)

    def _check_free(self) -> None:
        others = sorted(p.name for p in self.path.iterdir())
        if others:
            raise UsageError(
                f"{self.path} must be a new folder, or one that this command began. Received: a "
                f"folder with {others[0]} in it and no job.json. Choose another with --output."
            )

    def _read_job(self) -> Job:
        try:
            return Job.model_validate_json(self._job_path.read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise UsageError(
                f"{self._job_path} must say what was asked, and cannot be read. Choose another "
                "place with --output."
            ) from error

    def _is_under_way(self) -> bool:
        """Return whether anything is answered, but for a first shard without its record."""
        marks = ("shards/*.json", "answers-*[1-9]*", "summary.json")
        return any(any(self.path.glob(mark)) for mark in marks)

    def _begin(self, before: Job | None) -> None:
        """Write down what is asked; a job before it of which nothing is whole goes."""
        if before is not None:
            with output_errors(self.path):
                JobFolder(self.path, before).shard_path(0).unlink(missing_ok=True)
        write_whole(self._job_path, self.job.model_dump_json(indent=2) + "\n")

    def _check_same(self, before: Job) -> None:
        found = before.differences(self.job)
        if found:
            raise UsageError(
                f"{self.path} holds the answers to another command: {'; '.join(found)}. Give the "
                "same command to go on, with the same runtime (--backend onnx, or a backend of "
                "Keras), or choose another place with --output."
            )
        for old, new in zip(before.sources, self.job.sources, strict=True):
            if old.pictures != new.pictures:
                raise changed(
                    self.path,
                    f"{old.given} had {_words(old.pictures)} pictures and has "
                    f"{_words(new.pictures)}",
                )
            if old.size_bytes != new.size_bytes:
                raise changed(
                    self.path,
                    f"{old.given} had {old.size_bytes:,} bytes and has {new.size_bytes:,}",
                )


def digest_of(names: Iterable[str]) -> str:
    """Return the SHA-256 of names in their order.

    Example:
        >>> digest_of(["a.png", "b.png"])[:12]
        'ba6495104e93'
    """
    digest = hashlib.sha256()
    add_names(digest, names)
    return digest.hexdigest()


def add_names(digest: "hashlib._Hash", names: Iterable[str]) -> None:
    """Add names to the digest of those before them."""
    ended = (name.encode("utf-8", "backslashreplace") + _ENDED for name in names)
    digest.update(b"".join(ended))


def changed(folder: Path, what: str) -> DataError:
    """Return the error for sources that are not those that a job began with."""
    return DataError(
        f"The sources of {folder} must stay as they were when it was begun: {what}. "
        "Fix: put them back and give the same command, or answer all of them anew with another "
        "--output."
    )


def _words(value: Any) -> str:
    if isinstance(value, str) and len(value) == 64:
        return value[:12]
    if value is None:
        return "not given"
    return str(value)


def _places(sources: Sequence[tuple[str, str]]) -> str:
    return ", ".join(
        given if given == resolved else f"{given} ({resolved})" for given, resolved in sources
    )
