"""Which recipe trains what, where nobody names one."""

import numpy as np
import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.recipe import load_recipe
from tellapart.workflow.defaults import usual_recipe


def _arrays(*shape: int) -> Dataset:
    images = np.zeros((4, *shape), np.uint8)
    return tellapart.load((images, [0, 1, 0, 1]), quiet=True)


def test_small_grey_pictures_are_trained_by_fast_at_their_own_size() -> None:
    name, changes = usual_recipe(_arrays(20, 24), own_network=False)
    image = load_recipe(name, changes).image
    assert (name, image.shape) == ("fast", (20, 24, 1))


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


def test_a_network_of_ones_own_is_trained_by_guide(slice_of_fashion: Dataset) -> None:
    assert usual_recipe(slice_of_fashion, own_network=True) == ("guide", {})
