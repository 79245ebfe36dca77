"""Checkpoints: the state to go on from, numbered, whole or absent, with its own digest."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from tellapart.errors import BundleError
from tellapart.files import output_errors, sha256_hex, write_whole
from tellapart.models.draws import begin_to_share, shared_states
from tellapart.progress import Progress

KEPT = 2
BEGINNING = "beginning"
"""The folder beside the checkpoints for the state that a run begins in."""
DAMAGED = ".damaged"
"""What is put behind the name of a checkpoint that cannot be read."""


@dataclass(frozen=True)
class Position:
    """How far a run is.

    Attributes:
        epoch: How many epochs are complete.
        index: How many samples of the next epoch have been trained on.
    """

    epoch: int = 0
    index: int = 0


@dataclass(frozen=True)
class Running:
    """Is what the present epoch came to so far.

    Attributes:
        loss: Sum of the losses of its samples.
        correct: How many were answered rightly.
        seconds: How long it took, pauses left out.
    """

    loss: float = 0.0
    correct: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run at one position.

    The order of samples, the learning rate and whether to stop early follow from position
    and history, so they are not in it.

    Attributes:
        position: How far the run is.
        running: What the present epoch came to so far.
        history: The complete epochs, as JSON lines.
        tensors: Every variable of network (with the states of its random layers) and
            optimiser, by group and number, and what layers without such a state drew from.
    """

    position: Position
    running: Running
    history: str
    tensors: dict[str, NDArray[Any]]


def capture(network: keras.Model, position: Position, running: Running, history: str) -> Checkpoint:
    """Return a copy of the present state of a compiled network."""
    tensors = {
        f"{group}/{number:05d}": np.array(keras.ops.convert_to_numpy(variable.value))
        for group, variables in _groups(network).items()
        for number, variable in enumerate(variables)
    }
    return Checkpoint(position, running, history, tensors)


def restore(network: keras.Model, checkpoint: Checkpoint, groups: tuple[str, ...]) -> None:
    """Put a checkpoint's state back into some groups of a compiled network's variables.

    Args:
        network: Built and compiled as it was.
        checkpoint: What `capture` returned.
        groups: Of "network", "optimizer".

    Raises:
        BundleError: The variables are not the ones that were saved.
    """
    if any(key.startswith("shared/") for key in checkpoint.tensors):
        begin_to_share()
        groups = (*groups, "shared")
    for group in groups:
        variables = _groups(network)[group]
        saved = [v for k, v in sorted(checkpoint.tensors.items()) if k.startswith(f"{group}/")]
        shapes = [tuple(v.shape) for v in variables]
        if [v.shape for v in saved] != shapes:
            raise BundleError(
                f"The checkpoint does not fit this run: its {group} has other variables. "
                "Was the recipe or the model changed?"
            )
        for variable, value in zip(variables, saved, strict=True):
            variable.assign(value)


def checkpoint_path(folder: Path, position: Position) -> Path:
    """Return where the checkpoint of a position lies."""
    return folder / f"epoch-{position.epoch:04d}-{position.index:09d}.safetensors"


def checkpoint_paths(folder: Path) -> list[Path]:
    """Return all checkpoints in a folder, oldest first; numbers may outgrow their digits."""
    found = folder.glob("epoch-*.safetensors")
    return sorted(found, key=lambda path: [int(part) for part in path.stem.split("-")[1:]])


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint, whole or not at all.

    Raises:
        OutputError: The place cannot be written.
    """
    state = json.dumps(
        asdict(checkpoint.position)
        | {"running": asdict(checkpoint.running), "history": checkpoint.history}
    )
    details = {"state": state, "sha256": _digest(state, checkpoint.tensors)}
    path = checkpoint_path(folder, checkpoint.position)
    return write_whole(path, save_tensors(checkpoint.tensors, details))


def load_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file.

    Raises:
        BundleError: The file is damaged.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            details = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
        state = json.loads(details["state"])
        if details["sha256"] != _digest(details["state"], tensors):
            raise BundleError(f"{path} is damaged: its SHA-256 differs.")
        position = Position(int(state["epoch"]), int(state["index"]))
        running = Running(**state["running"])
        return Checkpoint(position, running, str(state["history"]), tensors)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise BundleError(f"{path} is damaged: {error}.") from error


def latest_checkpoint(folder: Path, progress: Progress) -> Checkpoint | None:
    """Return the newest checkpoint that is whole, or `None`.

    Damaged ones are told and set aside, or newer and whole ones would be taken for the older.

    Raises:
        OutputError: The place cannot be written.
    """
    paths = checkpoint_paths(folder)
    for path in reversed(paths):
        try:
            return load_checkpoint(path)
        except BundleError as error:
            aside = path.with_name(f"{path.name}{DAMAGED}")
            with output_errors(aside):
                path.replace(aside)
            progress.say(f"{error} It is set aside as {aside.name}.")
    if paths:
        progress.say("No checkpoint is whole: the training begins anew.")
    return None


def drop_old(folder: Path, best_epoch: int | None) -> None:
    """Remove all checkpoints but the newest few and the one after the best epoch.

    The state that the run began in goes as well: there is something to go on from now.

    Raises:
        OutputError: The place cannot be written.
    """
    paths = checkpoint_paths(folder)
    best = checkpoint_path(folder, Position(best_epoch)) if best_epoch is not None else None
    for path in paths[:-KEPT]:
        if path != best:
            with output_errors(path):
                path.unlink(missing_ok=True)
    if (folder / BEGINNING).is_dir():
        shutil.rmtree(folder / BEGINNING, ignore_errors=True)


def _groups(network: keras.Model) -> dict[str, list[Any]]:
    """Return every variable that training changes, by group."""
    return {
        "network": list(network.variables),
        "optimizer": list(network.optimizer.variables),
        "shared": shared_states(),
    }


def _digest(state: str, tensors: dict[str, NDArray[Any]]) -> str:
    arrays = [np.ascontiguousarray(tensors[key]) for key in sorted(tensors)]
    names = "\0".join(f"{key}{tensors[key].shape}" for key in sorted(tensors))
    return sha256_hex(state.encode(), names.encode(), *arrays)
