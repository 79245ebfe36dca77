"""Data sets from folders: one folder a class, and everything else left alone."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.data.folder import from_folder
from tellapart.data.layout import Layout
from tellapart.errors import DataError, UsageError
from tellapart.sections import ImageSpec


def put(path: Path, level: int = 0) -> Path:
    """Write a picture of one grey level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), level).save(path, "JPEG" if "jp" in path.suffix.lower() else "PNG")
    return path


def test_class_folders_are_numbered_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        put(tmp_path / "digits" / f"class {number}" / "a.png", number)
    data = from_folder(tmp_path / "digits")
    assert data.class_names == ("class 1", "class 2", "class 10")
    assert data.train.targets.tolist() == [0, 1, 2]
    pixels = data.train.decode(ImageSpec(height=4, width=4)).pixels
    assert pixels[:, 0, 0, 0].tolist() == [1, 2, 10]


def test_pictures_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("c.png", "a.png", "b.png"):
        put(tmp_path / "cat" / name)
    put(tmp_path / "ant" / "z.png")
    train = from_folder(tmp_path).train
    keys = [train.images.key(index) for index in range(4)]
    assert keys == ["ant/z.png", "cat/a.png", "cat/b.png", "cat/c.png"]
    assert train.images.name(0) == str(tmp_path / "ant" / "z.png")


def test_endings_count_in_upper_case_too(tmp_path: Path) -> None:
    for name in ("cat/1.PNG", "cat/2.Jpg", "dog/3.JPEG", "dog/4.png"):
        put(tmp_path / name)
    assert from_folder(tmp_path).train.counts == {"cat": 2, "dog": 2}


def test_hidden_files_and_other_kinds_are_left_alone(tmp_path: Path) -> None:
    for name in ("cat/1.png", "dog/1.png", "cat/.hidden.png", ".thumbs/1.png", "cat/deep/2.png"):
        put(tmp_path / name)
    put(tmp_path / "loose.png")
    for name in ("cat/notes.txt", "dog/1.svg", "dog/png", "README.md"):
        (tmp_path / name).write_text("not a picture")
    (tmp_path / "cat" / "folder.png").mkdir()
    (tmp_path / "empty class").mkdir()
    before = sorted(tmp_path.rglob("*"))
    data = from_folder(tmp_path)
    assert data.train.keys == ["cat/1.png", "cat/deep/2.png", "dog/1.png"]
    assert sorted(tmp_path.rglob("*")) == before


def test_the_data_set_is_named_after_its_folder_and_found_again_by_it(tmp_path: Path) -> None:
    put(tmp_path / "pets" / "cat" / "1.png")
    put(tmp_path / "pets" / "dog" / "1.png")
    data = from_folder(tmp_path / "pets" / ".." / "pets")
    assert (data.name, data.source) == ("pets", str(tmp_path / "pets"))
    assert tuple(data.splits) == ("train",)


def test_a_sample_has_the_same_key_wherever_the_folder_lies(tmp_path: Path) -> None:
    for home in ("here", "there"):
        put(tmp_path / home / "cat" / "1.png")
        put(tmp_path / home / "dog" / "1.png")
    here, there = (from_folder(tmp_path / home).train.images for home in ("here", "there"))
    assert [here.key(0), here.key(1)] == [there.key(0), there.key(1)] == ["cat/1.png", "dog/1.png"]


def test_an_empty_folder_is_refused_with_what_it_must_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one folder a class.*.jpg, .*class folders: 0"):
        from_folder(tmp_path)


def test_pictures_without_class_folders_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "1.png")
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="class folders: 1, pictures in them: 0") as caught:
        from_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.exit_code == 3


def test_one_class_only_is_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path / "cat" / "1.png")
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match="at least two classes. Received: cat in"):
        from_folder(tmp_path)


def test_a_folder_that_is_missing_or_is_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Cannot read the folder .*none: No such file"):
        from_folder(tmp_path / "none")
    with pytest.raises(DataError, match=r"Cannot read the folder .*1\.png: Not a directory"):
        from_folder(put(tmp_path / "1.png"))


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Lay down root's rights, for which every folder is open."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_class_folder_without_permission_is_refused_by_name() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        put(root / "cat" / "1.png")
        put(root / "dog" / "1.png")
        (root / "dog").chmod(0)
        try:
            with (
                as_nobody(),
                pytest.raises(DataError, match=r"Cannot read the folder .*dog: Permission denied"),
            ):
                from_folder(root)
        finally:
            (root / "dog").chmod(0o755)


