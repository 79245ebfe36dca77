"""Out-of-fold answers: each by a network that has not seen the sample, also after a stop."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

import tellapart
from tellapart.bundle import open_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, DataError, Interrupted, OutputError, UsageError
from tellapart.progress import SILENCE, Silence
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.fold_folder import FoldsFolder
from tellapart.workflow.fold_runs import train_folds
from tellapart.workflow.folds import OutOfFold, out_of_fold, read_out_of_fold
from tellapart.workflow.preparing import fold_data

RECIPE = tellapart.load_recipe("guide-holdout", {"fit.epochs": 2})
FOLDS = 3


class _PressCtrlC(Silence):
    """Sends this process a signal in the first block of steps of one task."""

    def __init__(self, title: str) -> None:
        self._title, self._is_open = title, False

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> Any:
        self._is_open = title == self._title
        return super().task(title, total, unit)

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        if self._is_open:
            self._is_open = False
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def pictures(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 120 real pictures of two classes, one of them damaged; do not change."""
    root = tmp_path_factory.mktemp("data") / "clothes"
    train = slice_of_fashion.train
    pixels = train.decode(ImageSpec()).pixels
    for number, name in ((9, "boot"), (6, "shirt")):
        (root / name).mkdir(parents=True)
        for index in np.flatnonzero(train.targets == number)[:60]:
            Image.fromarray(pixels[index, :, :, 0]).save(root / name / f"{index}.png")
    first = min((root / "boot").iterdir())
    first.write_bytes(b"no picture")
    return root


@pytest.fixture(scope="module")
def crossed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, OutOfFold]:
    """Return a finished cross-validation; do not change its folder."""
    output = tmp_path_factory.mktemp("runs") / "clothes-cv-1"
    data = tellapart.load(pictures, quiet=True)
    return output, out_of_fold(data, RECIPE, folds=FOLDS, output=output, quiet=True)


def stamps(folder: Path) -> dict[str, int]:
    """Return when each file of the folds' runs was written."""
    return {
        str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if "fold-" in str(path)
    }


def test_each_answer_is_the_one_of_the_network_that_never_saw_the_picture(
    pictures: Path, crossed: tuple[Path, OutOfFold]
) -> None:
    output, found = crossed
    assert len(found.keys) == len(set(found.keys)) == 119
    assert found.probabilities.dtype == np.float32
    for number in range(1, FOLDS + 1):
        model = tellapart.open_model(FoldsFolder(output).run(number).bundle_path)
        chosen = np.flatnonzero(found.fold == number)
        paths = [pictures / found.keys[i] for i in chosen]
        for answer, i in zip(model.predict(paths, top=2), chosen, strict=True):
            by_name = {choice.label: choice.probability for choice in answer.choices}
            expected = [by_name[name] for name in found.class_names]
            np.testing.assert_allclose(found.probabilities[i], expected, atol=1e-5)
        names = {path.name for path in paths}
        ledger = FoldsFolder(output).run(number).ledger_path.read_text("utf-8")
        assert all(name in ledger for name in names)
    labels = [key.split("/")[0] for key in found.keys]
    assert labels == [found.class_names[target] for target in found.targets]


def test_the_run_of_a_fold_says_which_one_it_is(crossed: tuple[Path, OutOfFold]) -> None:
    output, found = crossed
    for number in range(1, FOLDS + 1):
        run = tellapart.open_run(output / f"fold-{number}")
        record = RunFolder(run.path).record()
        assert (record.fold, record.folds) == (number, FOLDS)
        assert f"fold {number} of 3" in run.evaluation.note
        assert run.evaluation.samples == int((found.fold == number).sum())


def test_the_answers_on_disk_are_the_answers_in_memory(crossed: tuple[Path, OutOfFold]) -> None:
    output, found = crossed
    read = read_out_of_fold(output)
    assert (read.keys, read.class_names) == (found.keys, found.class_names)
    np.testing.assert_array_equal(read.probabilities, found.probabilities)
    np.testing.assert_array_equal(read.fold, found.fold)
    np.testing.assert_array_equal(read.targets, found.targets)


