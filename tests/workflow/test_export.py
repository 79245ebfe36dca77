"""A whole export: written, proved, put in its place; or nothing."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from typing_extensions import override

import networks
import tellapart
from tellapart.__main__ import main
from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import ExportError, UsageError
from tellapart.export.card import NAME as CARD
from tellapart.export.formats import FORMATS
from tellapart.sections import ImageSpec
from tellapart.workflow.export import Exported
from tellapart.workflow.runs import Run


@pytest.fixture(scope="module")
def model(file_run: Run) -> Path:
    return file_run.path / "model.tellapart"


def _of_onnx(path: Path) -> str:
    import onnx

    return str({prop.key: prop.value for prop in onnx.load(str(path)).metadata_props}["tellapart"])


def _of_openvino(path: Path) -> str:
    import openvino

    return str(openvino.Core().read_model(str(path)).get_rt_info("tellapart").value)


def _of_litert(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("tellapart.json").decode()


BY_TENSORFLOW = ("keras", "litert", "saved_model")
"""In these a fresh process loads TensorFlow, which takes its time."""

CONTRACTS: dict[str, Callable[[Path], str]] = {
    "keras": lambda path: path.with_name(f"{path.name}.json").read_text("utf-8"),
    "litert": _of_litert,
    "onnx": _of_onnx,
    "openvino": _of_openvino,
    "saved_model": lambda path: (path / "tellapart.json").read_text("utf-8"),
}


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, marks=pytest.mark.slow if form in BY_TENSORFLOW else [])
        for form in sorted(FORMATS)
    ],
)
def test_a_file_of_each_format_is_proved_and_tells_its_contract(
    form: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(model), "-o", str(tmp_path), "--json", "-q", "--to", form]) == 0
    found = Exported.model_validate_json(capsys.readouterr().out)
    path = tmp_path / f"model{FORMATS[form].suffix}"
    assert found.path == str(path)
    assert (found.proof.images, found.proof.labels) == (200, 200)
    assert found.proof.largest_difference <= 1e-5
    assert found.proof.runtime.startswith(f"{FORMATS[form].runtime} ")
    contract, manifest = json.loads(CONTRACTS[form](path)), open_bundle(model).manifest
    assert contract["class_names"] == list(manifest.class_names)
    assert contract["image"] == manifest.image.model_dump()
    assert manifest.scores is not None
    assert contract["scores"] == manifest.scores.model_dump()
    assert (contract["any_size"], contract["in_8_bits"]) == (False, False)
    second = found.any_size_proof
    assert (second is not None) == found.any_size == (form == "saved_model")
    assert contract["any_size_entry"] == ("any_size" if second is not None else None)
    assert second is None or (second.images, second.labels) == (200, 200)
    assert {file.name for file in tmp_path.iterdir()} == {
        file.name for file in FORMATS[form].files(path)
    }
    sizes = [file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()]
    cards = [file.stat().st_size for file in path.rglob(CARD)] if path.is_dir() else []
    assert len(cards) == (form == "saved_model")
    assert found.size_bytes == sum(sizes)


def test_the_command_writes_beside_the_bundle_and_overwrites_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "a.tellapart"
    copy.write_bytes(model.read_bytes())
    words = ["export", str(copy), "--json", "--card", "--any-size", "--golden", str(tmp_path / "g")]
    assert main(words) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert (record["path"], record["any_size"]) == (str(tmp_path / "a.onnx"), True)
    assert (record["proof"]["images"], record["golden"]) == (200, str(tmp_path / "g"))
    assert "the 200 golden images only" in said.err
    assert {path.name for path in tmp_path.iterdir()} == {"a.tellapart", "a.onnx", CARD, "g"}
    assert "`(n, any height, any width, 1)`" in (tmp_path / CARD).read_text("utf-8")
    before = (tmp_path / "a.onnx").read_bytes()
    assert main(["export", str(copy)]) == 2
    assert "something at" in capsys.readouterr().err
    assert (tmp_path / "a.onnx").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--to", "onx"], 2, "Did you mean 'onnx'?"),
        (["--to", "openvino", "--any-size"], 2, "32 bits, which gives other pixels"),
        (["--to", "saved_model", "--any-size"], 2, "always has the entry `any_size`"),
        (["--to", "litert", "--any-size"], 2, "Only ONNX files and SavedModels can make pictures"),
        (["--to", "keras", "--int8"], 2, "Only ONNX files are written in 8 bits"),
        (["--int8", "--golden", "g"], 2, "leave out --golden or --int8"),
        (["--golden", "."], 2, "need an empty folder"),
        (["-o", "a.pb"], 2, "must end in .onnx. Received: a.pb. Fix: --output a.onnx"),
        (["--to", "openvino", "-o", "b.xml"], 2, "something at b.bin already"),
        (["--card"], 2, "something at README.md already"),
        (["--int8", "-o", "new.onnx"], 2, "validation images of the run, which are out of reach"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_with_the_fix(
    words: list[str],
    code: int,
    says: str,
    model: Path,
    in_tmp: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (in_tmp / "a.tellapart").write_bytes(model.read_bytes())
    for name in ("b.bin", CARD):
        (in_tmp / name).write_text("mine", "utf-8")
    before = sorted(in_tmp.rglob("*"))
    assert main(["export", "a.tellapart", *words]) == code
    assert says in capsys.readouterr().err
    assert sorted(in_tmp.rglob("*")) == before


def _hanging_on_the_last_digits(fashion: Dataset) -> Bundle:
    """Return a classifier of which two classes differ by less than 32-bit numbers tell."""
    layers = keras.layers
    network = networks.stir(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Rescaling(1 / 255),
                layers.Conv2D(8, 3, activation="relu"),
                layers.Conv2D(16, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(5, "softmax"),
            ]
        )
    )
    kernel, bias = network.layers[-1].get_weights()
    noise = np.random.default_rng(0).normal(1, 1e-6, len(kernel))
    kernel[:, 1], bias[:] = kernel[:, 0] * noise, 0
    network.layers[-1].set_weights([kernel.astype(np.float32), bias])
    images = networks.images_for(fashion, ImageSpec())
    bundle = networks.bundle_of("custom", network, ImageSpec(), images)
    rules = bundle.manifest.decisions
    assert rules is not None
    cold = rules.model_copy(update={"temperature": 1e-6})
    return bundle.with_decisions(cold, bundle.references)


def test_a_file_that_answers_otherwise_is_removed_and_the_code_is_4(
    fashion: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_bundle(tmp_path / "a.tellapart", _hanging_on_the_last_digits(fashion))
    golden = tmp_path / "golden"
    output = tmp_path / "new" / "a.onnx"
    words = ["export", str(source), "--trust", "--golden", str(golden), "-o", str(output), "-q"]
    code = main(words)
    assert code == 4
    said = capsys.readouterr().err
    assert "does not answer as" in said
    assert "was removed: " in said
    assert list(tmp_path.iterdir()) == [source]


@keras.saving.register_keras_serializable("tests")
class Halving(keras.layers.Layer):  # type: ignore[misc]
    """Is a layer that only this process knows."""

    @override
    def call(self, inputs: Any) -> Any:
        return inputs / 2


@keras.saving.register_keras_serializable("tests")
class Opaque(keras.layers.Layer):  # type: ignore[misc]
    """Is a layer that nobody can look into."""

    @override
    def call(self, inputs: Any) -> Any:
        found = tf.numpy_function(lambda array: array / 2, [inputs], tf.float32)
        found.set_shape(inputs.shape)
        return found

    @override
    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def _bundle_with(layer: Any, fashion: Dataset, folder: Path) -> Path:
    """Return the bundle of a network with a layer of its maker's own, alone in its folder."""
    layers = keras.layers
    body = [layers.Rescaling(1 / 255), layers.Conv2D(4, 5, strides=3, activation="relu"), layer]
    network = networks.stir(
        keras.Sequential([keras.Input((28, 28, 1)), *body, layers.Flatten(), layers.Dense(5)])
    )
    images = networks.images_for(fashion, ImageSpec())
    bundle = networks.bundle_of("custom", network, ImageSpec(), images)
    return write_bundle(folder / "a.tellapart", bundle)


