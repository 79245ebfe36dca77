"""`tellapart recipes`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table

recipes = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@recipes.callback()
def list_recipes(context: typer.Context, json: options.Json = False) -> None:
    """List the recipes, or show one.

    \b
    Examples:
      tellapart recipes
      tellapart recipes show guide > mine.toml
    """
    if context.invoked_subcommand is not None:
        return
    from tellapart.recipe import load_recipe, recipe_names

    found = {name: load_recipe(name).description for name in recipe_names()}
    if json:
        show_json(found)
    else:
        show_table(("recipe", "what it is"), found.items())


@recipes.command("show")
def show_recipe(
    name: Annotated[str, typer.Argument(help="A recipe's name.")], json: options.Json = False
) -> None:
    """Print a recipe as TOML, with its measured results, ready to be changed.

    \b
    Example:
      tellapart recipes show guide > mine.toml
    """
    from tellapart.recipe import load_recipe, recipe_text

    if json:
        show_json(load_recipe(name))
    else:
        show(recipe_text(name).rstrip())
