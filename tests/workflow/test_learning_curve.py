"""A learning curve: nested parts, one set of images to score on, and the test images unseen."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.evaluate.learning import LearningCurve
from tellapart.recipe import load_recipe
from tellapart.workflow.learning_curve import _for_size, _parts_of


def test_the_parts_are_nested_and_the_scored_images_are_in_none_of_them(
    slice_of_fashion: Dataset,
) -> None:
    parts = _parts_of(slice_of_fashion, load_recipe("fast"))
    sizes = [len(part.train) for part in parts]
    assert sizes == sorted(sizes)
    assert sizes[0] == pytest.approx(sizes[-1] / 8, rel=0.1)
    held = set(parts[0].test.keys)
    own = set(slice_of_fashion.train.keys)
    assert held < own
    assert len(held) == pytest.approx(200, abs=10)
    for smaller, larger in itertools.pairwise(parts):
        assert set(smaller.train.keys) <= set(larger.train.keys)
        assert not set(larger.train.keys) & held
        assert larger.test.keys == parts[0].test.keys


def test_smaller_parts_are_passed_over_more_often_where_the_recipe_is_the_usual_one() -> None:
    fast, accurate, photos = (load_recipe(name) for name in ("fast", "accurate", "photos"))
    assert [_for_size(fast, size).fit.epochs for size in (6_000, 48_000)] == [18, 3]
    assert [_for_size(accurate, size).fit.epochs for size in (1_000, 10_000)] == [30, 15]
    assert _for_size(photos, 1_000) == photos


def test_the_verb_trains_each_size_and_concludes(slice_file: Path, in_tmp: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    words = ["learning-curve", str(slice_file), "--recipe", "fast", "--epochs", "1", "--quiet"]
    assert main(words) == 0
    said = capsys.readouterr().out
    folder = in_tmp / "runs" / "slice-learning-curve-1"
    curve = LearningCurve.model_validate_json((folder / "learning-curve.json").read_bytes())
    assert len(curve.sizes) == 4
    assert curve.conclusion in said
    assert (folder / "learning-curve.png").read_bytes().startswith(b"\x89PNG")
    runs = [tellapart.open_run(path) for path in folder.iterdir() if path.is_dir()]
    assert len({run.evaluation.samples for run in runs}) == 1
    assert np.isclose(
        max(run.evaluation.accuracy.value for run in runs),
        max(score.value for score in curve.accuracies),
    )
