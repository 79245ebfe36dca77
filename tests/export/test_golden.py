"""Golden pictures: a port is right exactly if the programs beside them say so."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import networks
from tellapart.bundle import Bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import UsageError
from tellapart.export.golden import check_golden_folder, golden_folder, plain_png, write_golden
from tellapart.export.onnx import to_onnx
from tellapart.export.proof import expect, of_another_size

NODE = shutil.which("node")


@pytest.fixture(scope="module")
def bundles(fashion: Dataset) -> Callable[[str], Bundle]:
    @cache
    def one(name: str) -> Bundle:
        spec = networks.SPECS[name]
        images = networks.images_for(fashion, spec)
        return networks.bundle_of(name, networks.network_of(name), spec, images)

    return one


def _write(folder: Path, bundle: Bundle, name: str, *, any_size: bool = False) -> Path:
    """Write golden pictures and the network that they are of."""
    given, network = bundle.golden.images, networks.network_of(name)
    runtime = networks.runtime_of(network)
    expected = expect(bundle, runtime, of_another_size(given) if any_size else given)
    with golden_folder(folder) as there:
        write_golden(there, bundle, expected, any_size=any_size)
    path = folder / "network.onnx"
    path.write_bytes(to_onnx(bundle, network, any_size=any_size))
    return path


def _warmer(bundle: Bundle) -> Bundle:
    """Return a classifier of almost the same probabilities."""
    rules = bundle.manifest.decisions
    assert rules is not None
    warmer = rules.model_copy(update={"temperature": rules.temperature + 0.01})
    return replace(bundle, manifest=bundle.manifest.model_copy(update={"decisions": warmer}))


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("any_size", [False, True], ids=["its size", "any size"])
@pytest.mark.parametrize("name", ["fast-cnn", "photo-resnet"])
def test_the_program_in_python_passes_the_right_network_and_fails_another(
    name: str, any_size: bool, bundles: Callable[[str], Bundle], tmp_path: Path
) -> None:
    bundle = bundles(name)
    network = _write(tmp_path, bundle, name, any_size=any_size)
    right = _run(sys.executable, tmp_path / "check.py", network)
    assert (right.returncode, right.stderr) == (0, "")
    assert len(right.stdout.splitlines()) == 32
    assert all(kind in right.stdout for kind in (" label,", " unsure,", " unknown,"))
    network.write_bytes(to_onnx(_warmer(bundle), networks.network_of(name), any_size=any_size))
    wrong = _run(sys.executable, tmp_path / "check.py", network)
    assert wrong.returncode == 1
    assert "pictures are answered otherwise" in wrong.stderr


def test_the_folder_says_what_must_come_out(
    bundles: Callable[[str], Bundle], tmp_path: Path
) -> None:
    bundle = bundles("photo-resnet")
    _write(tmp_path, bundle, "photo-resnet")
    record = json.loads((tmp_path / "expected.json").read_text("utf-8"))
    assert record["contract"]["class_names"] == list(networks.CLASSES)
    assert record["contract"]["image"] == bundle.manifest.image.model_dump()
    assert record["tolerance"] == 1e-5
    assert len(record["pictures"]) == 32
    kinds = [row["verdict"] for row in record["pictures"]]
    assert {kind: kinds.count(kind) >= 4 for kind in kinds} == dict.fromkeys(
        ("label", "unsure", "unknown"), True
    )
    for row in record["pictures"]:
        with Image.open(tmp_path / row["file"]) as picture:
            pixels = np.asarray(picture)
        assert list(pixels.shape) == row["shape"]
        assert (bundle.golden.images == pixels).all(axis=(1, 2, 3)).any()
        assert row["label"] == networks.CLASSES[int(np.argmax(row["probabilities"]))]


def test_where_the_work_fails_no_golden_picture_is_left(
    bundles: Callable[[str], Bundle], tmp_path: Path
) -> None:
    bundle = bundles("fast-cnn")
    runtime = networks.runtime_of(networks.network_of("fast-cnn"))
    expected = expect(bundle, runtime, bundle.golden.images)
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "new" / "folder"):
        with (  # noqa: PT012 - what is written before the failure is what is asked about
            pytest.raises(KeyboardInterrupt),
            golden_folder(folder) as there,
        ):
            write_golden(there, bundle, expected, any_size=False)
            assert len(list(folder.iterdir())) == 32 + 3
            raise KeyboardInterrupt
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_both_programs_have_at_most_twenty_lines(
    bundles: Callable[[str], Bundle], tmp_path: Path
) -> None:
    _write(tmp_path, bundles("fast-cnn"), "fast-cnn")
    for name in ("check.py", "check.mjs"):
        assert len((tmp_path / name).read_text("utf-8").splitlines()) <= 20
    assert "tellapart" not in (tmp_path / "check.py").read_text("utf-8")


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_program_in_javascript_is_javascript_and_passes_where_its_package_is(
    bundles: Callable[[str], Bundle], tmp_path: Path
) -> None:
    bundle = bundles("fast-cnn")
    network = _write(tmp_path, bundle, "fast-cnn")
    assert _run(str(NODE), "--check", tmp_path / "check.mjs").returncode == 0
    packages = os.environ.get("NODE_PATH")
    if not packages:
        pytest.skip("NODE_PATH names no folder with onnxruntime-node or onnxruntime-web")
    (tmp_path / "node_modules").symlink_to(packages)
    done = _run(str(NODE), tmp_path / "check.mjs", network)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 32)
    network.write_bytes(to_onnx(_warmer(bundle), networks.network_of("fast-cnn")))
    wrong = _run(str(NODE), tmp_path / "check.mjs", network)
    assert (wrong.returncode, "WRONG" in wrong.stdout) == (1, True)


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (300, 2, 1)])
def test_a_plain_png_is_read_as_it_was(shape: tuple[int, int, int], tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (tmp_path / "a.png").write_bytes(plain_png(pixels))
    with Image.open(tmp_path / "a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture).reshape(shape), pixels)


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    check_golden_folder(tmp_path)
    check_golden_folder(tmp_path / "new")
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="need an empty folder"):
        check_golden_folder(tmp_path)
