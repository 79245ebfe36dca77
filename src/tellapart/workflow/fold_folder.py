"""The folder of one cross-validation: what lies where in it, and what it began with."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tellapart.errors import BundleError, DataError, OutputError, UsageError
from tellapart.files import output_errors, write_whole
from tellapart.recipe import Recipe, load_recipe
from tellapart.train.runs import FOLDS_RECORD, RunFolder


class FoldsRecord(BaseModel):
    """Is what a cross-validation must remember to be gone on with.

    Attributes:
        name: The data set's.
        source: What it was found by, or `None` for arrays in memory.
        data_folder: Where a known data set was looked for, if the user named a folder.
        layout: How the source was read, where that was said.
        fingerprint: The digest of the samples as the networks see them, and of the folds.
        folds: How many there are.
        backend: Keras' backend.
        strict: Whether unreadable pictures were refused.
        network: The digest of the layers of a network of the user's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str | None
    data_folder: str | None = None
    layout: dict[str, str] = {}
    fingerprint: str
    folds: int
    backend: str
    strict: bool = False
    network: str | None = None


@dataclass(frozen=True)
class FoldsFolder:
    """The paths of one cross-validation; every file in it is whole or absent."""

    path: Path

    @property
    def recipe_path(self) -> Path:
        """Return where the recipe of all runs lies."""
        return self.path / "recipe.toml"

    @property
    def record_path(self) -> Path:
        """Return where its beginnings are written down; without it, the folder is not ours."""
        return self.path / FOLDS_RECORD

    @property
    def weights_path(self) -> Path:
        """Return where the weights lie that a network of the user's own begins with."""
        return self.path / "beginning.safetensors"

    @property
    def answers_path(self) -> Path:
        """Return where the answer about each sample lies."""
        return self.path / "out-of-fold.npz"

    @property
    def result_path(self) -> Path:
        """Return where the scores lie."""
        return self.path / "cross-validation.json"

    @property
    def skipped_path(self) -> Path:
        """Return where the pictures that could not be read are listed."""
        return self.path / "skipped.json"

    def run(self, number: int) -> RunFolder:
        """Return the run that was tested on the fold of a number, from 1."""
        return RunFolder(self.path / f"fold-{number}")

    def check_free(self) -> None:
        """Raise `OutputError` if the folder holds anything but a cross-validation."""
        with output_errors(self.path):
            is_used = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        if is_used and not self.record_path.is_file():
            raise OutputError(
                f"The folder of a cross-validation must be new, empty, or that of one to go on "
                f"with. Received: {self.path}, with something else in it. Fix: name another one."
            )

    def begin(self, recipe: Recipe, record: FoldsRecord) -> None:
        """Write down what it begins with, or see that it is what was begun here.

        Raises:
            OutputError: The place cannot be written, or holds something else.
            DataError: The data are not the ones that it began with.
            UsageError: Another recipe, network, or number of folds was begun here.
        """
        self.check_free()
        if not self.record_path.is_file():
            write_whole(self.recipe_path, recipe.to_toml())
            write_whole(self.record_path, record.model_dump_json(indent=2))
            return
        old = self.record()
        if old.folds != record.folds or self.recipe() != recipe:
            raise UsageError(
                f"A cross-validation goes on with the recipe and the folds that it began with. "
                f"Received: others than those of {self.path}. Fix: name another folder."
            )
        if old.network != record.network:
            raise UsageError(
                f"A cross-validation goes on with the network that it began with. Received: "
                f"another than that of {self.path}. Fix: give the same `model` again."
            )
        if old.fingerprint != record.fingerprint:
            raise DataError(
                f"The data have changed since the cross-validation {self.path} began, so it "
                "cannot go on. Begin a new one."
            )

    def recipe(self) -> Recipe:
        """Return the recipe of all runs.

        Raises:
            BundleError: This is no cross-validation's folder.
        """
        if not self.recipe_path.is_file():
            raise BundleError(f"{self.path} is no cross-validation: it has no recipe.toml.")
        return load_recipe(self.recipe_path)

    def record(self) -> FoldsRecord:
        """Return what it began with.

        Raises:
            BundleError: It is missing or damaged.
        """
        try:
            return FoldsRecord.model_validate_json(self.record_path.read_bytes())
        except FileNotFoundError as error:
            raise BundleError(
                f"{self.path} is no cross-validation: it has no {self.record_path.name}."
            ) from error
        except (OSError, ValidationError) as error:
            raise BundleError(f"{self.record_path} is damaged: {error}") from error
