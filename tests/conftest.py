"""What the tests share: the real Fashion-MNIST, a small slice of it, one trained run."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tellapart
from browser import chromium
from tellapart._extras import prepare_keras
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.samples import Samples
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run

if TYPE_CHECKING:
    from serving import Running

prepare_keras()
os.environ["TELLAPART_CACHE"] = tempfile.mkdtemp(prefix="tellapart-cache-")


@pytest.fixture(scope="session")
def fashion() -> Dataset:
    """Return the real data, whole."""
    return tellapart.load("fashion-mnist", quiet=True)


@pytest.fixture(scope="session")
def slice_of_fashion(fashion: Dataset) -> Dataset:
    """Return 1,000 real images to train on and 200 to test on."""

    def first(samples: Samples, count: int) -> tuple[np.ndarray, np.ndarray]:
        part = samples.take(np.arange(count))
        return part.decode(ImageSpec()).pixels, part.targets

    splits = {"train": first(fashion.train, 1000), "test": first(fashion.test, 200)}
    return from_arrays(splits, fashion.class_names, name="slice")


@pytest.fixture(scope="session")
def run(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run of two epochs on the slice; do not change its folder."""
    output = tmp_path_factory.mktemp("runs")
    return tellapart.train(slice_of_fashion, "guide", epochs=2, output=output, quiet=True)


@pytest.fixture(scope="session")
def slice_file(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an `.npz` file that holds the slice; do not change it."""
    path = tmp_path_factory.mktemp("data") / "slice.npz"
    arrays: dict[str, Any] = {"class_names": list(slice_of_fashion.class_names)}
    for name, samples in slice_of_fashion.splits.items():
        arrays[f"x_{name}"] = samples.decode(ImageSpec()).pixels
        arrays[f"y_{name}"] = samples.targets
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="session")
def file_run(slice_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run of two epochs on the slice's file; do not change its folder."""
    output = tmp_path_factory.mktemp("file-runs")
    return tellapart.train(slice_file, "guide", epochs=2, output=output, quiet=True)


@pytest.fixture(scope="session")
def served_bundle(
    run: Run, slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a bundle that may be unsure, by what the slice's test images taught it."""
    from serving import write_decided

    path = tmp_path_factory.mktemp("served") / "clothes.tellapart"
    return write_decided(RunFolder(run.path).bundle_path, slice_of_fashion, path)


@pytest.fixture(scope="session")
def pictures(fashion: Dataset) -> list[bytes]:
    """Return 200 real pictures as PNG files, of which no rule has heard."""
    from serving import to_png

    part = fashion.test.take(np.arange(300, 500))
    return [to_png(picture) for picture in part.decode(ImageSpec()).pixels]


@pytest.fixture(scope="session")
def server(served_bundle: Path) -> Iterator["Running"]:
    """Return a server with everything as usual; do not overload it."""
    from serving import serving

    with serving({"clothes": served_bundle}) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a real Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount command")
    command = [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
