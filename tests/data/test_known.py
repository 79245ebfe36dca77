"""Known data sets: their files are read right, checked, and never run as code."""

import io
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.data.dataset import Dataset
from tellapart.data.known import KNOWN, KnownFile, content_of, find_known
from tellapart.errors import DataError
from tellapart.files import sha256_hex
from tellapart.sections import ImageSpec

BATCHES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def python2_batch(rows: NDArray[np.uint8], labels: list[int]) -> bytes:
    """Return a batch as the real archive holds it: pickled by Python 2, protocol 2."""

    def text(content: bytes) -> bytes:
        return b"T" + len(content).to_bytes(4, "little") + content

    kind = b"cnumpy\ndtype\n" + text(b"u1") + b"K\0K\1\x87R(K\3" + text(b"|")
    kind += b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\0tb"
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text(b"b") + b"\x87R"
    )
    shape = b"".join(b"M" + side.to_bytes(2, "little") for side in rows.shape) + b"\x86"
    array += b"(K\1" + shape + kind + b"\x89" + text(rows.tobytes()) + b"tb"
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\2}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def today_batch(rows: NDArray[np.uint8], labels: list[int]) -> bytes:
    return pickle.dumps({b"data": rows, b"labels": labels}, protocol=4)


def archive_of(batches: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("pickled", [python2_batch, today_batch])
def test_the_cifar_archive_becomes_upright_colour_pictures(
    pickled: Callable[[NDArray[np.uint8], list[int]], bytes],
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    labels = [number % 10 for number in range(12)]
    rows = images.transpose(0, 3, 1, 2).reshape(12, 3072)  # red first, then green, then blue
    batches = {
        name: pickled(rows[2 * i : 2 * i + 2], labels[2 * i : 2 * i + 2])
        for i, name in enumerate(BATCHES)
    }
    contents = {"cifar-10-python.tar.gz": archive_of(batches)}
    data = KNOWN["cifar10"].to_dataset(contents, "a test")
    spec = ImageSpec(height=32, width=32, channels=3)
    assert np.array_equal(data.train.decode(spec).pixels, images[:10])
    assert np.array_equal(data.test.decode(spec).pixels, images[10:])
    assert data.train.targets.tolist() == labels[:10]
    assert data.test.labels == ["airplane", "automobile"]


class Bomb:
    """Makes a folder when it is unpickled, if anything lets it."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @override
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.place),)


def test_a_pickle_that_names_anything_but_arrays_is_refused_and_not_run(tmp_path: Path) -> None:
    bomb = pickle.dumps({b"data": Bomb(tmp_path / "boom"), b"labels": []})
    contents = {"cifar-10-python.tar.gz": archive_of(dict.fromkeys(BATCHES, bomb))}
    with pytest.raises(DataError, match=r"holds a pickled \w+\.mkdir, which is refused"):
        KNOWN["cifar10"].to_dataset(contents, "a test")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("name", ["numpy\nload", "os\nsystem", "numpy.f2py\ncompile"])
def test_functions_of_numpy_and_the_system_are_refused_too(name: str) -> None:
    batch = f"c{name}\n(S'true'\ntR.".encode()
    contents = {"cifar-10-python.tar.gz": archive_of(dict.fromkeys(BATCHES, batch))}
    with pytest.raises(DataError, match=f"pickled {name}, which".replace("\n", r"\.")):
        KNOWN["cifar10"].to_dataset(contents, "a test")


def test_the_mnist_file_becomes_two_splits_of_digits() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), dtype=np.uint8)
    labels = np.array([5, 0, 4, 1, 9, 2], np.uint8)
    file = io.BytesIO()
    np.savez(file, x_train=images[:4], y_train=labels[:4], x_test=images[4:], y_test=labels[4:])
    data = KNOWN["mnist"].to_dataset({"mnist.npz": file.getvalue()}, "a test")
    assert data.class_names == tuple("0123456789")
    assert data.train.labels == ["5", "0", "4", "1"]
    assert np.array_equal(data.test.decode(ImageSpec()).pixels[..., 0], images[4:])
    assert (data.name, data.origin, data.source) == ("mnist", "a test", "mnist")


def test_fashion_mnist_is_the_real_one(fashion: Dataset) -> None:
    assert fashion.shape == (28, 28, 1)
    assert set(fashion.train.counts.values()) == {6000}
    assert set(fashion.test.counts.values()) == {1000}
    assert fashion.train.labels[:3] == ["Ankle boot", "T-shirt/top", "T-shirt/top"]
    assert fashion.test.labels[:3] == ["Ankle boot", "Pullover", "Trouser"]


def test_names_that_are_not_known_find_nothing() -> None:
    assert find_known("fashion-mnist") is KNOWN["fashion-mnist"]
    assert find_known("Fashion-MNIST ") is None


@pytest.mark.parametrize("name", KNOWN)
def test_each_known_data_set_can_be_told_apart_and_downloaded_safely(name: str) -> None:
    known = KNOWN[name]
    assert known.name == name
    assert len(set(known.class_names)) == 10
    for file in known.files:
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.url.startswith("https://")
        assert file.url.endswith(file.name)


def test_a_file_is_checked_against_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"\x1f\x8bcontent")
    right = KnownFile("a.tar.gz", sha256_hex(b"\x1f\x8bcontent"), "", "")
    assert content_of(path, right) == b"\x1f\x8bcontent"
    with pytest.raises(DataError, match=r"a\.tar\.gz has SHA-256 \w{12}…, not 000000000000…"):
        content_of(path, KnownFile("a.tar.gz", "0" * 64, "", ""))
    with pytest.raises(DataError, match=r"Cannot read .*b\.tar\.gz: .*No such file"):
        content_of(tmp_path / "b.tar.gz", right)
