"""Facts about every picture: from arrays and from files, with the unreadable left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.folder import from_folder
from tellapart.data.survey import survey_dataset, survey_samples
from tellapart.errors import ImageError
from tellapart.sections import ImageSpec


def test_all_splits_are_surveyed_in_order(slice_of_fashion: Dataset) -> None:
    survey = survey_dataset(slice_of_fashion)
    assert survey.split_names == ("train", "test")
    assert np.bincount(survey.splits).tolist() == [1000, 200]
    assert survey.names[0] == "train images[0]"
    assert survey.names[1000] == "test images[0]"
    assert survey.targets[1000:].tolist() == slice_of_fashion.test.targets.tolist()
    assert set(survey.facts.widths) == set(survey.facts.heights) == {28}
    assert len(survey) == len(survey.facts) == 1200


def test_files_and_arrays_of_the_same_pictures_give_the_same_measures(
    fashion: Dataset, tmp_path: Path
) -> None:
    pixels = fashion.test.take(np.arange(20)).decode(ImageSpec()).pixels
    for index, picture in enumerate(pixels):
        home = tmp_path / f"class {index % 2}"
        home.mkdir(exist_ok=True)
        Image.fromarray(picture[..., 0]).save(home / f"{index:02}.png")
    files = survey_dataset(from_folder(tmp_path))
    order = [*range(0, 20, 2), *range(1, 20, 2)]
    arrays = survey_dataset(from_arrays({"train": (pixels[order], files.targets)}))
    assert files.facts.measures.digests.tolist() == arrays.facts.measures.digests.tolist()
    # Grey by way of RGB may round to the next level.
    apart = files.facts.measures.thumbnails - arrays.facts.measures.thumbnails.astype(np.int64)
    assert np.abs(apart).max() <= 1
    assert set(files.facts.formats) == {"PNG"}
    assert set(arrays.facts.formats) == {""}


def test_a_files_own_facts_are_those_of_the_upright_picture(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "M 1\0"
    Image.new("RGB", (40, 20), "red").save(tmp_path / "cat" / "a.jpg", exif=exif)
    Image.new("LA", (9, 7)).save(tmp_path / "dog" / "b.png")
    facts = survey_dataset(from_folder(tmp_path)).facts
    assert (facts.widths.tolist(), facts.heights.tolist()) == ([20, 9], [40, 7])
    assert facts.cameras.tolist() == ["Maker M 1", ""]
    assert facts.modes.tolist() == ["RGB", "LA"]
    assert facts.formats.tolist() == ["JPEG", "PNG"]


def test_pictures_that_cannot_be_read_are_left_out_and_told(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8), len(name)).save(tmp_path / name / "good.png")
    (tmp_path / "cat" / "bad.png").write_bytes(b"no picture")
    (tmp_path / "dog" / "empty.jpg").write_bytes(b"")
    survey = survey_dataset(from_folder(tmp_path))
    assert [Path(name).name for name in survey.names] == ["good.png", "good.png"]
    assert survey.targets.tolist() == [0, 1]
    assert [Path(error.name).name for error in survey.facts.failures] == ["bad.png", "empty.jpg"]


def test_a_file_that_went_away_is_left_out(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "a.png")
    data = from_folder(tmp_path)
    (tmp_path / "dog" / "a.png").unlink()
    facts = survey_samples(data.train)
    assert facts.kept.tolist() == [0]
    assert "no such file" in str(facts.failures[0])


def test_content_is_a_picture_as_it_lies_there(tmp_path: Path, fashion: Dataset) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "a.png")
    files = from_folder(tmp_path).train.images
    assert files.content(1) == (tmp_path / "dog" / "a.png").read_bytes()
    (tmp_path / "dog" / "a.png").unlink()
    with pytest.raises(ImageError, match="missing"):
        files.content(1)
    taken = fashion.test.take(np.array([5, 3])).images
    pixels = taken.content(1)
    assert isinstance(pixels, np.ndarray)
    assert np.array_equal(pixels, fashion.test.decode(ImageSpec()).pixels[3])


def test_of_a_picture_too_large_to_examine_whole_the_true_size_is_told(tmp_path: Path) -> None:
    for name, size in {"cat/a.png": (8000, 2000), "dog/b.png": (40, 30)}.items():
        (tmp_path / name).parent.mkdir()
        Image.new("L", size).save(tmp_path / name)
    facts = survey_dataset(from_folder(tmp_path)).facts
    assert (facts.widths.tolist(), facts.heights.tolist()) == ([8000, 40], [2000, 30])
