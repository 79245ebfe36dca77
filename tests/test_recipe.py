"""Recipes: TOML in and out, built-in ones, and changes to single fields."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import tellapart
from tellapart.errors import RecipeError, UsageError
from tellapart.recipe import (
    Recipe,
    load_recipe,
    parse_recipe,
    parse_setting,
    recipe_names,
    recipe_text,
)
from tellapart.sections import DataSection, FitSection, ImageSpec, ModelSection, OptimizerSection

FRACTIONS = st.floats(0, 1, exclude_min=True, exclude_max=True)
COUNTS = st.integers(1, 2**63 - 1)
SIDES = st.integers(1, 4096)
RECIPES = st.builds(
    Recipe,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    description=st.text(),
    seed=st.integers(0, 2**32 - 1),
    data=st.builds(
        DataSection,
        validation=st.just("holdout"),
        validation_fraction=FRACTIONS,
        test_fraction=FRACTIONS,
    ),
    image=st.builds(
        ImageSpec,
        height=SIDES,
        width=SIDES,
        channels=st.sampled_from([1, 3]),
        fit=st.sampled_from(["pad", "crop", "stretch"]),
        interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
        background=st.integers(0, 255),
    ),
    model=st.builds(ModelSection, name=st.sampled_from(["guide-cnn", "custom"])),
    optimizer=st.builds(
        OptimizerSection,
        name=st.sampled_from(["adam", "adamw", "sgd", "rmsprop"]),
        learning_rate=st.floats(0, exclude_min=True, allow_infinity=False),
    ),
    fit=st.builds(
        FitSection, epochs=COUNTS, batch_size=COUNTS, keep=st.sampled_from(["last", "best"])
    ),
)


@settings(deadline=None)
@given(RECIPES)
def test_a_recipe_survives_its_own_toml(recipe: Recipe) -> None:
    assert parse_recipe(tomllib.loads(recipe.to_toml()), "'x'") == recipe


@settings(deadline=None)
@given(RECIPES)
def test_the_smoke_variant_differs_in_its_epochs_only(recipe: Recipe) -> None:
    smoke = recipe.smoke()
    assert smoke.fit.epochs == 1
    assert smoke.model_copy(update={"fit": recipe.fit}) == recipe
    assert smoke.fit.model_copy(update={"epochs": recipe.fit.epochs}) == recipe.fit


@pytest.mark.parametrize("name", recipe_names())
def test_every_built_in_recipe_bears_its_file_name_and_round_trips(
    name: str, tmp_path: Path
) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    path = tmp_path / "copy.toml"
    path.write_text(recipe.to_toml(), "utf-8")
    assert load_recipe(path) == load_recipe(str(path)) == load_recipe(recipe) == recipe
    assert load_recipe(recipe.smoke()).fit.epochs == 1


@pytest.mark.parametrize("name", recipe_names())
def test_the_text_of_a_recipe_is_its_file_with_comments(name: str) -> None:
    path = Path(tellapart.__file__).parent / "recipes" / f"{name}.toml"
    assert recipe_text(name) == path.read_text("utf-8")
    assert parse_recipe(tomllib.loads(recipe_text(name)), name) == load_recipe(name)


def test_the_guide_is_among_the_recipes_and_is_the_guide() -> None:
    assert "guide" in recipe_names()
    assert list(recipe_names()) == sorted(recipe_names())
    guide = load_recipe("guide")
    assert guide.image.shape == (28, 28, 1)
    assert (guide.fit.epochs, guide.fit.batch_size, guide.fit.keep) == (10, 32, "last")
    assert (guide.optimizer.name, guide.optimizer.learning_rate) == ("adam", 0.001)
    assert (guide.data.validation, guide.model.name) == ("test", "guide-cnn")


def test_changes_reach_their_fields_and_nothing_else() -> None:
    changed = load_recipe("guide", {"fit.epochs": 3, "seed": 7})
    assert (changed.fit.epochs, changed.seed) == (3, 7)
    assert load_recipe(changed, {"fit.epochs": 10, "seed": 0}) == load_recipe("guide")


def test_a_change_may_name_a_section_that_the_file_leaves_out() -> None:
    assert load_recipe(Recipe(name="x"), {"data.test_fraction": 0.5}).data.test_fraction == 0.5
    assert load_recipe("guide", {"image.background": 255}).image.background == 255


def test_a_recipe_cannot_be_changed_in_place() -> None:
    recipe = load_recipe("guide")
    with pytest.raises(ValidationError, match="frozen"):
        recipe.seed = 3
    assert recipe.seed == 0


def test_a_size_reads_as_people_write_it() -> None:
    assert str(ImageSpec(height=32, width=48, channels=3)) == "32×48×3"


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("fit.epochs=3", ("fit.epochs", 3)),
        (" fit.epochs = 3 ", ("fit.epochs", 3)),
        ("optimizer.learning_rate=1e-4", ("optimizer.learning_rate", 1e-4)),
        ("fit.keep=last", ("fit.keep", "last")),
        ('fit.keep="last"', ("fit.keep", "last")),
        ("description=a = b", ("description", "a = b")),
        ("description=", ("description", "")),
        ("a.b=true", ("a.b", True)),
    ],
)
def test_a_setting_is_read_as_toml_or_as_text(text: str, setting: tuple[str, object]) -> None:
    assert parse_setting(text) == setting


@pytest.mark.parametrize("text", ["fit.epochs", "", "=3", " =3"])
def test_a_setting_without_key_or_sign_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_setting(text)
    assert caught.value.exit_code == 2
    assert str(caught.value) == f"A setting must read section.key=value. Received: '{text}'."


def test_an_unknown_recipe_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe("gude")
    assert caught.value.exit_code == 2
    assert str(caught.value) == "Unknown recipe 'gude'. Did you mean 'guide'?"


def test_a_missing_recipe_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    assert str(caught.value) == f"Cannot read the recipe {path}: No such file or directory."


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[fit\n"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith(f"Recipe {path} is not valid TOML: ")
