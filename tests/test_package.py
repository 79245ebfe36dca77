"""Gates on the package as a whole."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tellapart
from tellapart.errors import TellapartError

SOURCE = Path(tellapart.__file__).parent
FRAMEWORKS = ("keras", "tensorflow", "jax", "torch")


def _loaded_by(code: str) -> set[str]:
    """Return which frameworks a fresh interpreter has loaded after some code."""
    tail = f"\nimport sys; print(*(m for m in {FRAMEWORKS} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import tellapart",
        "import tellapart.evaluate.scores",
        "import tellapart.report.curves, tellapart.report.confusion",
        "import tellapart.report.reliability, tellapart.report.risk_coverage, tellapart.report.roc",
        "import tellapart.predict.predictor",
        "import tellapart.serve.service, tellapart.workflow.serve",
        "import tellapart; tellapart.load_recipe('guide')",
        "from tellapart.__main__ import main; main(['--help'])",
        "from tellapart.__main__ import main; main(['--version'])",
        "from tellapart.__main__ import main; main(['recipes'])",
        "from tellapart.__main__ import main; main(['cache'])",
        "from tellapart.__main__ import main; main(['train', '--help'])",
    ],
)
def test_no_framework_is_loaded_by(code: str) -> None:
    assert _loaded_by(code) == set()


def test_the_help_page_loads_neither_numpy_nor_rich() -> None:
    code = "from tellapart.__main__ import main; main(['--help'])"
    heavy = ("numpy", "rich.console", "pydantic")
    tail = f"\nimport sys; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == ""


def test_every_public_name_is_sorted_and_can_be_imported() -> None:
    assert list(tellapart.__all__) == sorted(tellapart.__all__)
    for name in tellapart.__all__:
        assert getattr(tellapart, name) is not None
    assert dir(tellapart) == tellapart.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = tellapart.trian


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "explain", "export", "serve"])
def test_a_verb_stays_a_function_after_its_room_was_imported(verb: str) -> None:
    code = (
        f"import tellapart, importlib; importlib.import_module('tellapart.{verb}');"
        f"assert tellapart.{verb}.__module__ == 'tellapart.workflow.{verb}', tellapart.{verb}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _error_classes() -> set[str]:
    found, queue = set(), [TellapartError]
    while queue:
        queue += (children := queue.pop().__subclasses__())
        found |= {c.__name__ for c in children if c.__module__ == "tellapart.errors"}
    return found


def test_every_error_class_is_raised_somewhere() -> None:
    text = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    for name in _error_classes():
        assert f"raise {name}" in text or f"return {name}(" in text, name


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: p.name)
def test_every_module_says_what_it_owns_in_at_most_260_lines(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 260


@pytest.mark.parametrize(
    "room", ["cli", "data", "evaluate", "models", "predict", "report", "serve"]
)
def test_the_inside_of_a_room_is_no_public_name(room: str) -> None:
    assert importlib.import_module(f"tellapart.{room}").__doc__
    assert room not in tellapart.__all__ or callable(getattr(tellapart, room))


@pytest.mark.parametrize(
    "verb",
    [
        *("inspect", "train", "cross-validate", "evaluate", "predict", "doctor", "replay", "diff"),
        *("compare", "explain", "export", "learning-curve", "report", "review", "serve"),
        *("recipes", "recipes show", "cache", "cache clear"),
    ],
)
def test_every_command_has_help_with_an_example(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from tellapart.__main__ import main

    assert main([*verb.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example" in out
    assert f"tellapart {verb.split()[0]}" in out


def test_the_version_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tellapart", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout == f"tellapart {tellapart.__version__}\n"