@pytest.fixture
def halving(fashion: Dataset, tmp_path: Path) -> Path:
    """Return such a bundle, with a layer that Keras' exporter can follow."""
    return _bundle_with(Halving(name="halving"), fashion, tmp_path)


@pytest.mark.slow
def test_a_saved_model_answers_about_pictures_of_any_size_as_the_bundle(
    model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "any"
    assert tellapart.export(model, "saved_model", output=path, quiet=True).any_size
    answer, classifier = FORMATS["saved_model"].open(path), tellapart.open_model(model)
    random = np.random.default_rng(0)
    for size in ((28, 28), (50, 41), (7, 300)):
        pictures = random.integers(0, 256, (3, *size, 1), np.uint8)
        said = classifier.predict(list(pictures[..., 0]), top=1)
        shares = answer(pictures)["probabilities"]
        np.testing.assert_allclose(
            shares.max(axis=1), [each.probability for each in said], atol=1e-5
        )


@pytest.mark.slow
def test_a_file_that_no_other_process_can_open_is_removed(halving: Path) -> None:
    with pytest.raises(ExportError, match="cannot be run"):
        tellapart.export(halving, "keras", trust=True, quiet=True)
    assert list(halving.parent.iterdir()) == [halving]


@pytest.mark.parametrize("form", ["onnx", "openvino"])
def test_a_layer_of_its_makers_own_is_written_by_keras_exporter_and_proved(
    form: str, halving: Path
) -> None:
    found = tellapart.export(halving, form, trust=True, quiet=True)
    assert (found.proof.labels, found.proof.verdicts) == (found.proof.images, found.proof.images)
    path = halving.with_suffix(FORMATS[form].suffix)
    assert json.loads(CONTRACTS[form](path))["class_names"] == list(networks.CLASSES)
    assert sorted(halving.parent.iterdir()) == sorted([halving, *FORMATS[form].files(path)])


def test_a_layer_that_cannot_be_written_is_named_and_nothing_is_left(
    halving: Path, fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=r"cannot be written as ONNX for pictures of any size"):
        tellapart.export(halving, any_size=True, trust=True, quiet=True)
    folder = tmp_path / "opaque"
    folder.mkdir()
    opaque = _bundle_with(Opaque(name="opaque"), fashion, folder)
    for form, said in (
        ("onnx", "^a.onnx cannot be run: .*PyFunc"),
        ("openvino", "OpenVINO cannot read"),
    ):
        with pytest.raises(ExportError, match=said):
            tellapart.export(opaque, form, trust=True, quiet=True)
    assert list(folder.iterdir()) == [opaque]


def test_8_bits_are_kept_or_refused_by_the_runs_validation_images(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.onnx"
    code = main(["export", str(model), "--int8", "-o", str(path), "--json", "-q"])
    out, said = capsys.readouterr()
    if code:
        assert (code, out, list(tmp_path.iterdir())) == (4, "", [])
        assert "on 200 test images falls from" in said
        return
    found = json.loads(out)["eight_bits"]
    assert found["accuracy_before"] - found["accuracy"] <= 0.001 + 1e-9
    assert (found["images"], found["split"]) == (200, "test")
    assert json.loads(_of_onnx(path))["in_8_bits"] is True
    assert path.stat().st_size < len(open_bundle(model).twin or b"")


def test_a_network_of_ones_own_needs_to_be_trusted(fashion: Dataset, tmp_path: Path) -> None:
    source = write_bundle(tmp_path / "a.tellapart", _hanging_on_the_last_digits(fashion))
    assert main(["export", str(source)]) == 4
    assert list(tmp_path.iterdir()) == [source]


def test_a_folder_is_answered_with_the_bundle_in_it(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model.parent)
    for folder in (".", ".."):
        assert main(["export", folder]) == 4
        assert f"{folder} is a folder. Name the bundle in it" in capsys.readouterr().err


def test_the_data_of_another_run_prove_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model.parent, tmp_path / "run")
    given = open_bundle(model)
    data = given.manifest.data.model_copy(update={"fingerprint": "ab" * 32})
    other = replace(given, manifest=given.manifest.model_copy(update={"data": data}))
    source = write_bundle(tmp_path / "run" / "other.tellapart", other)
    assert main(["export", str(source), "--int8"]) == 2
    said = capsys.readouterr().err
    assert "the 200 golden images only" in said
    assert "is not of the run in whose folder it lies" in said
    assert not list((tmp_path / "run").glob("*.onnx"))


def test_an_unknown_format_is_a_usage_error(model: Path) -> None:
    with pytest.raises(UsageError, match="Known: keras, litert, onnx, openvino, saved_model"):
        tellapart.export(model, "zzz")
