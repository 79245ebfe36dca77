"""Mistakes in recipes: all at once, each with what must hold, what came, and the fix."""

import math
from pathlib import Path
from typing import Any

import pytest

from tellapart.errors import RecipeError
from tellapart.recipe import load_recipe, parse_recipe

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown section": ({"fti": {}}, "`fti` is not a key of a recipe. Did you mean 'fit'?"),
    "unknown key": (
        {"optimizer": {"learning_rat": 0.1}},
        "`optimizer.learning_rat` is not a key of a recipe. Did you mean 'learning_rate'?",
    ),
    "key far from all": (
        {"fit": {"zzz": 1}},
        "`fit.zzz` is not a key of a recipe. Known: batch_size, class_weights, epochs, keep, "
        "label_smoothing, patience.",
    ),
    "negative rate": (
        {"optimizer": {"learning_rate": -1.0}},
        "`optimizer.learning_rate` must be greater than 0. Received: -1.0.",
    ),
    "rate that is no number": (
        {"optimizer": {"learning_rate": math.nan}},
        "`optimizer.learning_rate` must be a finite number. Received: nan.",
    ),
    "text for a number": (
        {"fit": {"epochs": "10"}},
        "`fit.epochs` must be a valid integer. Received: '10'.",
    ),
    "fraction for a count": (
        {"fit": {"batch_size": 32.0}},
        "`fit.batch_size` must be a valid integer. Received: 32.0.",
    ),
    "truth for a count": (
        {"fit": {"epochs": True}},
        "`fit.epochs` must be a valid integer. Received: True.",
    ),
    "no epoch": (
        {"fit": {"epochs": 0}},
        "`fit.epochs` must be greater than or equal to 1. Received: 0.",
    ),
    "word not on the list": (
        {"image": {"fit": "pda"}},
        "`image.fit` must be 'pad', 'crop' or 'stretch'. Received: 'pda'.",
    ),
    "two channels": ({"image": {"channels": 2}}, "`image.channels` must be 1 or 3. Received: 2."),
    "too large": (
        {"image": {"height": 5000}},
        "`image.height` must be less than or equal to 4096. Received: 5000.",
    ),
    "everything held out": (
        {"data": {"validation_fraction": 1.0}},
        "`data.validation_fraction` must be less than 1. Received: 1.0.",
    ),
    "value for a section": ({"fit": 3}, "`fit` must be a section, [fit]. Received: 3."),
    "name with a slash": (
        {"name": "../x"},
        "`name` must be letters, digits, '.', '_' and '-', and begin with a letter or digit. "
        "Received: '../x'.",
    ),
    "empty name": ({"name": ""}, "`name` must have at least 1 character. Received: ''."),
    "number for a name": ({"name": 5}, "`name` must be a valid string. Received: 5."),
    "negative seed": (
        {"seed": -1},
        "`seed` must be greater than or equal to 0. Received: -1.",
    ),
}


def message_for(values: dict[str, Any]) -> str:
    with pytest.raises(RecipeError) as caught:
        parse_recipe({"name": "x", **values}, "'x'")
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_says_what_must_hold_and_what_was_received(mistake: str) -> None:
    values, sentence = MISTAKES[mistake]
    assert message_for(values) == f"Recipe 'x' has 1 mistake:\n  {sentence}"


def test_all_mistakes_are_reported_at_once() -> None:
    message = message_for(
        {
            "optimzer": {},
            "optimizer": {"learning_rate": 0, "nmae": "adam"},
            "fit": {"epochs": "ten", "keep": "bset"},
        }
    )
    head, *lines = message.splitlines()
    assert head == "Recipe 'x' has 5 mistakes:"
    assert sorted(line.strip() for line in lines) == [
        "`fit.epochs` must be a valid integer. Received: 'ten'.",
        "`fit.keep` must be 'last' or 'best'. Received: 'bset'.",
        "`optimizer.learning_rate` must be greater than 0. Received: 0.",
        "`optimizer.nmae` is not a key of a recipe. Did you mean 'name'?",
        "`optimzer` is not a key of a recipe. Did you mean 'optimizer'?",
    ]


def test_a_recipe_without_a_name_is_told_to_write_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 1\n")
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert str(caught.value) == (
        f'Recipe {path} has 1 mistake:\n  `name` is missing. Fix: write name = "…" into the recipe.'
    )


def test_the_best_epoch_is_not_chosen_by_the_test_images() -> None:
    message = message_for({"data": {"validation": "test"}, "fit": {"keep": "best"}})
    assert "`fit.keep` must be 'last' where `data.validation` is 'test'" in message
    assert "Received: 'best'." in message
    assert message.endswith("Fix: --set data.validation=holdout")


def test_a_change_to_an_unknown_key_is_refused_like_one_in_the_file() -> None:
    with pytest.raises(RecipeError, match="`fit.epoch` is not a key") as caught:
        load_recipe("guide", {"fit.epoch": 3})
    assert str(caught.value).startswith("Recipe 'guide' has 1 mistake:")
    assert "Did you mean 'epochs'?" in str(caught.value)


def test_a_change_inside_a_single_value_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe("guide", {"fit.epochs.x": 3})
    assert str(caught.value) == ("`fit.epochs.x` names a section, but `epochs` is a single value.")
