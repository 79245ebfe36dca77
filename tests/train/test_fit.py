"""The training loop: what it leaves, how it stops, how it goes on."""

import signal
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import tellapart
from pressing import PressCtrlC
from tellapart.data.dataset import Dataset
from tellapart.data.prepare import prepare
from tellapart.errors import DivergenceError, Interrupted
from tellapart.models.catalogue import build_network, compile_network
from tellapart.progress import Silence
from tellapart.recipe import Recipe
from tellapart.sections import ImageSpec
from tellapart.train.checkpoints import Position, load_checkpoint
from tellapart.train.fit import fit
from tellapart.train.options import Finish, FitOptions
from tellapart.train.plan import Budget
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run
from tellapart.workflow.session import Session

pytestmark = pytest.mark.core


def build_and_compile(recipe: Recipe) -> keras.Model:
    """Return the recipe's network as a run begins with it."""
    return compile_network(build_network(recipe.model.name, recipe.image, 10), recipe.optimizer)


def _interrupted_run(
    data: Dataset, output: Path, press: PressCtrlC, model: Any = None, **settings: Any
) -> tuple[Path, Interrupted]:
    recipe = tellapart.load_recipe("guide", {"fit.epochs": 2} | settings)
    folder = RunFolder.create(output, "run")
    session = Session(folder, press)
    session.begin(data, recipe, model, strict=False)
    with pytest.raises(Interrupted) as caught:
        session.finish()
    return folder.path, caught.value


def test_a_run_leaves_everything_that_the_design_promises(run: Run) -> None:
    names = {p.relative_to(run.path).as_posix() for p in run.path.rglob("*") if p.is_file()}
    assert {
        "recipe.toml",
        "run.json",
        "history.jsonl",
        "model.tellapart",
        "evaluation.json",
        "evaluations.jsonl",
        "predictions.npz",
        "report.html",
        "log.txt",
        "plots/curves.png",
        "plots/confusion.png",
        "plots/reliability.png",
        "plots/risk-coverage.png",
        "plots/roc.png",
        "checkpoints/epoch-0001-000000000.safetensors",
        "checkpoints/epoch-0002-000000000.safetensors",
    } == names


def test_the_history_has_a_finite_row_for_each_epoch_and_training_lowers_the_loss(run: Run) -> None:
    assert run.history["epoch"] == [1, 2]
    assert run.history["loss"][1] < run.history["loss"][0]
    for column in ("loss", "accuracy", "val_loss", "val_accuracy", "images_per_second"):
        assert np.isfinite(run.history[column]).all()


def test_the_log_holds_the_summary_and_every_epoch(run: Run) -> None:
    log = (run.path / "log.txt").read_text("utf-8")
    assert "121,930" in log
    assert "epoch  2" in log
    assert "nothing is chosen by it" in log


def test_the_same_seed_gives_the_same_weights(
    run: Run, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    again = tellapart.train(slice_of_fashion, "guide", epochs=2, output=tmp_path, quiet=True)
    assert again.history["loss"] == run.history["loss"]
    ours, theirs = run.model.network.get_weights(), again.model.network.get_weights()
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "after", [320, 1000, 1320, 2000], ids=["mid-epoch", "epoch end", "2nd epoch", "the end"]
)
def test_an_interrupted_run_goes_on_to_the_same_result(
    after: int, run: Run, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    path, stop = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(after))
    assert stop.exit_code == 130
    assert f"--resume {path}" in str(stop)
    assert not (path / "model.tellapart").exists()
    resumed = tellapart.train(slice_of_fashion, resume=path, quiet=True)
    assert resumed.history["epoch"] == [1, 2]
    for column in ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"):
        assert resumed.history[column] == run.history[column]
    ours, theirs = resumed.model.network.get_weights(), run.model.network.get_weights()
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_of_ones_own_goes_on_by_the_recipes_schedule_in_the_same_process(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    settings = {"optimizer.schedule": "cosine", "fit.epochs": 2}
    layers = (keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(10))
    network = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    other = keras.models.clone_model(network)
    other.set_weights(network.get_weights())
    path, _ = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(320), network, **settings)
    resumed = tellapart.train(slice_of_fashion, model=network, resume=path, quiet=True)
    alone = tellapart.train(
        slice_of_fashion, "guide", model=other, settings=settings, output=tmp_path, quiet=True
    )
    for column in ("loss", "val_loss", "learning_rate"):
        assert resumed.history[column] == alone.history[column]


def test_a_run_that_has_no_time_left_still_scores_what_it_trained(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    path, _ = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(320))
    recipe = tellapart.load_recipe(path / "recipe.toml")
    data = prepare(slice_of_fashion, recipe)
    network = build_and_compile(recipe)
    over = FitOptions(budget=Budget(1.0, time.monotonic() - 10.0))
    history = fit(network, recipe, data, RunFolder(path), Silence(), over)
    assert history["epoch"] == [1]
    assert np.isfinite(history["val_loss"]).all()


