"""Which recipe trains what, where nobody names one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import RecipeError
from tellapart.progress import open_progress
from tellapart.recipe import Recipe, load_recipe
from tellapart.workflow.defaults import FEW, check_settings, choose_recipe, usual_recipe
from tellapart.workflow.preparing import tell_of_recipe


def _arrays(*shape: int, count: int = 4) -> Dataset:
    images = np.zeros((count, *shape), np.uint8)
    return tellapart.load((images, [0, 1] * (count // 2)), quiet=True)


def _usual(data: Dataset, budget: float | None = None) -> Recipe:
    return load_recipe(*usual_recipe(data, own_network=False, budget=budget))


@pytest.mark.parametrize(("count", "name"), [(100, "accurate"), (FEW + 2, "fast")])
def test_small_grey_pictures_are_trained_at_their_own_size(count: int, name: str) -> None:
    recipe = _usual(_arrays(20, 24, count=count))
    assert (recipe.name, recipe.image.shape) == (name, (20, 24, 1))


def test_tiny_grey_pictures_are_enlarged_to_the_size_of_the_recipe() -> None:
    assert _usual(_arrays(8, 8)).image.shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("count", "batch", "passes"), [(100, 32, 30), (5_000, 32, 30), (10_000, 64, 15), (FEW, 64, 10)]
)
def test_a_few_small_grey_pictures_are_trained_by_accurate_unmirrored_for_two_minutes(
    count: int, batch: int, passes: int
) -> None:
    recipe = _usual(_arrays(16, 16, count=count))
    assert (recipe.name, recipe.augment.flip) == ("accurate", False)
    assert (recipe.fit.batch_size, recipe.fit.epochs) == (batch, passes)


@pytest.mark.parametrize(
    ("count", "passes"), [(FEW + 2, 8), (20_000, 6), (60_000, 2), (200_000, 2)]
)
def test_fast_passes_more_often_over_fewer_pictures_than_fashion_mnist_has(
    count: int, passes: int
) -> None:
    recipe = _usual(_arrays(16, 16, count=count))
    assert (recipe.name, recipe.fit.epochs, recipe.fit.batch_size) == ("fast", passes, 128)


def test_settings_of_ones_own_go_before_what_the_data_ask_for() -> None:
    recipe = choose_recipe(_arrays(16, 16, count=20_000), None, {"fit.epochs": 3})
    assert (recipe.name, recipe.fit.epochs) == ("fast", 3)


@pytest.mark.parametrize("count", [100, 6_000])
@pytest.mark.parametrize(
    ("budget", "name", "mirrors"), [(30.0, "fast", False), (180.0, "accurate", False)]
)
def test_small_grey_pictures_with_minutes_of_time_are_trained_by_accurate_unmirrored(
    budget: float, name: str, mirrors: bool, count: int
) -> None:
    recipe = _usual(_arrays(28, 28, count=count), budget)
    assert (recipe.name, recipe.augment.flip) == (name, mirrors)


@pytest.mark.parametrize(
    ("shape", "taken"),
    [((32, 32, 3), (32, 32, 3)), ((64, 80, 1), (64, 80, 1)), ((200, 150, 3), (200, 150, 3))],
)
def test_other_arrays_are_trained_by_photos_at_their_own_size(
    shape: tuple[int, ...], taken: tuple[int, ...]
) -> None:
    name, changes = usual_recipe(_arrays(*shape), own_network=False)
    assert (name, load_recipe(name, changes).image.shape) == ("photos", taken)


def _files(folder: Path, *sizes: tuple[int, int], mode: str = "L") -> Dataset:
    for number, size in enumerate(sizes * 2):
        path = folder / f"{number % 2}" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new(mode, size, number).save(path)
    (folder / "0" / "damaged.png").write_bytes(b"no picture")
    return tellapart.load(folder, quiet=True)


@pytest.mark.parametrize(
    ("size", "mode", "taken"),
    [
        ((24, 20), "L", ("accurate", (20, 24, 1))),
        ((32, 32), "RGB", ("photos", (32, 32, 3))),
        ((64, 80), "L", ("photos", (80, 64, 1))),
        ((120, 100), "RGB", ("photos", (96, 96, 3))),
    ],
)
def test_small_files_of_one_size_are_trained_as_arrays_are_and_larger_ones_as_photos(
    size: tuple[int, int], mode: str, taken: object, tmp_path: Path
) -> None:
    name, changes = usual_recipe(_files(tmp_path, size, mode=mode), own_network=False)
    assert (name, load_recipe(name, changes).image.shape) == taken


def test_files_of_several_sizes_are_trained_by_photos_at_its_size(tmp_path: Path) -> None:
    assert usual_recipe(_files(tmp_path, (20, 20), (24, 20)), own_network=False) == ("photos", {})


def test_settings_may_be_what_the_recipe_chosen_later_allows() -> None:
    check_settings(None, {"fit.keep": "best", "fit.patience": 2})
    with pytest.raises(RecipeError, match="(?s)Recipe 'usual' has 1 mistake.*fit.keeep"):
        check_settings(None, {"fit.keeep": "best"})
    with pytest.raises(RecipeError, match="(?s)Recipe 'guide' has 1 mistake.*must be 'last'"):
        check_settings("guide", {"fit.keep": "best"})


def test_a_run_says_its_recipe_and_how_pictures_are_varied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_of_recipe(load_recipe("photos"), open_progress(quiet=False), 6_000)
    said = " ".join(capsys.readouterr().err.split())
    assert "Recipe 'photos', network 'photo-resnet': pictures of 96×96×3, 30 epochs" in said
    assert "mirrored (where left and right matter: --set augment.flip=false), cropped" in said
    tell_of_recipe(load_recipe("guide"), open_progress(quiet=False), None)
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("as long as the budget lasts in batches of 32.")


def test_an_average_that_is_too_slow_for_the_training_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    slow = load_recipe("guide", {"optimizer.ema": 0.999, "fit.epochs": 2})
    tell_of_recipe(slow, open_progress(quiet=False), 540)
    assert "averages weights over some 1,000 steps, and this training has 34" in " ".join(
        capsys.readouterr().err.split()
    )
    tell_of_recipe(slow, open_progress(quiet=False), 60_000)
    assert "averages" not in capsys.readouterr().err


def test_a_network_of_ones_own_is_trained_by_guide(slice_of_fashion: Dataset) -> None:
    assert usual_recipe(slice_of_fashion, own_network=True) == ("guide", {})
