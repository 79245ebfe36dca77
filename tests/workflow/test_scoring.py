"""What a run writes down of its scores: temperature, baselines, slices, pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.data.filed import FileImages
from tellapart.data.prepare import Part, prepare
from tellapart.data.samples import Samples
from tellapart.errors import BundleError
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.background import background_of, draw_pieces, group_numbers
from tellapart.workflow.runs import Run
from tellapart.workflow.scoring import known_of, looking_ahead


@pytest.fixture(scope="module")
def held_out(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run with validation images of its own."""
    output = tmp_path_factory.mktemp("held-out")
    return tellapart.train(slice_of_fashion, "guide-holdout", epochs=1, output=output, quiet=True)


def test_the_temperature_comes_from_validation_images(held_out: Run) -> None:
    found = held_out.evaluation.calibration
    assert found is not None
    assert found.after is not None
    assert found.temperature != 1.0


def test_without_validation_images_of_their_own_there_is_no_temperature(run: Run) -> None:
    found = run.evaluation.calibration
    assert found is not None
    assert (found.temperature, found.after) == (None, None)


def test_a_later_evaluation_uses_the_runs_own_temperature(
    held_out: Run, slice_of_fashion: Dataset
) -> None:
    found = tellapart.evaluate(held_out, slice_of_fashion, quiet=True)
    assert found.calibration == held_out.evaluation.calibration


def test_baselines_and_slices_are_beside_the_score(run: Run) -> None:
    names = [one.name for one in run.evaluation.baselines]
    assert names == [
        "the commonest class",
        "the nearest of some training pictures, 8 × 8 pixels each",
    ]
    majority, nearest = run.evaluation.baselines
    assert majority.accuracy.value < 0.2 < 0.5 < nearest.accuracy.value
    assert run.evaluation.slices_tried == 9


def test_the_pictures_are_saved(run: Run) -> None:
    names = {path.name for path in (run.path / "plots").iterdir()}
    assert {"reliability.png", "risk-coverage.png", "roc.png"} <= names


def test_a_run_of_an_older_version_is_read_and_says_so(run: Run, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    kept = ("data", "split", "samples", "loss", "accuracy", "confusion", "confused", "note")
    values = json.loads(run.evaluation.to_json())
    older = {name: values[name] for name in kept} | {"classes": []}
    folder.evaluation_path.write_text(json.dumps(older), "utf-8")
    folder.recipe_path.write_text(run.recipe.to_toml(), "utf-8")
    found = tellapart.open_run(tmp_path)
    assert found.evaluation.accuracy == run.evaluation.accuracy
    with pytest.raises(BundleError, match="older version.*tellapart evaluate"):
        found.show_reliability()


def test_samples_without_a_group_are_on_their_own() -> None:
    numbers = group_numbers(["a", "", "b", "a", ""])
    assert numbers is not None
    assert numbers.tolist() == [0, 1, 2, 0, 3]
    assert group_numbers(["", ""]) is None
    assert group_numbers(None) is None


def test_of_files_the_sizes_are_known_and_groups_are_those_of_the_kept(tmp_path: Path) -> None:
    paths = []
    for number in range(30):
        path = tmp_path / f"{number}.png"
        Image.new("L", (10 + number, 10), number).save(path)
        paths.append(Path(path.name))
    groups = tuple(f"g{number // 2}" for number in range(30))
    samples = Samples(
        FileImages(tmp_path, tuple(paths)), np.arange(30) % 2, ("a", "b"), "test", groups
    )
    kept = np.arange(4, 30)
    pixels = samples.take(kept).decode(ImageSpec()).pixels
    known = background_of(samples, kept, Part(pixels, samples.targets[kept]), None)
    assert known.facts["pixels in the file"].tolist() == [10.0 * (10 + n) for n in range(4, 30)]
    assert known.facts["width / height"][0] == 1.4
    assert known.groups is not None
    assert known.groups.tolist() == [n // 2 for n in range(26)]
    assert [one.name for one in known.baselines] == ["the commonest class"]


def test_a_part_is_drawn_at_random_in_its_order_a_few_at_a_time() -> None:
    pixels = np.arange(1000, dtype=np.int64).astype(np.uint8).reshape(1000, 1, 1, 1)
    part = Part(pixels, np.arange(1000))
    drawn = list(draw_pieces(part, 600))
    assert [len(piece) for piece in drawn] == [256, 256, 88]
    targets = np.concatenate([piece.targets for piece in drawn])
    assert (np.diff(targets) > 0).all()
    assert targets[-1] > 900
    shown = np.concatenate([np.asarray(piece.pixels).ravel() for piece in drawn])
    assert shown.tolist() == (targets % 256).tolist()
    assert sum(len(piece) for piece in draw_pieces(part, 1000)) == 1000


def test_what_is_looked_for_ahead_is_what_would_be_found_at_the_end(
    slice_of_fashion: Dataset,
) -> None:
    prepared = prepare(slice_of_fashion, load_recipe("guide-holdout"))
    with looking_ahead(prepared) as known:
        assert known is not None
    early, late = known.result(), known_of(prepared, "test", prepared.test)
    assert early.baselines == late.baselines
    assert early.facts.keys() == late.facts.keys()
    for name, values in late.facts.items():
        np.testing.assert_array_equal(early.facts[name], values)


def test_nothing_is_looked_for_ahead_where_pictures_are_many(
    slice_of_fashion: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(slice_of_fashion, load_recipe("guide-holdout"))
    monkeypatch.setattr("tellapart.workflow.scoring.MOST_AHEAD", 1000)
    with looking_ahead(prepared) as known:
        assert known is None
