"""Training a run again from its folder: equal where nothing changed, told where something did."""

import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import tellapart
from pressing import PressCtrlC
from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, DataError, Interrupted, ModelError, UsageError
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run
from tellapart.workflow.session import Session

pytestmark = pytest.mark.core


def _interrupted(source: Path, output: Path) -> Path:
    """Return the folder of a run that was stopped within its second epoch."""
    recipe = tellapart.load_recipe("guide", {"fit.epochs": 2})
    folder = RunFolder.create(output, "run")
    session = Session(folder, PressCtrlC(1320))
    session.begin(tellapart.load(source, quiet=True), recipe, None, strict=False)
    with pytest.raises(Interrupted):
        session.finish()
    return folder.path


def _copy(run: Run, to: Path) -> RunFolder:
    return RunFolder(Path(shutil.copytree(run.path, to / "copy-1")))


def _change_record(folder: RunFolder, **changes: object) -> None:
    record = folder.record().model_copy(update=changes)
    folder.record_path.write_text(record.model_dump_json(), "utf-8")


def _contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def _looks_beside(run: Run) -> int:
    """Return how often the runs in a run's parent folder have looked at their test images."""
    lists = run.path.parent.glob(f"*/{RunFolder(run.path).looks_path.name}")
    return sum(len(path.read_text("utf-8").splitlines()) for path in lists)


def test_a_run_replays_bit_for_bit_into_a_folder_beside_it_and_stays_as_it_was(
    file_run: Run,
) -> None:
    before, looks = _contents(file_run.path), _looks_beside(file_run)
    found = tellapart.replay(file_run.path, quiet=True)
    assert found.equal
    assert (found.weights.differing, found.weights.largest_difference) == (0, 0.0)
    assert found.weights.tensors == len(file_run.model.network.weights)
    assert (found.first_different_epoch, found.scores, found.circumstances) == (None, (), ())
    assert Path(found.replay).parent == file_run.path.parent
    assert re.fullmatch(rf"{file_run.path.name}-replay-\d+", Path(found.replay).name)
    scores = tellapart.open_run(found.replay).evaluation
    assert (file_run.evaluation.looks, scores.looks) == (0, looks)
    told = {"looks": 0, "note": file_run.evaluation.note}
    assert scores.model_copy(update=told) == file_run.evaluation
    assert _contents(file_run.path) == before
    assert json.loads(found.to_json())["equal"] is True
    assert str(found).endswith("replays: weights, history and scores are equal, bit for bit.")


def test_a_run_that_was_interrupted_and_gone_on_with_replays_too(
    slice_file: Path, tmp_path: Path
) -> None:
    path = _interrupted(slice_file, tmp_path)
    tellapart.train(resume=path, quiet=True)
    assert tellapart.replay(path, quiet=True).equal


def test_a_run_that_went_on_with_another_batch_size_is_refused(
    slice_file: Path, tmp_path: Path
) -> None:
    path = _interrupted(slice_file, tmp_path)
    tellapart.train(resume=path, batch_size=50, quiet=True)
    assert RunFolder(path).record().earlier_batch_sizes == (32,)
    with pytest.raises(
        BundleError, match="began with batches of 32 and went on with batches of 50"
    ):
        tellapart.replay(path, quiet=True)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def _with_a_changed_weight(bundle: Bundle) -> Bundle:
    name = next(iter(bundle.weights))
    changed = np.array(bundle.weights[name])
    changed.flat[0] += 0.5
    return Bundle(bundle.manifest, {**bundle.weights, name: changed}, bundle.golden)


def test_what_differs_is_told_with_the_versions_that_changed(file_run: Run, tmp_path: Path) -> None:
    folder = _copy(file_run, tmp_path)
    write_bundle(folder.bundle_path, _with_a_changed_weight(open_bundle(folder.bundle_path)))
    versions = folder.record().versions | {"numpy": "1.0"}
    _change_record(folder, versions=versions, machine={})
    found = tellapart.replay(folder.path, quiet=True)
    assert not found.equal
    assert (found.weights.differing, found.first_different_epoch, found.scores) == (1, None, ())
    assert found.weights.largest_difference == pytest.approx(0.5)
    fields = {one.field: one.a for one in found.circumstances}
    assert fields["numpy"] == "1.0"
    assert fields["processors"] is None
    assert fields["numpy within the run"] == "1.0"
    assert "does not replay: other weights. These differ too: numpy, " in str(found)


