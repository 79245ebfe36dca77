"""Each check finds the fault that was planted in real data, names it, and else is silent."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFilter
from pydantic import ValidationError

from tellapart.check.catalogue import CHECKS, gather_evidence, run_checks
from tellapart.check.finding import MOST_FILES, Finding
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.folder import from_folder
from tellapart.sections import ImageSpec


def pixels_of(fashion: Dataset, count: int) -> np.ndarray:
    return fashion.test.take(np.arange(count)).decode(ImageSpec()).pixels.copy()


def of_arrays(pixels: np.ndarray, targets: np.ndarray | None = None) -> Dataset:
    """Return a data set of two classes that take turns."""
    return from_arrays(
        {"train": (pixels, np.arange(len(pixels)) % 2 if targets is None else targets)}
    )


def found(data: Dataset, check: str) -> tuple[Finding, ...]:
    return CHECKS[check](gather_evidence(data))


def test_real_data_have_no_finding_that_is_a_problem(slice_of_fashion: Dataset) -> None:
    findings = run_checks(slice_of_fashion)
    assert [f.check for f in findings if f.severity == "problem"] == []
    assert {f.check for f in findings} <= {"near-duplicates", "small-classes", "leaks"}


def test_a_copy_under_another_label_in_another_split_is_told_by_all_three_checks(
    fashion: Dataset,
) -> None:
    pixels = pixels_of(fashion, 300)
    train = (pixels[:200], np.arange(200) % 2)
    test = (np.concatenate([pixels[200:], pixels[4:5]]), np.append(np.arange(100) % 2, 1))
    data = from_arrays({"train": train, "test": test})
    names = {"train images[4]", "test images[100]"}
    for check in ("exact-duplicates", "two-labels", "leaks"):
        finding = found(data, check)[0]
        assert set(finding.files) == names
        assert finding.count == 2
        assert finding.severity == ("warning" if check == "exact-duplicates" else "problem")


def test_a_mirrored_copy_is_near_and_its_leak_a_warning(fashion: Dataset) -> None:
    pixels = pixels_of(fashion, 300)
    flipped = np.concatenate([pixels[200:], pixels[4:5, :, ::-1]])
    data = from_arrays(
        {"train": (pixels[:200], np.arange(200) % 2), "test": (flipped, np.arange(101) % 2)}
    )
    assert found(data, "exact-duplicates") == ()
    for check in ("near-duplicates", "leaks"):
        [finding] = found(data, check)
        assert finding.severity == "warning"
        assert {"train images[4]", "test images[100]"} <= set(finding.files)


@pytest.mark.parametrize("check", ["blank", "dark", "blurred"])
def test_a_bad_picture_is_named_and_no_other(fashion: Dataset, check: str) -> None:
    pixels = pixels_of(fashion, 200)
    bad = {
        "blank": np.full((28, 28), 90, np.uint8),
        "dark": (pixels[7, :, :, 0] * 0.08).astype(np.uint8),
        "blurred": np.asarray(
            Image.fromarray(pixels[7, :, :, 0]).filter(ImageFilter.GaussianBlur(3))
        ),
    }
    assert found(of_arrays(pixels), check) == ()
    pixels[7, :, :, 0] = bad[check]
    [finding] = found(of_arrays(pixels), check)
    assert finding.files == ("train images[7]",)


def folder_of(root: Path, fashion: Dataset, each: int = 15) -> Path:
    """Write pictures of two classes as PNG."""
    for index, picture in enumerate(pixels_of(fashion, 2 * each)):
        home = root / ("cat", "dog")[index % 2]
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[..., 0]).save(home / f"{index:02}.png")
    return root


@pytest.mark.parametrize(("check", "size"), [("tiny", (6, 6)), ("odd-aspect", (200, 28))])
def test_a_picture_of_an_odd_size_is_named(
    fashion: Dataset, tmp_path: Path, check: str, size: tuple[int, int]
) -> None:
    root = folder_of(tmp_path, fashion)
    assert found(from_folder(root), check) == ()
    with Image.open(root / "cat" / "00.png") as picture:
        picture.resize(size).save(root / "cat" / "odd.png")
    [finding] = found(from_folder(root), check)
    assert [Path(name).name for name in finding.files] == ["odd.png"]


def test_an_unreadable_file_is_a_problem_with_its_reason(fashion: Dataset, tmp_path: Path) -> None:
    root = folder_of(tmp_path, fashion)
    (root / "dog" / "bad.png").write_bytes(b"no picture")
    [finding] = found(from_folder(root), "unreadable")
    assert finding.severity == "problem"
    assert "unknown-format" in finding.message
    assert [Path(name).name for name in finding.files] == ["bad.png"]


@pytest.mark.parametrize("title", ["size", "format", "camera", "colour mode"])
def test_what_gives_a_class_away_is_told(fashion: Dataset, tmp_path: Path, title: str) -> None:
    root = folder_of(tmp_path, fashion)
    assert found(from_folder(root), "shortcuts") == ()
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "M 1"
    for path in sorted((root / "dog").iterdir()):
        with Image.open(path) as opened:
            picture = opened.copy()
        if title == "size":
            picture.resize((32, 32)).save(path)
        elif title == "format":
            path.unlink()
            picture.save(path.with_suffix(".jpg"))
        elif title == "camera":
            picture.save(path, exif=exif)
        else:
            picture.convert("RGB").save(path)
    [finding] = found(from_folder(root), "shortcuts")
    assert finding.severity == "problem"
    assert f"The {title} gives the class" in finding.message
    assert finding.count == 15


def test_small_classes_are_named_with_the_width_of_their_interval(fashion: Dataset) -> None:
    pixels = pixels_of(fashion, 260)
    enough = np.arange(260) % 2
    assert found(of_arrays(pixels, enough), "small-classes") == ()
    few = (np.arange(260) < 40).astype(np.int64)
    [finding] = found(of_arrays(pixels, few), "small-classes")
    assert "1 (8)" in finding.message
    assert "wide" in finding.message


def test_a_class_of_few_pictures_beside_a_large_one_is_told(fashion: Dataset) -> None:
    pixels = pixels_of(fashion, 120)
    assert found(of_arrays(pixels), "imbalance") == ()
    [finding] = found(of_arrays(pixels, (np.arange(120) < 12).astype(np.int64)), "imbalance")
    assert "108 pictures of 0" in finding.message
    assert "fit.class_weights=balanced" in finding.advice


def test_findings_come_worst_first_and_name_some_files_but_count_all(fashion: Dataset) -> None:
    pixels = np.concatenate([pixels_of(fashion, 300)] * 2)
    findings = run_checks(of_arrays(pixels, np.arange(600) // 300))
    ranks = [("problem", "warning", "remark").index(f.severity) for f in findings]
    assert ranks == sorted(ranks)
    assert findings[0].check == "two-labels"
    assert (len(findings[0].files), findings[0].count) == (MOST_FILES, 600)


def test_every_finding_bears_its_checks_name_and_an_advice(fashion: Dataset) -> None:
    pixels = np.concatenate([pixels_of(fashion, 40), np.zeros((4, 28, 28, 1), np.uint8)])
    evidence = gather_evidence(of_arrays(pixels, (np.arange(44) > 41).astype(np.int64)))
    for name, check in CHECKS.items():
        for finding in check(evidence):
            assert finding.check == name
            assert finding.advice.endswith(".")


def test_a_finding_takes_no_unknown_field() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Finding(check="dark", severity="remark", message="", advice="", colour="red")  # type: ignore[call-arg]