class _RehearsedError(Exception):
    """Tells that the end of a run was rehearsed."""


class _Rehearsing(Finish):
    """Is an end of a run whose rehearsal ends the test."""

    @override
    def save(self) -> None:
        pass

    @override
    def rehearse(self, *, keep: bool) -> float:
        raise _RehearsedError


def test_on_a_budget_the_end_is_rehearsed_however_short_epochs_are(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    recipe = tellapart.load_recipe("guide", {"fit.batch_size": 500})  # two steps an epoch
    budget = Budget(630.0, time.monotonic() - 30.0)  # half a minute of it is over
    options = FitOptions(budget=budget, finish=_Rehearsing())
    data, folder = prepare(slice_of_fashion, recipe), RunFolder.create(tmp_path, "run")
    with pytest.raises(_RehearsedError):
        fit(build_and_compile(recipe), recipe, data, folder, Silence(), options)


def test_sigterm_stops_too_with_its_own_exit_code(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    _, stop = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(64, signal.SIGTERM))
    assert stop.exit_code == 143


def test_signal_handlers_are_put_back_after_training(run: Run) -> None:
    assert run.path.is_dir()
    assert signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, signal.SIG_IGN)
    # a shell has those ignore it that it starts in the background
    assert signal.getsignal(signal.SIGINT) in (signal.default_int_handler, signal.SIG_IGN)


def test_resuming_a_finished_run_changes_nothing(run: Run) -> None:
    before = {p: p.stat().st_mtime_ns for p in run.path.rglob("*")}
    again = tellapart.train(resume=run.path, quiet=True)
    assert again.evaluation == run.evaluation
    assert {p: p.stat().st_mtime_ns for p in run.path.rglob("*")} == before


def test_resuming_with_other_data_is_refused(slice_of_fashion: Dataset, tmp_path: Path) -> None:
    path, _ = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(64))
    labels = slice_of_fashion.train.targets[::-1]
    pixels = slice_of_fashion.train.decode(tellapart.load_recipe("guide").image).pixels
    with pytest.raises(tellapart.TellapartError, match="has changed since the run") as caught:
        tellapart.train((pixels, labels), resume=path, quiet=True)
    assert caught.value.exit_code == 3


def test_a_run_on_arrays_says_that_it_needs_them_again(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    path, _ = _interrupted_run(slice_of_fashion, tmp_path, PressCtrlC(64))
    with pytest.raises(tellapart.TellapartError, match="Give the same data again"):
        tellapart.train(resume=path, quiet=True)


def test_the_best_epochs_weights_are_kept_where_the_recipe_says_so(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    changes = {"data.validation": "holdout", "fit.keep": "best", "optimizer.learning_rate": 0.03}
    runs = (
        tellapart.train(
            slice_of_fashion,
            "guide",
            epochs=5,
            seed=seed,
            settings=changes,
            output=tmp_path,
            quiet=True,
        )
        for seed in range(8)
    )
    run = next(run for run in runs if run.history.best().epoch < 5)
    best = run.history.best()
    validation = prepare(slice_of_fashion, run.recipe).validation
    answers = run.model.probabilities(validation.pixels).argmax(axis=1)
    assert float((answers == validation.targets).mean()) == pytest.approx(best.val_accuracy)
    assert f"Kept the weights of epoch {best.epoch}" in (run.path / "log.txt").read_text("utf-8")


def test_a_single_step_that_breaks_the_weights_is_noticed_before_anything_is_saved(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(DivergenceError, match=r"no longer a? ?number.*Received: 1e\+38"):
        tellapart.train(
            slice_of_fashion,
            "guide",
            batch_size=1000,
            epochs=1,
            learning_rate=1e38,
            output=tmp_path / "runs",
            quiet=True,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_no_number_stops_at_once_and_leaves_nothing(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(DivergenceError, match=r"of epoch 1,.*Received: 1e\+30") as caught:
        tellapart.train(slice_of_fashion, "guide", learning_rate=1e30, output=tmp_path, quiet=True)
    assert "--learning-rate 0.01" in str(caught.value)
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_after_a_loss_that_is_no_number_the_last_checkpoint_is_finite_and_loads(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = build_network("guide-cnn", ImageSpec(), 10)
    steps = 1000 // 32 + 1  # of the first epoch: all goes well, and then the rate jumps
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([steps + 2], [0.001, 1e30])
    network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", ["accuracy"])
    with pytest.raises(DivergenceError, match=r"epoch 2\..*Received: 1e\+30"):
        tellapart.train(slice_of_fashion, "guide", model=network, output=tmp_path, quiet=True)
    (path,) = (tmp_path / "slice-1" / "checkpoints").glob("epoch-*")
    found = load_checkpoint(path)
    assert found.position == Position(1, 0)
    assert all(np.isfinite(array).all() for array in found.tensors.values())
