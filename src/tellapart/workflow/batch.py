"""Any number of pictures through a classifier into files, stopped and gone on with."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tellapart.errors import Interrupted
from tellapart.files import write_whole
from tellapart.interrupts import StopSignal, listen_for_stop
from tellapart.predict.inputs import Inputs, Item
from tellapart.predict.predictor import Predictor
from tellapart.progress import Progress, Task
from tellapart.workflow.batch_job import Job, JobFolder, ShardRecord, changed, digest_of
from tellapart.workflow.batch_summary import BatchSummary
from tellapart.workflow.batch_writing import Shards, Sink, one_file


class Batch:
    """One job under way.

    Args:
        predictor: What is asked.
        inputs: The pictures.
        job: How they are to be answered.
        progress: Where the work shows itself.
    """

    def __init__(self, predictor: Predictor, inputs: Inputs, job: Job, progress: Progress) -> None:
        self._predictor, self._inputs, self._job = predictor, inputs, job
        self._progress = progress
        self._began = time.monotonic()

    def to_file(self, path: Path) -> BatchSummary:
        """Write one file, and return what it came to.

        Raises:
            OutputError: The place cannot be written, or something is there.
            Interrupted: A signal asked for a stop.
        """
        with listen_for_stop() as stop:
            with one_file(path, self._predictor.class_names, self._job.top) as sink:
                self._run(sink, self._inputs.stream(), stop)
                if stop:
                    raise _interruption(
                        stop,
                        f"{path} is not written, for a file is whole or absent. A folder of "
                        "shards can be gone on with: --output FOLDER",
                    )
            return self._summary(path, sink, 0)

    def to_folder(self, path: Path, command: str | None) -> BatchSummary:
        """Write the shards that are not whole yet, and return what all come to.

        Args:
            path: The folder.
            command: What asks for the same on a command line, if anything does.

        Raises:
            UsageError: The folder holds the answers to another call.
            DataError: The sources changed since the folder was begun.
            OutputError: The place cannot be written.
            Interrupted: A signal asked for a stop.
        """
        folder = JobFolder(path, self._job)
        with folder.opened() as whole, listen_for_stop() as stop:
            sink = Shards(folder, self._predictor.class_names, whole)
            before = sink.tally.pictures
            if before:
                self._progress.say(
                    f"Going on in {path}: {before:,} pictures are answered there already."
                )
            self._run(sink, self._rest(path, whole, stop), stop)
            if stop:
                again = f"Go on with: {command}" if command else "The same call goes on with them."
                raise _interruption(stop, f"{sink.what_is_kept()} {again}")
            sink.finish()
            summary = self._summary(path, sink, before)
            if summary.pictures > before or not folder.summary_path.exists():
                write_whole(folder.summary_path, summary.model_dump_json(indent=2) + "\n")
        return summary

    def _run(self, sink: Sink, items: Iterator[Item], stop: StopSignal) -> None:
        """Write the answers about some pictures, until a stop is asked for."""
        total, job = self._inputs.total, self._job
        with self._progress.task("predicting", total, "images") as task:
            _advance(task, sink.tally.pictures, sink, total)
            pages = self._predictor.pages(
                items,
                top=job.top,
                risk=job.risk,
                always_answer=job.always_answer,
                cut=job.shard,
            )
            for page in pages:
                sink.write(page)
                _advance(task, len(page), sink, total)
                if stop:
                    return

    def _rest(self, folder: Path, whole: Sequence[ShardRecord], stop: StopSignal) -> Iterator[Item]:
        """Yield the pictures that are not answered yet, once the others have the same names.

        Raises:
            DataError: They have not.
        """
        answered = sum(record.rows for record in whole)
        stream = self._inputs.stream(answered)
        place = 0
        for number, record in enumerate(whole):
            names = []
            for item in stream:
                names.append(item.name)
                if stop:
                    return
                if len(names) == record.rows:
                    break
            place += len(names)
            if digest_of(names) != record.names:
                raise changed(
                    folder,
                    f"the pictures {place - len(names) + 1:,} to {place:,}, which shard {number} "
                    "answers, have other names",
                )
        for item in stream:
            if answered % self._job.shard:
                raise changed(folder, f"there were {answered:,} pictures and there are more")
            yield item

    def _summary(self, place: Path, sink: Sink, before: int) -> BatchSummary:
        seconds = time.monotonic() - self._began
        tally = sink.tally
        kinds = ("label", "unsure", "unknown", "error")
        return BatchSummary(
            output=str(place),
            pictures=tally.pictures,
            verdicts={kind: tally.verdicts[kind] for kind in kinds},
            errors=dict(sorted(tally.errors.items())),
            left_alone=self._inputs.left_alone,
            answered_before=before,
            seconds=round(seconds, 3),
            images_per_second=round((tally.pictures - before) / max(seconds, 1e-9), 1),
        )


def _advance(task: Task, amount: int, sink: Sink, total: int | None) -> None:
    task.advance(amount, "" if total is not None else f"{sink.tally.pictures:,} images")


def _interruption(stop: StopSignal, message: str) -> Interrupted:
    assert stop.number is not None
    return Interrupted(f"Stopped. {message}", stop.number)
