"""Recipes: everything that decides a training run, as frozen records, TOML in and out.

Every mistake in a recipe is reported at once, each with the nearest thing that is known.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

import tomli_w
from pydantic import BaseModel, Field, ValidationError, model_validator

from tellapart.errors import RecipeError, UsageError, did_you_mean
from tellapart.sections import (
    AnswersSection,
    AugmentSection,
    DataSection,
    FitSection,
    ImageSpec,
    ModelSection,
    OptimizerSection,
    Section,
)


class Recipe(Section):
    """Everything that decides a training run.

    Example:
        >>> recipe = load_recipe("guide", {"fit.epochs": 2})
        >>> recipe.fit.epochs, recipe.optimizer.name
        (2, 'adam')
    """

    name: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    description: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    data: DataSection = DataSection()
    image: ImageSpec = ImageSpec()
    model: ModelSection = ModelSection()
    optimizer: OptimizerSection = OptimizerSection()
    augment: AugmentSection = AugmentSection()
    fit: FitSection = FitSection()
    answers: AnswersSection = AnswersSection()

    @model_validator(mode="after")
    def _choose_nothing_by_the_test_images(self) -> Self:
        if self.data.validation == "test" and self.fit.keep == "best":
            raise ValueError(
                "`fit.keep` must be 'last' where `data.validation` is 'test': choosing the best "
                "epoch by the test images makes the test score a lie. Received: 'best'. "
                "Fix: --set data.validation=holdout"
            )
        return self

    @model_validator(mode="after")
    def _stop_by_validation_images_only(self) -> Self:
        if self.data.validation == "test" and self.fit.patience:
            raise ValueError(
                "`fit.patience` must be 0 where `data.validation` is 'test': stopping by the test "
                f"images makes the test score a lie. Received: {self.fit.patience}. "
                "Fix: --set data.validation=holdout"
            )
        return self

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, defaults written out."""
        return tomli_w.dumps(self.model_dump())

    def smoke(self) -> Self:
        """Return the variant that runs in seconds: one epoch."""
        return self.model_copy(update={"fit": self.fit.model_copy(update={"epochs": 1})})


def recipe_names() -> tuple[str, ...]:
    """Return the names of the built-in recipes, sorted."""
    return tuple(sorted(p.name.removesuffix(".toml") for p in _folder().iterdir()))


def recipe_text(name: str) -> str:
    """Return a built-in recipe's file as it stands, with its header of measured results.

    Raises:
        UsageError: There is no recipe of this name.
    """
    if name not in recipe_names():
        raise UsageError(f"Unknown recipe '{name}'. {did_you_mean(name, recipe_names())}")
    return str((_folder() / f"{name}.toml").read_text("utf-8"))


def load_recipe(
    recipe: "str | Path | Recipe", changes: Mapping[str, object] | None = None
) -> Recipe:
    """Return a recipe by built-in name or TOML file, with some fields changed.

    Args:
        recipe: A name from `recipe_names`, a path that ends in `.toml`, or a recipe.
        changes: New values by dotted key, such as `{"fit.epochs": 3}`.

    Raises:
        UsageError: There is no such recipe.
        RecipeError: Keys or values are wrong; all of them are listed.
    """
    values, title = _read(recipe)
    for key, value in (changes or {}).items():
        _put(values, key, value)
    return parse_recipe(values, title)


def parse_recipe(values: Mapping[str, Any], title: str) -> Recipe:
    """Return the recipe that `values` spell; `title` names it in the message.

    Raises:
        RecipeError: Keys or values are wrong; all of them are listed.
    """
    try:
        return Recipe.model_validate(dict(values))
    except ValidationError as error:
        lines = [_sentence(dict(e)) for e in error.errors()]
        head = f"Recipe {title} has {len(lines)} mistake{'s' if len(lines) > 1 else ''}:"
        raise RecipeError("\n  ".join([head, *lines])) from None


def parse_setting(text: str) -> tuple[str, object]:
    """Return key and value of one `section.key=value`, the value read as TOML.

    A value that is not TOML is taken as text, so `fit.keep=last` needs no quotes.

    Raises:
        UsageError: There is no `=`.

    Example:
        >>> parse_setting("fit.epochs=3"), parse_setting("fit.keep=last")
        (('fit.epochs', 3), ('fit.keep', 'last'))
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(f"A setting must read section.key=value. Received: '{text}'.")
    try:
        return key.strip(), tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def _folder() -> Any:
    return resources.files("tellapart") / "recipes"


def _read(recipe: "str | Path | Recipe") -> tuple[dict[str, Any], str]:
    """Return a recipe's raw values and the name to call it by in messages."""
    if isinstance(recipe, Recipe):
        return recipe.model_dump(), f"'{recipe.name}'"
    if not str(recipe).endswith(".toml"):
        return tomllib.loads(recipe_text(str(recipe))), f"'{recipe}'"
    path = Path(recipe)
    try:
        return tomllib.loads(path.read_text("utf-8")), str(path)
    except OSError as error:
        raise UsageError(f"Cannot read the recipe {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"Recipe {path} is not valid TOML: {error}.") from error


def _put(values: dict[str, Any], key: str, value: object) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"`{key}` names a section, but `{section}` is a single value.")
        values = inner
    values[last] = value


def _sentence(error: Mapping[str, Any]) -> str:
    """Return one mistake as: which key, what must hold, what was received, the fix."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        near = did_you_mean(str(error["loc"][-1]), known)
        return f"`{key}` is not a key of a recipe. {near}"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "missing":
        return f'`{key}` is missing. Fix: write {key} = "…" into the recipe.'
    if error["type"] == "model_type":
        return f"`{key}` must be a section, [{key}]. Received: {error['input']!r}."
    if error["type"] == "string_pattern_mismatch":
        must = "must be letters, digits, '.', '_' and '-', and begin with a letter or digit"
        return f"`{key}` {must}. Received: {error['input']!r}."
    must = re.sub("^(Input|String) should", "must", str(error["msg"]))
    return f"`{key}` {must}. Received: {error['input']!r}."


def _known_keys(sections: Iterable[Any]) -> list[str]:
    """Return the keys that a section of the recipe may hold."""
    model: type[BaseModel] = Recipe
    for section in sections:
        inner = model.model_fields[str(section)].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return list(model.model_fields)
