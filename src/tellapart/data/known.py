"""Data sets that are known by name, each checked by its content's SHA-256."""

import io
import pickle
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
from typing_extensions import override

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.idx import parse_idx, read_content
from tellapart.errors import DataError

Splits = dict[str, tuple[Any, Any]]

_KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


@dataclass(frozen=True)
class KnownFile:
    """One file of a known data set.

    Attributes:
        name: What the file is called.
        sha256: The hash of its content, uncompressed where it is gzip.
        url: Where Keras downloads it from.
        in_keras_cache: Where Keras keeps it, below `~/.keras/datasets`.
    """

    name: str
    sha256: str
    url: str
    in_keras_cache: str


@dataclass(frozen=True)
class KnownData:
    """A data set known by name.

    Attributes:
        name: What to call it.
        class_names: The classes by number.
        files: What it consists of.
        read: Makes arrays by split of the files' contents, by file name.
        system_folder: Where an operating system's package puts it, if one does.
        debian_package: The Debian package that holds it, if one does.
    """

    name: str
    class_names: tuple[str, ...]
    files: tuple[KnownFile, ...]
    read: Callable[[Mapping[str, bytes]], Splits]
    system_folder: Path | None = None
    debian_package: str | None = None

    def to_dataset(self, contents: Mapping[str, bytes], origin: str) -> Dataset:
        """Return the data set that the files' contents make up."""
        splits = self.read(contents)
        data = from_arrays(splits, self.class_names, name=self.name, origin=origin)
        return Dataset(data.name, data.class_names, data.splits, origin, self.name)


def find_known(name: str) -> KnownData | None:
    """Return the known data set of this name, or `None`."""
    return KNOWN.get(name)


def content_of(path: Path, file: KnownFile) -> bytes:
    """Return a file's uncompressed content, checked.

    Raises:
        DataError: It cannot be read, or is not the file it should be.
    """
    from tellapart.files import sha256_hex

    try:
        content = path.read_bytes() if file.name.endswith(".tar.gz") else read_content(path)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error}.") from error
    found = sha256_hex(content)
    if found != file.sha256:
        raise DataError(f"{path} has SHA-256 {found[:12]}…, not {file.sha256[:12]}…")
    return content


def _read_idx_pairs(contents: Mapping[str, bytes]) -> Splits:
    def pair(prefix: str) -> tuple[Any, Any]:
        images, labels = f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz"
        return parse_idx(contents[images], images), parse_idx(contents[labels], labels)

    return {"train": pair("train"), "test": pair("t10k")}


def _read_mnist(contents: Mapping[str, bytes]) -> Splits:
    with np.load(io.BytesIO(contents["mnist.npz"]), allow_pickle=False) as arrays:
        return {s: (arrays[f"x_{s}"], arrays[f"y_{s}"]) for s in ("train", "test")}


class _ArraysOnly(pickle.Unpickler):
    """Unpickles dictionaries of bytes, numbers and arrays; any other class is refused."""

    _ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype"})

    @override
    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "numpy" and name in self._ALLOWED:
            return np.ndarray if name == "ndarray" else super().find_class(module, name)
        raise DataError(f"The archive holds a pickled {module}.{name}, which is refused.")


def _read_cifar(contents: Mapping[str, bytes]) -> Splits:
    """Return CIFAR-10 from its archive of five training batches and one test batch."""

    def batch(archive: tarfile.TarFile, name: str) -> tuple[Any, Any]:
        member: BinaryIO | Any = archive.extractfile(f"cifar-10-batches-py/{name}")
        values = _ArraysOnly(member, encoding="bytes").load()
        pixels = values[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pixels, np.array(values[b"labels"], np.int64)

    raw = io.BytesIO(contents["cifar-10-python.tar.gz"])
    with tarfile.open(fileobj=raw, mode="r:gz") as archive:
        parts = [batch(archive, f"data_batch_{i}") for i in range(1, 6)]
        test = batch(archive, "test_batch")
    train = tuple(
        np.ascontiguousarray(np.concatenate(column)) for column in zip(*parts, strict=True)
    )
    return {"train": (train[0], train[1]), "test": (np.ascontiguousarray(test[0]), test[1])}


def _fashion(name: str, sha256: str) -> KnownFile:
    return KnownFile(name, sha256, _KERAS_FILES + name, f"fashion-mnist/{name}")


KNOWN: Mapping[str, KnownData] = MappingProxyType(
    {
        "fashion-mnist": KnownData(
            name="fashion-mnist",
            class_names=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            files=(
                _fashion(
                    "train-images-idx3-ubyte.gz",
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                ),
                _fashion(
                    "train-labels-idx1-ubyte.gz",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                ),
                _fashion(
                    "t10k-images-idx3-ubyte.gz",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                ),
                _fashion(
                    "t10k-labels-idx1-ubyte.gz",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
            ),
            read=_read_idx_pairs,
            system_folder=Path("/usr/share/datasets/fashion-mnist"),
            debian_package="dataset-fashion-mnist",
        ),
        "mnist": KnownData(
            name="mnist",
            class_names=tuple("0123456789"),
            files=(
                KnownFile(
                    "mnist.npz",
                    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                    _KERAS_FILES + "mnist.npz",
                    "mnist.npz",
                ),
            ),
            read=_read_mnist,
        ),
        "cifar10": KnownData(
            name="cifar10",
            class_names=(
                "airplane",
                "automobile",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
            files=(
                KnownFile(
                    "cifar-10-python.tar.gz",
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                    "cifar-10-batches-py-target_archive",
                ),
            ),
            read=_read_cifar,
        ),
    }
)
