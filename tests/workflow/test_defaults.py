"""Which recipe trains what, where nobody names one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import RecipeError
from tellapart.progress import open_progress
from tellapart.recipe import load_recipe
from tellapart.workflow.defaults import check_settings, usual_recipe
from tellapart.workflow.preparing import tell_of_recipe


def _arrays(*shape: int) -> Dataset:
    images = np.zeros((4, *shape), np.uint8)
    return tellapart.load((images, [0, 1, 0, 1]), quiet=True)


def test_small_grey_pictures_are_trained_by_fast_at_their_own_size() -> None:
    name, changes = usual_recipe(_arrays(20, 24), own_network=False)
    image = load_recipe(name, changes).image
    assert (name, image.shape) == ("fast", (20, 24, 1))


def test_tiny_grey_pictures_are_enlarged_to_the_size_of_fast() -> None:
    name, changes = usual_recipe(_arrays(8, 8), own_network=False)
    assert (name, load_recipe(name, changes).image.shape) == ("fast", (28, 28, 1))


@pytest.mark.parametrize(
    ("budget", "name", "mirrors"), [(30.0, "fast", False), (180.0, "accurate", False)]
)
def test_small_grey_pictures_with_minutes_of_time_are_trained_by_accurate_unmirrored(
    budget: float, name: str, mirrors: bool
) -> None:
    found, changes = usual_recipe(_arrays(28, 28), own_network=False, budget=budget)
    assert (found, load_recipe(found, changes).augment.flip) == (name, mirrors)


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
        ((24, 20), "L", ("fast", (20, 24, 1))),
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
    tell_of_recipe(load_recipe("photos"), open_progress(quiet=False), by_time=False)
    said = " ".join(capsys.readouterr().err.split())
    assert "Recipe 'photos', network 'photo-resnet': pictures of 96×96×3, 30 epochs" in said
    assert "mirrored (where left and right matter: --set augment.flip=false), cropped" in said
    tell_of_recipe(load_recipe("guide"), open_progress(quiet=False), by_time=True)
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("as long as the budget lasts in batches of 32.")


def test_a_network_of_ones_own_is_trained_by_guide(slice_of_fashion: Dataset) -> None:
    assert usual_recipe(slice_of_fashion, own_network=True) == ("guide", {})
