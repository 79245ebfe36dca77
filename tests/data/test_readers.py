"""Reading: arrays of another size are made to fit, small parts are found in the cache."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from tellapart.data.arrays import from_arrays
from tellapart.data.cache import Cache
from tellapart.data.cache_files import entries_of
from tellapart.data.folder import from_folder
from tellapart.data.prepare import prepare
from tellapart.data.readers import Reader
from tellapart.data.rows import Rows
from tellapart.predict.inputs import Item
from tellapart.progress import Silence
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec


class Listener(Silence):
    """Hears what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @override
    def say(self, line: str) -> None:
        self.lines.append(line)


def arrays(shape: tuple[int, ...], count: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.uint8)


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 3), (40, 17), (5, 60, 1), (28, 28)])
@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_of_any_size_are_trained_on_as_they_are_predicted(
    shape: tuple[int, ...], fit: str, channels: int
) -> None:
    recipe = load_recipe("guide-holdout", {"image.fit": fit, "image.channels": channels})
    images = arrays(shape)
    found = prepare(from_arrays({"train": (images, [0, 1] * 15)}), recipe)
    predicted = {Item("", image).pixels(recipe.image).tobytes() for image in images}
    for part in (found.train, found.validation, found.test):
        assert {pixels.tobytes() for pixels in np.asarray(part.pixels)} <= predicted


def test_what_is_made_to_fit_is_said_and_counted_and_nothing_else_is() -> None:
    listener = Listener()
    data = from_arrays({"train": (arrays((32, 32, 3)), [0, 1] * 15)})
    reading = Reader(ImageSpec(), "test", progress=listener).read(data.train)
    assert listener.lines == ["Arrays of 32×32×3 that are made to fit 28×28×1 (pad): 30."]
    assert reading.pixels.shape == (30, 28, 28, 1)
    assert reading.kept.tolist() == list(range(30))
    data = from_arrays({"train": (arrays((28, 28)), [0, 1] * 15)})
    Reader(ImageSpec(), "test", progress=listener).read(data.train)
    assert len(listener.lines) == 1


def test_a_mapped_array_of_another_size_is_read_picture_by_picture(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", arrays((32, 32)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = from_arrays({"train": (mapped, [0, 1] * 15)})
    assert isinstance(Reader(ImageSpec(height=32, width=32), "").read(data.train).pixels, Rows)
    found = Reader(ImageSpec(), "").read(data.train)
    plain = from_arrays({"train": (arrays((32, 32)), [0, 1] * 15)})
    expected = Reader(ImageSpec(), "").read(plain.train)
    np.testing.assert_array_equal(np.asarray(found.pixels), np.asarray(expected.pixels))


def test_a_small_part_is_read_from_the_cache_once_the_whole_is_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", spare_bytes=0, least_seconds=0.0, settled_seconds=0.0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(20):
            Image.new("L", (28, 28), number).save(tmp_path / "pets" / name / f"{number}.png")
    samples = from_folder(tmp_path / "pets").train
    part = samples.take(np.arange(5, 12))
    spec = ImageSpec()
    before = Reader(spec, "pets", cache).read(part)
    assert isinstance(before.pixels, np.ndarray)
    assert entries_of(cache.entries) == []
    Reader(spec, "pets", cache).read(samples)
    again = from_folder(tmp_path / "pets").train.take(np.arange(5, 12))
    after = Reader(spec, "pets", cache).read(again)
    assert isinstance(after.pixels, Rows)
    np.testing.assert_array_equal(np.asarray(after.pixels), before.pixels)
