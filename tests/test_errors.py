"""The tree of errors: its exit codes, its wording, and that none of it is dead."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tellapart
from tellapart import errors
from tellapart.errors import ImageError, Interrupted, TellapartError, did_you_mean

EXIT_CODES = {
    "TellapartError": 1,
    "UsageError": 2,
    "RecipeError": 2,
    "OutputError": 2,
    "DivergenceError": 2,
    "MemoryExceededError": 2,
    "DataError": 3,
    "ImageError": 3,
    "BundleError": 4,
    "ExportError": 4,
    "ModelError": 4,
    "TrustError": 4,
    "MissingExtraError": 5,
}


def error_classes() -> dict[str, type[TellapartError]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, TellapartError)
    }


def called_names(source: Path) -> set[str]:
    """Return the names that a source file calls, those of its error classes among them."""
    calls = (
        n.func for n in ast.walk(ast.parse(source.read_text("utf-8"))) if isinstance(n, ast.Call)
    )
    return {call.id for call in calls if isinstance(call, ast.Name)}


@pytest.mark.parametrize(("name", "exit_code"), EXIT_CODES.items())
def test_each_error_has_its_exit_code(name: str, exit_code: int) -> None:
    assert error_classes()[name].exit_code == exit_code


def test_the_table_of_exit_codes_names_every_error() -> None:
    assert set(error_classes()) == {*EXIT_CODES, "Interrupted"}


def test_every_error_but_the_root_is_used_somewhere() -> None:
    sources = Path(tellapart.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in called_names(source)}
    assert set(error_classes()) - used == {"TellapartError"}


@pytest.mark.parametrize(("signal_number", "exit_code"), [(2, 130), (15, 143)])
def test_an_interruption_exits_as_the_shell_expects(signal_number: int, exit_code: int) -> None:
    error = Interrupted("Saved.", signal_number)
    assert (error.exit_code, str(error)) == (exit_code, "Saved.")


def test_an_image_error_names_the_file_the_reason_and_the_detail() -> None:
    error = ImageError("a/b.png", "truncated", "12 bytes are missing.")
    assert str(error) == "Cannot read a/b.png as a picture (truncated): 12 bytes are missing."
    assert (error.name, error.reason, error.detail) == (
        "a/b.png",
        "truncated",
        "12 bytes are missing.",
    )


def test_a_near_name_is_suggested() -> None:
    assert did_you_mean("gude", ["other", "guide"]) == "Did you mean 'guide'?"


def test_all_names_are_listed_in_order_where_none_is_near() -> None:
    assert did_you_mean("zzz", ["guide", "compact"]) == "Known: compact, guide."


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=10))
def test_a_known_name_is_its_own_nearest(names: list[str]) -> None:
    assert did_you_mean(names[0], names) == f"Did you mean '{names[0]}'?"
