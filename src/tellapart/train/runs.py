"""The folder of one run: what lies where in it, and what it remembers of its beginnings."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tellapart.data.patch import Corrections
from tellapart.errors import BundleError, ImageError
from tellapart.files import alone_in, make_numbered_folder, replace_whole, write_whole
from tellapart.interrupts import raise_if_heard
from tellapart.recipe import Recipe, load_recipe
from tellapart.train.history import History

ONE_AT_A_TIME = threading.RLock()
"""Held by the thread that trains: the seed, Keras' own state and the programs are shared."""

FOLDS_RECORD = "folds.json"
"""What only the folder of a cross-validation has, which holds runs and is none."""


class RunRecord(BaseModel):
    """Is what a run must remember to be gone on with.

    Attributes:
        source: What the data set was found by, or `None` for arrays in memory.
        data_folder: Where a known data set was looked for, if the user named a folder.
        layout: How the source was read, where that was said.
        fingerprint: The digest of the data as the network saw them.
        backend: Keras' backend.
        versions: What it ran on.
        strict: Whether unreadable pictures were refused.
        machine: What else the bits depend on: processor, number of threads.
        budget: The seconds of the whole run, if it had a budget.
        earlier_batch_sizes: Those that it began with, if it went on with another one.
        labels: The corrections of labels that it was trained with, and what became of them.
        fold: The number, from 1, of the fold of a cross-validation that it was tested on.
        folds: How many folds there are; 0 for a run of its own.
        own_optimizer: Whether the user's network came with an optimiser of its own; `None` in
            runs that did not write it down.
        network: The digest of the layers of a network of the user's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str | None
    data_folder: str | None = None
    layout: dict[str, str] = {}
    fingerprint: str
    backend: str
    versions: dict[str, str]
    strict: bool = False
    machine: dict[str, str] = {}
    budget: float | None = None
    earlier_batch_sizes: tuple[int, ...] = ()
    labels: Corrections | None = None
    fold: int = 0
    folds: int = 0
    own_optimizer: bool | None = None
    network: str | None = None


@dataclass(frozen=True)
class RunFolder:
    """The paths of one run; every file in it is whole or absent."""

    path: Path

    @classmethod
    def create(cls, parent: Path, name: str) -> "RunFolder":
        """Make the next numbered folder.

        Raises:
            OutputError: The place cannot be written.
        """
        return cls(make_numbered_folder(parent, name))

    def begin(self, recipe: Recipe, record: RunRecord) -> None:
        """Write down what the run begins with.

        Raises:
            OutputError: The place cannot be written.
        """
        write_whole(self.recipe_path, recipe.to_toml())
        write_whole(self.record_path, record.model_dump_json(indent=2))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from training this run until the block ends; other threads wait.

        Raises:
            UsageError: Another process is at it.
        """
        advice = "Wait for its end, or stop it with Ctrl-C or SIGTERM"
        with ONE_AT_A_TIME, alone_in(self.path, advice):
            yield

    def has_checkpoint(self) -> bool:
        """Return whether there is anything to go on from."""
        return any(self.checkpoints.glob("*.safetensors"))

    @property
    def recipe_path(self) -> Path:
        """Return where the recipe lies."""
        return self.path / "recipe.toml"

    @property
    def record_path(self) -> Path:
        """Return where the run's beginnings are written down."""
        return self.path / "run.json"

    @property
    def history_path(self) -> Path:
        """Return where the epochs are listed."""
        return self.path / "history.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def bundle_path(self) -> Path:
        """Return where the trained classifier lies."""
        return self.path / "model.tellapart"

    @property
    def draft_path(self) -> Path:
        """Return where a classifier lies until its rules are learnt, or a kill leaves it."""
        return self.path / ".model.tellapart.draft.part"

    @contextmanager
    def drafting(self) -> Iterator[None]:
        """Leave no draft behind, whatever happens; checkpoints have what is in it."""
        raise_if_heard()
        try:
            yield
        finally:
            self.draft_path.unlink(missing_ok=True)

    def publish(self) -> None:
        """Let the draft be the classifier.

        Raises:
            OutputError: The place cannot be written.
        """
        replace_whole(self.draft_path, self.bundle_path)

    @property
    def evaluation_path(self) -> Path:
        """Return where the scores lie."""
        return self.path / "evaluation.json"

    @property
    def predictions_path(self) -> Path:
        """Return where the answer about each test image lies."""
        return self.path / "predictions.npz"

    @property
    def looks_path(self) -> Path:
        """Return where each scoring of test images is listed."""
        return self.path / "evaluations.jsonl"

    @property
    def skipped_path(self) -> Path:
        """Return where the pictures that could not be read are listed."""
        return self.path / "skipped.json"

    @property
    def ledger_path(self) -> Path:
        """Return where it is written what became of every file of the data."""
        return self.path / "ledger.json"

    @property
    def patch_path(self) -> Path:
        """Return where the corrections of labels lie that the run was trained with."""
        return self.path / "labels.patch.csv"

    @property
    def gain_path(self) -> Path:
        """Return where it is written what the corrections of labels brought."""
        return self.path / "gain.json"

    @property
    def report_path(self) -> Path:
        """Return where the page about the run lies."""
        return self.path / "report.html"

    @property
    def plots(self) -> Path:
        """Return the folder of the pictures."""
        return self.path / "plots"

    @property
    def log_path(self) -> Path:
        """Return where everything that was said is kept."""
        return self.path / "log.txt"

    def recipe(self) -> Recipe:
        """Return the run's recipe.

        Raises:
            BundleError: This is no run's folder.
        """
        if (self.path / FOLDS_RECORD).is_file():
            raise BundleError(
                f"{self.path} is a cross-validation and no run. Fix: name one of its runs, such as "
                f"{self.path / 'fold-1'}; to go on with it: tellapart cross-validate --resume"
            )
        if not self.recipe_path.is_file():
            raise BundleError(f"{self.path} is not a run: there is no recipe.toml in it.")
        return load_recipe(self.recipe_path)

    def record(self) -> RunRecord:
        """Return what the run began with.

        Raises:
            BundleError: It is missing or damaged.
        """
        try:
            return RunRecord.model_validate_json(self.record_path.read_bytes())
        except (OSError, ValidationError) as error:
            raise BundleError(f"{self.record_path} is missing or damaged: {error}") from error

    def history(self) -> History:
        """Return the epochs so far.

        Raises:
            BundleError: The list is damaged.
        """
        try:
            return History.from_jsonl(self.history_path.read_text("utf-8"))
        except FileNotFoundError:
            return History()
        except (OSError, ValueError) as error:
            raise BundleError(f"{self.history_path} is damaged: {error}") from error


def write_skipped(path: Path, skipped: tuple[ImageError, ...]) -> None:
    """Write down which pictures were skipped, and why.

    Raises:
        OutputError: The place cannot be written.
    """
    rows = [{"file": e.name, "reason": e.reason, "detail": e.detail} for e in skipped]
    write_whole(path, json.dumps(rows, indent=2, ensure_ascii=False))
