"""Bad input: one message, the designed exit code, nothing left behind."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run


def _fails(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command that must fail; return its exit code and its only message."""
    code = main(words)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return code, captured.err


def _folder(root: Path, classes: dict[str, int], size: int = 28) -> str:
    """Make a folder of random pictures, some a class."""
    random = np.random.default_rng(0)
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 256, (size, size)).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{index}.png")
    return str(root)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fashion-mnits", "Did you mean 'fashion-mnist'?"),
        ("nowhere/at/all", "no folder or file 'nowhere/at/all'"),
    ],
)
def test_an_unknown_data_set(
    word: str, said: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = _fails(["train", word], capsys)
    assert code == 3
    assert said in message
    assert list(in_tmp.iterdir()) == []


def test_a_missing_data_set_lists_every_way_tried(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = _fails(["inspect", "fashion-mnist", "--data", str(in_tmp)], capsys)
    assert code == 3
    assert "there is no train-images-idx3-ubyte.gz" in message
    assert "apt-get install dataset-fashion-mnist" in message


def test_an_empty_folder(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (in_tmp / "photos").mkdir()
    code, message = _fails(["train", "photos"], capsys)
    assert code == 3
    assert "one folder a class" in message
    assert not (in_tmp / "runs").exists()


def test_one_class_only(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = _fails(["train", _folder(in_tmp / "photos", {"cat": 5})], capsys)
    assert code == 3
    assert "at least two classes. Received: cat" in message


@pytest.mark.usefixtures("in_tmp")
def test_a_label_outside_the_classes(capsys: pytest.CaptureFixture[str]) -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    np.savez("bad.npz", x_train=images, y_train=[0, 1, 2, 7], class_names=["a", "b", "c"])
    code, message = _fails(["train", "bad.npz"], capsys)
    assert code == 3
    assert "from 0 to 2" in message
    assert "Received: 7 at train images[3]" in message


@pytest.mark.usefixtures("in_tmp")
def test_arrays_of_another_size_than_the_recipes_are_no_mistake_but_a_remark(
    capsys: pytest.CaptureFixture[str],
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    np.savez("colour.npz", x_train=images, y_train=np.arange(20) % 2)
    assert main(["train", "colour.npz", "--recipe", "guide", "--epochs", "1"]) == 0
    said = capsys.readouterr().err
    assert "Arrays of 32×32×3 that are made to fit 28×28×1 (pad): 16." in said
    assert "Arrays of 32×32×3 that are made to fit 28×28×1 (pad): 4." in said


@pytest.mark.usefixtures("in_tmp")
def test_pixels_that_are_no_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    images = np.zeros((4, 28, 28), np.float32)
    images[2, 3, 4] = np.nan
    np.savez("nan.npz", x_train=images, y_train=[0, 1, 0, 1])
    code, message = _fails(["train", "nan.npz"], capsys)
    assert code == 3
    assert "no NaN and no infinity. Received: 1 of them" in message


def test_an_unreadable_image_among_good_ones_is_skipped_by_name_and_refused_if_strict(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(in_tmp / "photos", {"cat": 10, "dog": 10})
    (in_tmp / "photos" / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    assert main(["train", folder, "--epochs", "1"]) == 0
    message = capsys.readouterr().err
    assert "cannot be read and are skipped: 1" in message
    assert "cat/broken.jpg" in (in_tmp / "runs/photos-1/skipped.json").read_text("utf-8")
    code = main(["train", folder, "--strict"])
    message = capsys.readouterr().err
    assert code == 3
    assert "photos/cat/broken.jpg" in message
    assert not (in_tmp / "runs" / "photos-2").exists()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system with room for 64 KiB."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(full_disk: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(in_tmp / "photos", {"cat": 4, "dog": 4})
    code = main(["train", folder, "--epochs", "1", "--output", f"{full_disk}/runs"])
    message = capsys.readouterr().err
    assert code == 2
    assert "No space left on device" in message
    assert "--output" in message
    assert not (full_disk / "runs").exists()


def test_an_output_folder_that_cannot_be_written(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (in_tmp / "file").write_text("in the way")
    folder = _folder(in_tmp / "photos", {"cat": 4, "dog": 4})
    code, message = _fails(["train", folder, "-q", "--output", "file/runs"], capsys)
    assert code == 2
    assert "Cannot write file/runs/photos" in message
    assert "file is a file, and no folder" in message


@pytest.mark.usefixtures("in_tmp")
def test_several_mistakes_in_a_recipe_are_told_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mine.toml").write_text(
        'name = "mine"\n[fit]\nepoch = 3\nbatch_size = 0\n[optimizer]\nlearning_rate = "fast"\n'
    )
    code, message = _fails(["train", "fashion-mnist", "--recipe", "mine.toml"], capsys)
    assert code == 2
    assert "mine.toml has 3 mistakes" in message
    assert "`fit.epoch` is not a key of a recipe. Did you mean 'epochs'?" in message
    assert "`fit.batch_size` must be greater than or equal to 1. Received: 0." in message
    assert "`optimizer.learning_rate`" in message


def test_an_unknown_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    code, message = _fails(["train", "fashion-mnist", "--recipe", "gude"], capsys)
    assert code == 2
    assert message == "error: Unknown recipe 'gude'. Did you mean 'guide'?\n"


def test_a_learning_rate_that_breaks_the_loss(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(in_tmp / "photos", {"cat": 40, "dog": 40})
    code = main(["train", folder, "--recipe", "guide", "--learning-rate", "1e30"])
    message = capsys.readouterr().err
    assert code == 2
    assert "The loss is no longer a number" in message
    assert not (in_tmp / "runs").exists()


@pytest.mark.parametrize("verb", ["train", "cross-validate"])
def test_data_in_a_place_that_no_record_could_name(
    verb: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(in_tmp / os.fsdecode(b"caf\xe9"), {"cat": 10, "dog": 10})
    assert main([verb, folder]) == 3
    assert r"Received: " in (message := capsys.readouterr().err)
    assert r"caf\xe9. Fix: rename the folder" in " ".join(message.split())
    assert not (in_tmp / "runs").exists()


def test_nothing_to_train_on(capsys: pytest.CaptureFixture[str]) -> None:
    code, message = _fails(["train"], capsys)
    assert code == 2
    assert "--resume RUN" in message


def test_going_on_with_what_is_no_run(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = _fails(["train", "--resume", str(in_tmp)], capsys)
    assert code == 4
    assert "no recipe.toml" in message


def test_going_on_with_another_recipe(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, message = _fails(["train", "--resume", str(run.path), "--epochs", "9"], capsys)
    assert code == 2
    assert "the recipe and budget that it began with" in message


def test_an_unknown_option_and_an_unknown_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--epoch", "3"]) == 2
    assert main(["trian"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_data_without_the_pictures_of_a_split(
    in_tmp: Path, slice_of_fashion: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = slice_of_fashion.test.decode(ImageSpec()).pixels
    np.savez("a.npz", x_train=pixels, y_train=slice_of_fashion.test.targets)
    code, message = _fails(["inspect", "a.npz", "--split", "test"], capsys)
    assert code == 3
    assert "no test split of its own. It has: train" in message
    assert [p.name for p in in_tmp.iterdir()] == ["a.npz"]


def test_debug_shows_the_traceback() -> None:
    from tellapart.errors import DataError

    with pytest.raises(DataError, match="nowhere"):
        main(["inspect", "nowhere", "--debug"])
