"""What the tests share: the real Fashion-MNIST, a small slice of it, one trained run."""

from pathlib import Path

import numpy as np
import pytest

import tellapart
from tellapart._extras import prepare_keras
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.samples import Samples
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run

prepare_keras()


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
    return tellapart.train(slice_of_fashion, epochs=2, output=output, quiet=True)


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
