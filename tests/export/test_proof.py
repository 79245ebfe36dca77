"""The proof: what answers otherwise is told from what answers alike, in a fresh process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import networks
from tellapart.bundle import Bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import ExportError
from tellapart.export.ask import ask_in_batches
from tellapart.export.formats import FORMATS
from tellapart.export.onnx import to_onnx
from tellapart.export.proof import (
    TOLERANCE,
    Expected,
    Proof,
    compare,
    expect,
    of_another_size,
    prove,
)
from tellapart.sections import ImageSpec

NAME = "fast-cnn"


@pytest.fixture(scope="module")
def bundle(fashion: Dataset) -> Bundle:
    images = networks.images_for(fashion, ImageSpec())
    return networks.bundle_of(NAME, networks.network_of(NAME), ImageSpec(), images)


@pytest.fixture(scope="module")
def expected(bundle: Bundle) -> Expected:
    return expect(bundle, networks.runtime_of(networks.network_of(NAME)), bundle.golden.images)


@pytest.fixture(scope="module")
def enlarged(bundle: Bundle) -> Expected:
    return expect(
        bundle,
        networks.runtime_of(networks.network_of(NAME)),
        of_another_size(bundle.golden.images),
    )


def _write(path: Path, bundle: Bundle, *, any_size: bool = False) -> Path:
    path.write_bytes(to_onnx(bundle, networks.network_of(NAME), any_size=any_size))
    return path


def _change_weights(path: Path, name: str, change: Callable[[NDArray[np.float32]], object]) -> Path:
    model = onnx.load(str(path))
    [place] = [i for i, part in enumerate(model.graph.initializer) if part.name.startswith(name)]
    array = onnx.numpy_helper.to_array(model.graph.initializer[place]).copy()
    change(array)
    part = onnx.numpy_helper.from_array(array, model.graph.initializer[place].name)
    model.graph.initializer[place].CopyFrom(part)
    onnx.save(model, str(path))
    return path


def _proof(path: Path, bundle: Bundle, expected: Expected) -> Proof:
    """Return the proof without a process of its own."""
    found = ask_in_batches(FORMATS["onnx"].open(path), expected.given)
    return compare(bundle, "onnx", found, expected)


def test_a_file_is_asked_in_its_own_runtime_in_a_fresh_process(
    bundle: Bundle, expected: Expected, in_tmp: Path
) -> None:
    (in_tmp / "onnxruntime.py").write_text("raise SystemExit('what lies here is run')", "utf-8")
    path = _write(in_tmp / "a.onnx", bundle)
    proof = prove(bundle, "onnx", FORMATS["onnx"], path, expected)
    assert proof.fails(TOLERANCE) == ""
    assert (proof.images, proof.labels, proof.verdicts) == (96, 96, 96)
    assert proof.runtime.startswith("onnxruntime 1.")
    assert "96 get the same class, 96 the same verdict" in str(proof)


def test_pictures_of_another_size_are_answered_as_tellapart_answers_them(
    bundle: Bundle, enlarged: Expected, tmp_path: Path
) -> None:
    assert enlarged.given.shape[1:] != bundle.manifest.image.shape
    path = _write(tmp_path / "a.onnx", bundle, any_size=True)
    assert _proof(path, bundle, enlarged).fails(TOLERANCE) == ""


@pytest.mark.parametrize("other", ["nearest", "bicubic", "lanczos"])
def test_a_file_that_resizes_by_another_filter_is_refused(
    bundle: Bundle, enlarged: Expected, other: str, tmp_path: Path
) -> None:
    spec = bundle.manifest.image.model_copy(update={"interpolation": other})
    manifest = bundle.manifest.model_copy(update={"image": spec})
    path = _write(tmp_path / "a.onnx", replace(bundle, manifest=manifest), any_size=True)
    proof = _proof(path, bundle, enlarged)
    assert "a probability is off by" in proof.fails(TOLERANCE)


def test_a_file_whose_weights_were_changed_is_refused(
    bundle: Bundle, expected: Expected, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.onnx", bundle)
    _change_weights(path, "dense1/kernel", lambda kernel: kernel.__imul__(1.001))
    proof = prove(bundle, "onnx", FORMATS["onnx"], path, expected)
    assert "a probability is off by" in proof.fails(TOLERANCE)


def test_a_file_that_tells_the_unknown_otherwise_is_refused(
    bundle: Bundle, expected: Expected, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.onnx", bundle)
    _change_weights(path, "references", lambda rows: rows.__imul__(0.9))
    proof = _proof(path, bundle, expected)
    assert (proof.labels, proof.largest_difference <= TOLERANCE) == (96, True)
    assert proof.fails(TOLERANCE).startswith("a novelty is off by 0.")
    assert proof.fails(TOLERANCE).endswith("verdicts differ")


def test_a_file_that_is_wrong_for_some_batches_only_is_refused(
    bundle: Bundle, expected: Expected, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.onnx", bundle)
    found = ask_in_batches(FORMATS["onnx"].open(path), expected.given)
    found["3/probabilities"] = found["3/probabilities"][::-1].copy()
    proof = compare(bundle, "onnx", found, expected)
    assert proof.labels < 96
    assert "get another class" in proof.fails(TOLERANCE)
    found = ask_in_batches(FORMATS["onnx"].open(path), expected.given)
    found["1/novelty"] = found["1/novelty"] + 1
    proof = compare(bundle, "onnx", found, expected)
    assert expected.verdicts is not None
    known = expected.verdicts.kinds[: len(found["1/novelty"])] != "unknown"
    assert (proof.labels, proof.verdicts) == (96, 96 - known.sum())


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("probabilities", lambda array: array[:1]),
        ("probabilities", lambda array: array[:, :1]),
        ("novelty", lambda array: array[:, None]),
        ("novelty", None),
    ],
    ids=["one row", "one class", "a column", "missing"],
)
def test_answers_of_another_shape_are_refused_however_they_compare(
    name: str, change: Callable[[Any], Any] | None, size: int, bundle: Bundle, expected: Expected
) -> None:
    assert expected.verdicts is not None
    assert expected.verdicts.novelty is not None
    right = {"probabilities": expected.probabilities, "novelty": expected.verdicts.novelty}
    found = {f"{batch}/{key}": array for batch in (0, 1, 3) for key, array in right.items()}
    assert compare(bundle, "onnx", found, expected).fails(0.0) == ""
    wrong = found.pop(f"{size}/{name}")
    if change is not None:
        found[f"{size}/{name}"] = change(wrong)
    with pytest.raises(ExportError, match=f"must put out `{name}`"):
        compare(bundle, "onnx", found, expected)


def test_without_pictures_there_is_no_proof(bundle: Bundle, expected: Expected) -> None:
    nothing = Expected(expected.given[:0], expected.probabilities[:0], None)
    with pytest.raises(ExportError, match="cannot be proved without pictures"):
        compare(bundle, "onnx", {}, nothing)


def test_numbers_that_are_none_are_refused(
    bundle: Bundle, expected: Expected, tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.onnx", bundle)
    _change_weights(path, "dense1/bias", lambda bias: bias.fill(np.nan))
    assert "off by nan" in _proof(path, bundle, expected).fails(TOLERANCE)


def test_a_file_that_cannot_be_run_is_named_with_what_its_runtime_says(
    bundle: Bundle, expected: Expected, tmp_path: Path
) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"no ONNX")
    with pytest.raises(ExportError, match=r"a\.onnx cannot be run: .*[Pp]rotobuf"):
        prove(bundle, "onnx", FORMATS["onnx"], path, expected)
