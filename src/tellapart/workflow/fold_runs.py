"""The runs of a cross-validation: one a fold, one after the other, from wherever they are."""

import shlex
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from typing_extensions import override

from tellapart.data.dataset import Dataset
from tellapart.data.folded import FoldedDataset
from tellapart.errors import Interrupted
from tellapart.interrupts import undone_by_signals
from tellapart.progress import Progress, Task
from tellapart.train.runs import ONE_AT_A_TIME
from tellapart.workflow.fold_folder import FoldsFolder

if TYPE_CHECKING:
    from tellapart.workflow.own_network import Pattern


def train_folds(
    folder: FoldsFolder,
    folded: FoldedDataset,
    progress: Progress,
    save_every: float | None = None,
    *,
    use_cache: bool = True,
    pattern: "Pattern | None" = None,
) -> None:
    """Train and score one network a fold; finished ones are left as they are.

    Args:
        folder: Of a cross-validation that was begun.
        folded: Its data.
        progress: Where the work shows itself.
        save_every: Seconds between two checkpoints within an epoch, 30 by default.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        pattern: The network of the user's own that each begins with; the recipe's otherwise.

    Raises:
        Interrupted: A signal asked for a stop; the same call goes on.
    """
    count = len(folded.members)
    for number in range(1, count + 1):
        data = folded.fold(number)
        try:
            with undone_by_signals(str), ONE_AT_A_TIME:
                _train_one(folder, data, pattern, progress, save_every, use_cache=use_cache)
        except Interrupted as stop:
            raise Interrupted(
                f"Stopped in fold {number} of {count}; everything is saved. Go on with: "
                f"tellapart cross-validate --resume {shlex.quote(str(folder.path))}\n"
                "(with data in memory, or a network of your own: "
                "tellapart.cross_validate(data, model=..., resume=...))",
                stop.exit_code - 128,
            ) from stop


def _train_one(
    folder: FoldsFolder,
    data: Dataset,
    pattern: "Pattern | None",
    progress: Progress,
    save_every: float | None,
    *,
    use_cache: bool,
) -> None:
    """Train and score the network of one fold, from where it was, if it is not finished."""
    from tellapart.workflow.session import Session

    assert data.fold is not None
    run = folder.run(data.fold.number)
    if run.evaluation_path.is_file():
        progress.say(f"{data.fold}: finished before")
        return
    for part in run.path.rglob(".*.part"):  # what a kill left half-written
        part.unlink()
    record, recipe = folder.record(), folder.recipe()
    model = pattern.copy(recipe.seed) if pattern else None
    inner = _FoldProgress(progress, str(data.fold))
    session = Session(run, inner, save_every=save_every, use_cache=use_cache)
    if run.has_checkpoint():
        session.begin_again(data, run.recipe(), run.record(), model)
    else:
        session.begin(data, recipe, model, strict=record.strict, data_folder=record.data_folder)
    evaluation = session.finish().evaluation
    progress.say(f"{data.fold}: accuracy {evaluation.accuracy}, {evaluation.samples:,} images")


class _FoldProgress(Progress):
    """Shows the work of one fold's run under its name; what is said stays in the run's log."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress, self._title = progress, title

    @override
    def say(self, line: str) -> None:
        pass

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> AbstractContextManager[Task]:
        return self._progress.task(f"{self._title}: {title}", total, unit)