def test_answers_that_are_damaged_missing_or_none_are_told_apart(
    crossed: tuple[Path, OutOfFold], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(crossed[0], tmp_path / "copy"))
    whole = (copy / "out-of-fold.npz").read_bytes()
    (copy / "out-of-fold.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match="out-of-fold.npz is damaged"):
        read_out_of_fold(copy)
    (copy / "out-of-fold.npz").unlink()
    with pytest.raises(BundleError, match="is not finished. Go on with"):
        read_out_of_fold(copy)
    with pytest.raises(BundleError, match="is no cross-validation"):
        read_out_of_fold(tmp_path)


def test_finished_folds_are_not_trained_again(
    pictures: Path, crossed: tuple[Path, OutOfFold]
) -> None:
    output, found = crossed
    before = stamps(output)
    data = tellapart.load(pictures, quiet=True)
    again = out_of_fold(data, RECIPE, folds=FOLDS, output=output, quiet=True)
    assert stamps(output) == before
    np.testing.assert_array_equal(again.probabilities, found.probabilities)


def test_a_lost_fold_is_trained_again_to_the_same_answers_and_weights(
    pictures: Path, crossed: tuple[Path, OutOfFold], tmp_path: Path
) -> None:
    output, found = crossed
    copy = Path(shutil.copytree(output, tmp_path / "copy"))
    shutil.rmtree(copy / "fold-2")
    (copy / "out-of-fold.npz").unlink()
    before = stamps(copy)
    data = tellapart.load(pictures, quiet=True)
    again = out_of_fold(data, RECIPE, folds=FOLDS, output=copy, quiet=True)
    assert stamps(copy).items() >= before.items()
    np.testing.assert_array_equal(again.probabilities, found.probabilities)
    old, new = (open_bundle(root / "fold-2" / "model.tellapart") for root in (output, copy))
    for name, weight in old.weights.items():
        np.testing.assert_array_equal(new.weights[name], weight)


def test_a_fold_replays_bit_for_bit(crossed: tuple[Path, OutOfFold], tmp_path: Path) -> None:
    output, _ = crossed
    found = tellapart.replay(output / "fold-1", output=tmp_path, quiet=True)
    assert found.equal, str(found)


def test_other_data_another_recipe_and_other_folds_are_refused(
    pictures: Path, crossed: tuple[Path, OutOfFold]
) -> None:
    output, _ = crossed
    data = tellapart.load(pictures, quiet=True)
    with pytest.raises(UsageError, match="the recipe and the folds that it began with"):
        out_of_fold(data, RECIPE, folds=4, output=output, quiet=True)
    other = RECIPE.model_copy(update={"fit": RECIPE.fit.model_copy(update={"epochs": 3})})
    with pytest.raises(UsageError, match="the recipe and the folds that it began with"):
        out_of_fold(data, other, folds=FOLDS, output=output, quiet=True)
    fewer = replace(data, splits={"train": data.train.take(np.arange(10, 110))})
    with pytest.raises(DataError, match="have changed since"):
        out_of_fold(fewer, RECIPE, folds=FOLDS, output=output, quiet=True)


def test_a_folder_with_something_else_in_it_is_refused_and_left_as_it_is(
    pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "fold-1").mkdir()
    (tmp_path / "fold-1" / "mine.txt").write_text("mine", "utf-8")
    data = tellapart.load(pictures, quiet=True)
    with pytest.raises(OutputError, match="with something else in it"):
        out_of_fold(data, RECIPE, folds=FOLDS, output=tmp_path, quiet=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["fold-1", "mine.txt"]


def test_answers_about_other_samples_are_refused(
    pictures: Path, crossed: tuple[Path, OutOfFold], tmp_path: Path
) -> None:
    output, _ = crossed
    copy = Path(shutil.copytree(output, tmp_path / "copy"))
    shutil.copy(copy / "fold-1" / "predictions.npz", copy / "fold-2" / "predictions.npz")
    data = tellapart.load(pictures, quiet=True)
    with pytest.raises(BundleError, match="an answer about each sample of fold 2"):
        out_of_fold(data, RECIPE, folds=FOLDS, output=copy, quiet=True)


def test_strict_refuses_what_cannot_be_read_before_anything_is_written(
    pictures: Path, tmp_path: Path
) -> None:
    data = tellapart.load(pictures, quiet=True)
    output = tmp_path / "cv"
    with pytest.raises(DataError, match="1 picture cannot be read"):
        out_of_fold(data, RECIPE, folds=FOLDS, output=output, quiet=True, strict=True)
    assert not output.exists()


def test_near_duplicates_stay_in_one_fold_where_the_recipe_says_so(
    pictures: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(pictures, tmp_path / "copies"))
    for path in sorted((root / "shirt").iterdir())[:20]:
        shutil.copy(path, path.with_stem(f"{path.stem}-copy"))
    recipe = tellapart.load_recipe(RECIPE, {"data.near_duplicates": "together"})
    folded = fold_data(tellapart.load(root, quiet=True), recipe, FOLDS, SILENCE)
    fold_of = {
        folded.samples.images.key(int(i)): number
        for number, held in enumerate(folded.members)
        for i in held
    }
    copies = [key for key in fold_of if "-copy" in key]
    assert len(copies) == 20
    assert all(fold_of[key] == fold_of[key.replace("-copy", "")] for key in copies)


def test_a_stop_in_a_fold_is_gone_on_with_from_there(
    pictures: Path, crossed: tuple[Path, OutOfFold], tmp_path: Path
) -> None:
    output, found = crossed
    target = FoldsFolder(tmp_path / "cv")
    target.begin(RECIPE, FoldsFolder(output).record())
    data = tellapart.load(pictures, quiet=True)
    folded = fold_data(data, RECIPE, FOLDS, SILENCE)
    with pytest.raises(Interrupted, match="fold 2 of 3.*\n?.*cross-validate --resume") as stop:
        train_folds(target, folded, _PressCtrlC("fold 2 of 3: training"))
    assert stop.value.exit_code == 130
    assert target.run(2).has_checkpoint()
    assert not target.run(3).path.exists()
    before = stamps(target.path / "fold-1")
    again = out_of_fold(data, RECIPE, folds=FOLDS, output=target.path, quiet=True)
    assert stamps(target.path / "fold-1") == before
    np.testing.assert_array_equal(again.probabilities, found.probabilities)
