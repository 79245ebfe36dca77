"""How often test images were scored: a choice among many looks is a choice by chance."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tellapart.errors import OutputError
from tellapart.evaluate.record import Evaluation
from tellapart.files import output_errors, write_whole
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run

UNCOUNTED = (
    "How often these images were scored is not written down: the classifier lies in no run's "
    "folder."
)
ON_TEST = "The run drew its validation curve from its test images."


class Look(BaseModel):
    """One scoring of some images by one run's classifier.

    Attributes:
        when: The time, in UTC.
        by: The verb, "train" or "evaluate".
        split: Which part of the data the images are.
        fingerprint: SHA-256 over class names, targets and pixels of the images.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    when: str
    by: str
    split: str
    fingerprint: str


def run_folder_of(model: Any) -> RunFolder | None:
    """Return the folder of the run that a classifier lies in, if it lies in one.

    Args:
        model: A `Run`, or the path of a bundle; anything else lies nowhere.
    """
    if isinstance(model, Run):
        return RunFolder(model.path)
    if not isinstance(model, str | Path):
        return None
    folder = RunFolder(Path(model).parent)
    return folder if folder.recipe_path.is_file() and folder.record_path.is_file() else None


def count_look(found: Evaluation, folder: RunFolder | None, fingerprint: str) -> Evaluation:
    """Write down that images were scored, and return the record with what must be known.

    Args:
        found: The scores.
        folder: The run that the classifier lies in, if it lies in one.
        fingerprint: Of the images.
    """
    if folder is None:
        return found.model_copy(update={"note": f"{found.note} {UNCOUNTED}".strip()})
    own, others = earlier_looks(folder, fingerprint)
    said = [found.note, tell_of_looks(others, found.split)]
    if found.split == "test" and _validates_on_test(folder):
        said.append(ON_TEST)
    if not write_look(folder, look_now("evaluate", found.split, fingerprint)):
        said.append(f"That they were scored now could not be written into {folder.path}.")
    note = " ".join(filter(None, said))
    return found.model_copy(update={"looks": own + others, "note": note})


def look_now(by: str, split: str, fingerprint: str) -> Look:
    """Return a look that is taken at this moment."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Look(when=when, by=by, split=split, fingerprint=fingerprint)


def earlier_looks(folder: RunFolder, fingerprint: str) -> tuple[int, int]:
    """Return how often images were scored before: by this run, and by others beside it.

    Args:
        folder: The run; others are the runs in the same parent folder.
        fingerprint: Of the images.
    """
    own = _looks_at(folder.looks_path, fingerprint)
    beside = folder.path.resolve().parent.glob(f"*/{folder.looks_path.name}")
    others = [path for path in beside if path.parent != folder.path.resolve()]
    return own, sum(_looks_at(path, fingerprint) for path in others)


def write_look(folder: RunFolder, look: Look) -> bool:
    """Add a look to the run's list, whole or not at all, and return whether that could be done."""
    path = folder.looks_path
    if not folder.path.is_dir():
        return False
    try:
        with output_errors(path):
            before = path.read_bytes() if path.is_file() else b""
        write_whole(path, before + f"{look.model_dump_json()}\n".encode())
    except OutputError:
        return False
    return True


def tell_of_looks(others: int, split: str) -> str:
    """Return what a reader must know of looks by other runs; nothing where there was none.

    The same classifier scored again on the same images says the same, so that a run's own
    looks are no reason to doubt.

    Example:
        >>> tell_of_looks(0, "test")
        ''
        >>> print(tell_of_looks(2, "test").partition(":")[0])
        Runs beside this one have scored these test images 2 times
    """
    if not others:
        return ""
    times = "once" if others == 1 else f"{others:,} times"
    return (
        f"Runs beside this one have scored these {split} images {times}: the best of several "
        "scores is too good. Choose by validation images."
    )


def _validates_on_test(folder: RunFolder) -> bool:
    return folder.recipe().data.validation == "test"


def _looks_at(path: Path, fingerprint: str) -> int:
    """Return how many looks a list has at some images; a line that is damaged is none."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(_fingerprint_in(line) == fingerprint for line in lines)


def _fingerprint_in(line: str) -> str | None:
    try:
        return Look.model_validate(json.loads(line)).fingerprint
    except (ValueError, ValidationError):
        return None
