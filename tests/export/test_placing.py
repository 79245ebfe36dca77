"""Where an export goes: whole, or nothing of it, and never over anything."""

from pathlib import Path

import pytest

from tellapart.errors import MissingExtraError, OutputError, UsageError
from tellapart.export.formats import FORMATS, Format, open_onnx
from tellapart.export.placing import beside, put_in_place, target_of


def _fill(path: Path) -> None:
    """Write what an OpenVINO export with a card consists of."""
    for file in (*FORMATS["openvino"].files(path), path.with_name("README.md")):
        file.write_text("new", "utf-8")


def test_all_that_belongs_to_it_comes_to_its_place(tmp_path: Path) -> None:
    with beside(tmp_path / "new" / "a.xml") as path:
        _fill(path)
        assert put_in_place("openvino", path, tmp_path / "new" / "a.xml") == 6
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
        *("README.md", "a.bin", "a.xml")
    ]


@pytest.mark.parametrize("name", ["README.md", "a.bin", "a.xml"])
def test_where_a_part_cannot_be_placed_none_is(name: str, tmp_path: Path) -> None:
    with (  # noqa: PT012 - somebody else writes there meanwhile
        pytest.raises(OutputError, match="something is there already"),
        beside(tmp_path / "a.xml") as path,
    ):
        _fill(path)
        (tmp_path / name).write_text("mine", "utf-8")
        put_in_place("openvino", path, tmp_path / "a.xml")
    assert {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()} == {name: "mine"}


def test_folders_that_were_made_for_nothing_are_removed_again(tmp_path: Path) -> None:
    with (  # noqa: PT012 - the interruption is what is asked about
        pytest.raises(KeyboardInterrupt),
        beside(tmp_path / "new" / "folder" / "a.xml") as path,
    ):
        _fill(path)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_looked_at_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Cannot write .*name too long"):
        target_of(tmp_path / "a.tellapart", "onnx", tmp_path / f"{'a' * 300}.onnx", card=False)


@pytest.mark.parametrize(
    ("output", "target"), [("new/", "new/a.onnx"), ("b.onnx", "b.onnx"), (None, "a.onnx")]
)
def test_a_name_that_ends_in_a_slash_is_a_folder(
    output: str | None, target: str, in_tmp: Path
) -> None:
    given = None if output is None else f"{in_tmp}/{output}"
    assert target_of(in_tmp / "a.tellapart", "onnx", given, card=False) == in_tmp / target


def test_what_is_no_path_or_is_taken_by_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.onnx").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="must be a path. Received: nothing"):
        target_of(tmp_path / "a.tellapart", "onnx", "", card=False)
    with pytest.raises(UsageError, match=r"something at .*b\.onnx already"):
        target_of(tmp_path / "a.tellapart", "onnx", tmp_path / "b.onnx", card=False)


def test_a_package_that_writing_needs_is_missed_before_any_work() -> None:
    form = Format(".x", "numpy", "onnx", open_onnx, (("no_such_writer", "openvino"),))
    with pytest.raises(MissingExtraError, match=r"no_such_writer.*tellapart\[openvino\]"):
        form.check_installed()
    for each in FORMATS.values():
        each.check_installed()
