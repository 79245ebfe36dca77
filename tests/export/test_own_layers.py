"""Networks with layers of a user's own module: exported, proved, and asked by the command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

import tellapart
from tellapart.errors import BundleError
from tellapart.export.tensorflow import write_by_tensorflow

MODULE = """
import keras

@keras.saving.register_keras_serializable(package="mine")
class Halve(keras.layers.Layer):
    def call(self, x):
        return x * 0.5
"""


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a classifier with such a layer, whose module is in `modules`."""
    home = tmp_path / "modules"
    home.mkdir()
    (home / "my_halves.py").write_text(MODULE, "utf-8")
    monkeypatch.syspath_prepend(str(home))
    import my_halves  # type: ignore[import-not-found]

    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 255),
            my_halves.Halve(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (300, 8, 8, 1), dtype=np.uint8)
    data = (pixels, (pixels.mean((1, 2, 3)) > 127).astype(int))
    run = tellapart.train(data, model=network, epochs=1, output=tmp_path / "runs", quiet=True)
    yield run.path / "model.tellapart"
    keras.saving.get_custom_objects().pop("mine>Halve")
    del sys.modules["my_halves"]


@pytest.mark.parametrize("form", ["keras", "litert", "onnx", "saved_model"])
def test_every_format_can_be_written_and_is_proved(form: str, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    found = tellapart.export(bundle, form, output=tmp_path / "out", trust=True, quiet=True)
    assert found.proof.labels == found.proof.images


def test_a_process_of_its_own_finds_the_module_too(bundle: Path, tmp_path: Path) -> None:
    target = write_by_tensorflow("saved_model", bundle, tmp_path / "a.saved_model", trust=True)
    assert (target / "saved_model.pb").is_file()


def test_the_command_finds_it_by_pythonpath_and_says_so_otherwise(
    bundle: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-P", "-m", "tellapart", "export", str(bundle), "--to", "keras"]
    words += ["--trust", "--output", str(tmp_path / "a.keras")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    lost = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert lost.returncode == BundleError("").exit_code, lost.stderr
    assert "layers that cannot be imported: my_halves. Fix: import them" in lost.stderr
    assert "PYTHONPATH" in lost.stderr
    environment["PYTHONPATH"] = str(tmp_path / "modules")
    found = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