def test_a_picture_reads_as_the_file_holds_it(tmp_path: Path) -> None:
    levels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.fromarray(levels).save(tmp_path / name / "1.png")
    pixels = from_folder(tmp_path).train.decode(ImageSpec(height=4, width=4)).pixels
    assert np.array_equal(pixels[1, :, :, 0], levels)


def test_what_is_not_used_is_counted_by_kind_and_empty_folders_are_named(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "a.png")
    (tmp_path / "fox").mkdir()
    (tmp_path / "fox" / "a.svg").write_bytes(b"")
    (tmp_path / "dog" / "deeper").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "dog" / "deeper" / "b.png").write_bytes((tmp_path / "dog/a.png").read_bytes())
    [others, empty, deep] = from_folder(tmp_path).remarks
    assert ".svg: 1, .txt: 1" in others
    assert "no class: fox" in empty
    assert "count to it: dog: 1." in deep


def test_a_folder_of_files_is_shown_across_its_classes(tmp_path: Path) -> None:
    for name in ("cat", "dog", "fox"):
        (tmp_path / name).mkdir()
        for index in range(20):
            Image.new("L", (8, 8)).save(tmp_path / name / f"{index}.png")
    (tmp_path / "cat" / "0.png").write_bytes(b"no picture")
    figure = from_folder(tmp_path).show(15)
    titles = {axes.get_title() for axes in figure.axes}
    assert titles == {"cat (unreadable)", "cat", "dog", "fox"}


def test_folders_of_splits_in_any_case_are_splits_with_one_numbering(tmp_path: Path) -> None:
    for name in ("Train/b", "Train/a", "Train/c", "VALID/a", "testing/c", "testing/b"):
        put(tmp_path / name / "1.png")
        put(tmp_path / name / "2.png")
    data = from_folder(tmp_path)
    assert data.class_names == ("a", "b", "c")
    assert data.train.counts == {"a": 2, "b": 2, "c": 2}
    assert data.validation.counts == {"a": 2, "b": 0, "c": 0}
    assert data.test.targets.tolist() == [1, 1, 2, 2]
    assert data.test.keys[0] == "testing/b/1.png"


@pytest.mark.parametrize("word", ["val", "valid", "validation", "dev"])
def test_all_words_for_validation_mean_it(tmp_path: Path, word: str) -> None:
    for name in ("train/a", "train/b", f"{word}/a"):
        put(tmp_path / name / "1.png")
    assert len(from_folder(tmp_path).validation) == 1


def test_a_class_that_only_the_test_folder_has_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "test/a", "test/fox"):
        put(tmp_path / name / "1.png")
    with pytest.raises(DataError, match=r"test split has labels that are no class: fox\..*a, b"):
        from_folder(tmp_path)


def test_a_number_that_only_the_test_folder_has_is_no_class(tmp_path: Path) -> None:
    for name in ("train/cat", "train/dog", "test/cat", "test/0"):
        put(tmp_path / name / "1.png")
    with pytest.raises(DataError, match=r"test split has labels that are no class: 0\."):
        from_folder(tmp_path)


def test_classes_beside_folders_of_splits_are_refused_with_the_fix(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "cat", "dog"):
        put(tmp_path / name / "1.png")
    with pytest.raises(DataError, match="both, train beside cat, dog. Fix: move the class fold"):
        from_folder(tmp_path)


def test_a_folder_of_a_split_without_class_folders_is_named_with_the_fix(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "train/dog/1.png", "test/1.png", "test/2.png"):
        put(tmp_path / name)
    with pytest.raises(
        DataError, match="must hold class folders. Received: pictures right in test"
    ):
        from_folder(tmp_path)


def test_a_class_may_have_any_name_in_utf_8_and_no_other(tmp_path: Path) -> None:
    for name in ("big\u00a0cat", "dog"):
        put(tmp_path / "good" / name / "1.png")
    assert from_folder(tmp_path / "good").class_names == ("big\u00a0cat", "dog")
    for name in ("c\udcffat", "dog"):
        put(tmp_path / "bad" / name / "1.png")
    with pytest.raises(DataError, match=r"name in UTF-8. Received: 'c\\udcffat'"):
        from_folder(tmp_path / "bad")


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("train", "car"):
        put(tmp_path / name / "1.png")
    data = from_folder(tmp_path)
    assert data.class_names == ("car", "train")
    assert "Taken for classes, since pictures lie right in them: train." in data.remarks