def test_another_seed_in_recipe_and_bundle_gives_other_weights_history_and_scores(
    file_run: Run, tmp_path: Path
) -> None:
    folder = _copy(file_run, tmp_path)
    recipe = tellapart.load_recipe(file_run.recipe, {"seed": 5})
    folder.recipe_path.write_text(recipe.to_toml(), "utf-8")
    bundle = open_bundle(folder.bundle_path)
    manifest = bundle.manifest.model_copy(update={"recipe": recipe.to_toml()})
    write_bundle(folder.bundle_path, Bundle(manifest, bundle.weights, bundle.golden))
    found = tellapart.replay(folder.path, quiet=True)
    assert found.first_different_epoch == 1
    assert found.weights.differing > 0
    assert {"accuracy", "loss"} & {one.field for one in found.scores}
    assert "other weights, history, scores. Versions and machine are the same." in str(found)


def test_a_recipe_that_was_edited_after_the_training_is_refused(
    file_run: Run, tmp_path: Path
) -> None:
    folder = _copy(file_run, tmp_path)
    recipe = tellapart.load_recipe(file_run.recipe, {"seed": 5})
    folder.recipe_path.write_text(recipe.to_toml(), "utf-8")
    with pytest.raises(BundleError, match="its recipe.toml is not the recipe"):
        tellapart.replay(folder.path, quiet=True)


def test_data_that_changed_are_refused_and_no_folder_is_left(
    file_run: Run, slice_file: Path, tmp_path: Path
) -> None:
    folder = _copy(file_run, tmp_path / "runs")
    with np.load(slice_file) as arrays:
        changed = dict(arrays)
    changed["x_train"][0, 0, 0, 0] ^= 1
    np.savez(tmp_path / "slice.npz", **changed)
    _change_record(folder, source=str(tmp_path / "slice.npz"))
    with pytest.raises(DataError, match="has changed since the run"):
        tellapart.replay(folder.path, quiet=True)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["copy-1"]


def test_a_run_on_arrays_needs_them_again_and_replays_with_them(
    run: Run, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"Give the same data again: tellapart.replay\(run, data="):
        tellapart.replay(run, output=tmp_path, quiet=True)
    found = tellapart.replay(run, data=slice_of_fashion, output=tmp_path, quiet=True)
    assert found.equal
    assert Path(found.replay).parent == tmp_path


def _own_network() -> keras.Model:
    keras.utils.set_random_seed(3)
    scaled = keras.layers.Rescaling(1 / 255)
    layers = [scaled, keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers])


def test_a_network_of_ones_own_is_asked_for_and_replays_when_it_is_given_again(
    slice_file: Path, tmp_path: Path
) -> None:
    run = tellapart.train(slice_file, model=_own_network(), epochs=1, output=tmp_path, quiet=True)
    with pytest.raises(ModelError, match="its first weights are not kept"):
        tellapart.replay(run, quiet=True)
    assert tellapart.replay(run, model=_own_network(), quiet=True).equal


def test_another_network_of_equal_shapes_is_refused_and_no_folder_is_left(
    slice_file: Path, tmp_path: Path
) -> None:
    run = tellapart.train(slice_file, model=_own_network(), epochs=1, output=tmp_path, quiet=True)
    other = keras.Sequential([keras.Input((28, 28, 1)), *_own_network().layers[1:]])
    with pytest.raises(ModelError, match="must be the network that the run began with"):
        tellapart.replay(run, model=other, quiet=True)
    assert list(tmp_path.iterdir()) == [run.path]


def test_a_network_for_a_run_that_has_ours_is_refused(file_run: Run) -> None:
    with pytest.raises(UsageError, match="leave out `model`"):
        tellapart.replay(file_run, model=_own_network(), quiet=True)


def test_a_run_that_is_not_finished_is_refused(file_run: Run, tmp_path: Path) -> None:
    folder = _copy(file_run, tmp_path)
    folder.evaluation_path.unlink()
    with pytest.raises(BundleError, match="is not finished. Go on with"):
        tellapart.replay(folder.path, quiet=True)


def test_a_replay_never_writes_into_the_run_that_it_repeats(
    file_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _contents(file_run.path)
    with pytest.raises(UsageError, match="must not write into the run"):
        tellapart.replay(file_run, output=file_run.path / "again", quiet=True)
    monkeypatch.chdir(file_run.path)
    found = tellapart.replay(".", quiet=True)
    assert found.equal
    assert Path(found.replay).parent == file_run.path.parent
    assert _contents(file_run.path) == before
