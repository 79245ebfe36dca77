"""Optional packages. Each case runs in an interpreter that sees only what the case installs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typing_extensions

import tellapart
from tellapart._extras import BACKENDS, install_command, is_installed, load_extra
from tellapart.errors import MissingExtraError

PREPARE = """
import json, os, sys
before, *arguments = sys.argv[1:]
exec(before)
from tellapart._extras import prepare_keras
from tellapart.errors import TellapartError
try:
    answer = {"chosen": prepare_keras(*arguments), "variable": os.environ["KERAS_BACKEND"]}
except TellapartError as error:
    answer = {"error": type(error).__name__, "exit_code": error.exit_code, "message": str(error)}
answer["loaded"] = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
print(json.dumps(answer))
"""


class Machine:
    """Is a Python with tellapart, its light needs, Keras, and the named empty packages."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.errors = folder, ""
        self.install("keras")
        (folder / "tellapart").symlink_to(Path(tellapart.__file__).parent)
        shutil.copy(typing_extensions.__file__, folder)

    def install(self, *packages: str, content: str = "") -> None:
        for package in packages:
            (self._folder / f"{package}.py").write_text(content)

    def remove(self, package: str) -> None:
        (self._folder / f"{package}.py").unlink()

    def prepare(
        self, *arguments: str, variable: str | None = None, before: str = ""
    ) -> dict[str, Any]:
        """Call `prepare_keras` with `arguments`, KERAS_BACKEND being `variable`."""
        environment = {"PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}
        if variable is not None:
            environment["KERAS_BACKEND"] = variable
        done = subprocess.run(
            [sys.executable, "-S", "-c", PREPARE, before, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        self.errors = done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_argument_goes_before_the_environment(machine: Machine) -> None:
    machine.install("tensorflow", "jax", "torch")
    answer = machine.prepare("torch", variable="jax")
    assert answer == {"chosen": "torch", "variable": "torch", "loaded": ["keras"]}


def test_the_environment_goes_before_tensorflow(machine: Machine) -> None:
    machine.install("tensorflow", "jax", "torch")
    assert machine.prepare(variable="jax")["chosen"] == "jax"


@pytest.mark.parametrize("variable", [None, ""])
def test_tensorflow_is_taken_where_nothing_is_asked(machine: Machine, variable: str | None) -> None:
    machine.install("tensorflow", "jax", "torch")
    answer = machine.prepare(variable=variable)
    assert answer == {"chosen": "tensorflow", "variable": "tensorflow", "loaded": ["keras"]}


@pytest.mark.parametrize("only", sorted(BACKENDS))
def test_the_one_installed_backend_is_taken(machine: Machine, only: str) -> None:
    machine.install(BACKENDS[only])
    assert machine.prepare()["chosen"] == only


def test_keras_is_loaded_without_notices_and_without_search_for_garbage(machine: Machine) -> None:
    machine.install("tensorflow")
    machine.install(
        "keras",
        content="import gc, os\n"
        "assert not gc.isenabled()\n"
        "os.write(2, b'WARNING: All log messages before absl::InitializeLog() is called are\\n')\n"
        "os.write(2, b'I0000 00:00:1795850756.801253   19341 port.cc:153] oneDNN\\n')\n"
        "os.write(2, b'a mistake\\n')\n",
    )
    machine.prepare(before="import gc; assert gc.isenabled()")
    assert machine.errors == "a mistake\n"


def test_what_was_said_before_keras_failed_to_load_is_passed_on(machine: Machine) -> None:
    machine.install("tensorflow")
    machine.install("keras", content="import os; os.write(2, b'why\\n'); raise OSError('no')")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        machine.prepare()
    assert caught.value.stderr.startswith("why\n")


def test_an_unknown_backend_is_answered_with_the_nearest(machine: Machine) -> None:
    answer = machine.prepare("tensorflw")
    assert answer["error"] == "UsageError"
    assert answer["exit_code"] == 2
    assert answer["message"] == "Unknown backend 'tensorflw'. Did you mean 'tensorflow'?"


def test_an_unknown_backend_in_the_environment_is_traced_to_it(machine: Machine) -> None:
    answer = machine.prepare(variable="openvino")
    assert answer["exit_code"] == 2
    assert answer["message"] == (
        "Unknown backend 'openvino' in the environment variable KERAS_BACKEND. "
        "Known: jax, tensorflow, torch."
    )


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_missing_backend_is_answered_with_its_pip_command(machine: Machine, backend: str) -> None:
    machine.install(*(module for name, module in BACKENDS.items() if name != backend))
    answer = machine.prepare(backend)
    assert answer["error"] == "MissingExtraError"
    assert answer["exit_code"] == 5
    assert answer["message"] == (
        f"Keras' backend '{backend}' is not installed. "
        f'Install it: pip install "tellapart[{backend}]"'
    )


def test_no_backend_at_all_is_answered_with_a_pip_command(machine: Machine) -> None:
    answer = machine.prepare()
    assert (answer["error"], answer["exit_code"]) == ("MissingExtraError", 5)
    assert 'pip install "tellapart[tensorflow-cpu]"' in answer["message"]


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_backend_without_keras_is_answered_with_a_pip_command(
    machine: Machine, backend: str
) -> None:
    machine.install(BACKENDS[backend])
    machine.remove("keras")
    answer = machine.prepare()
    assert (answer["error"], answer["exit_code"]) == ("MissingExtraError", 5)
    assert f'pip install "tellapart[{backend}]"' in answer["message"]


def test_a_running_keras_is_not_changed_to_another_backend(machine: Machine) -> None:
    running = "class backend:\n    backend = staticmethod(lambda: 'jax')\n"
    machine.install("keras", content=running)
    machine.install("jax", "torch")
    assert machine.prepare("jax", before="import keras")["chosen"] == "jax"
    answer = machine.prepare("torch", before="import keras")
    assert (answer["error"], answer["exit_code"]) == ("UsageError", 2)
    assert "already runs on 'jax'" in answer["message"]
    assert "Set KERAS_BACKEND=torch before Python starts." in answer["message"]


def test_a_missing_module_is_told_from_an_installed_one() -> None:
    assert is_installed("numpy")
    assert not is_installed("a_module_that_nobody_wrote")


def test_the_pip_command_is_quoted_for_the_shell() -> None:
    assert install_command("jax") == 'pip install "tellapart[jax]"'


def test_an_optional_module_is_brought_in_or_its_pip_command_named() -> None:
    assert load_extra("json.decoder", "parquet") is json.decoder
    with pytest.raises(MissingExtraError, match=r'needs no_such.*pip install "tellapart\[parquet'):
        load_extra("no_such.parquet", "parquet")


def test_parquet_without_pyarrow_names_the_command_that_brings_it(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    program = "\n".join(
        [
            "import sys",
            "from importlib.machinery import PathFinder",
            "find = PathFinder.find_spec",
            "gone = lambda name, *rest: None if name == 'pyarrow' else find(name, *rest)",
            "PathFinder.find_spec = gone",
            "from tellapart.__main__ import main",
            f"sys.exit(main(['inspect', {str(tmp_path / 'a.parquet')!r}]))",
        ]
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 5
    assert 'pip install "tellapart[parquet]"' in done.stderr