def test_two_folders_for_one_split_and_none_to_train_on_are_refused(tmp_path: Path) -> None:
    for name in ("val/a", "val/b", "dev/a"):
        put(tmp_path / name / "1.png")
    with pytest.raises(DataError, match="one folder a split. Received: dev, val"):
        from_folder(tmp_path)
    (tmp_path / "dev").rename(tmp_path / "test")
    with pytest.raises(DataError, match="must be a train split in .*Received: test, validation"):
        from_folder(tmp_path)


def test_a_folder_around_the_class_folders_is_refused_with_the_one_to_open(tmp_path: Path) -> None:
    put(tmp_path / "images" / "cat" / "1.png")
    put(tmp_path / "images" / "dog" / "1.png")
    with pytest.raises(DataError, match=rf"Received: images in .*open {tmp_path / 'images'}$"):
        from_folder(tmp_path)


def test_classes_that_differ_only_by_case_or_blanks_are_pointed_out(tmp_path: Path) -> None:
    for name in ("Cat", "cat ", "dog"):
        put(tmp_path / name / "1.png")
    [remark] = from_folder(tmp_path).remarks
    assert "differ only by case or blanks: 'Cat', 'cat '." in remark


def test_names_with_blanks_brackets_and_any_script_are_read(tmp_path: Path) -> None:
    names = ("[cat] (1)/ä b [2].png", "собака/犬 %20.png", "*?/a#b.png")
    for name in names:
        put(tmp_path / name)
    data = from_folder(tmp_path)
    assert set(data.train.keys) == set(names)
    decoded = data.train.decode(ImageSpec(height=4, width=4))
    assert (len(decoded.kept), decoded.failures) == (3, ())


def test_links_are_followed_and_circles_of_them_end(tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    put(home / "fox.png")
    root = tmp_path / "pets"
    for name in ("cat", "dog"):
        put(root / name / "1.png")
    (root / "fox").symlink_to(home)
    (root / "cat" / "link.png").symlink_to(root / "dog" / "1.png")
    (root / "cat" / "up").symlink_to(root)
    (root / "a").symlink_to(root / "dog")
    (root / "dog" / "self").symlink_to(root / "dog" / "self")
    data = from_folder(root)
    assert data.train.counts == {"cat": 2, "dog": 1, "fox": 1}
    reasons = {entry.file: entry.reason for entry in data.unused}
    assert reasons == {
        str(root / "cat" / "up"): "seen-before",
        str(root / "a"): "seen-before",
        str(root / "dog" / "self"): "not-a-file",
    }


def test_groups_are_found_in_the_paths(tmp_path: Path) -> None:
    for name in ("cat/p1_a.png", "cat/p2_a.png", "dog/p1_b.png", "dog/other.png"):
        put(tmp_path / name)
    data = from_folder(tmp_path, Layout(group_from=r"/(p\d+)_"))
    assert data.train.groups == ("p1", "p2", "", "p1")
    with pytest.raises(DataError, match="must find a group.*finds nothing.*first is 'cat/p1_a"):
        from_folder(tmp_path, Layout(group_from="patient"))
    with pytest.raises(UsageError, match="`group_from` must be a regular expression"):
        from_folder(tmp_path, Layout(group_from="("))


def test_groups_that_the_given_splits_share_are_told(tmp_path: Path) -> None:
    for name in ("train/a/p1.png", "train/b/p2.png", "test/a/p1.png", "test/b/p3.png"):
        put(tmp_path / name)
    data = from_folder(tmp_path, Layout(group_from=r"p\d"))
    assert data.remarks == ("train and test share groups, so the scores flatter: p1.",)


def test_a_class_that_is_a_link_into_a_hidden_folder_is_a_class(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    for name in (".store/cat/1.png", ".store/rat/1.png", "dog/1.png", "owl/1.png"):
        put(root / name)
    (root / "cat").symlink_to(Path(".store", "cat"))
    (root / ".again").symlink_to("dog")
    data = from_folder(root)
    assert data.train.counts == {"cat": 1, "dog": 1, "owl": 1}
    assert {entry.file: (entry.reason, entry.detail) for entry in data.unused} == {
        str(root / ".store" / "cat"): ("hidden", f"hidden, and read already as {root / 'cat'}."),
        str(root / ".store" / "rat" / "1.png"): (
            "hidden",
            "it, or a folder above it, is hidden.",
        ),
        str(root / ".again"): ("hidden", f"hidden, and read already as {root / 'dog'}."),
    }
    assert data.remarks == ("Left alone: hidden: 3.",)
