"""A look at a data set: every file accounted for, what is wrong, and one page of it all."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec


@pytest.fixture
def folder(fashion: Dataset, tmp_path: Path) -> Path:
    """Return a folder of real pictures in two classes, with most things that go wrong."""
    root = tmp_path / "clothes"
    pixels = fashion.test.take(np.arange(60)).decode(ImageSpec()).pixels
    for index, picture in enumerate(pixels):
        home = root / ("<b>shoe" if index % 2 else "shirt & co")
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[..., 0]).save(home / f"{index:02}.png")
    Image.fromarray(pixels[0, ..., 0]).save(root / "<b>shoe" / "copy.bmp")
    whole = (root / "shirt & co" / "00.png").read_bytes()
    (root / "shirt & co" / "cut.png").write_bytes(whole[:99])
    (root / "shirt & co" / "notes.txt").write_text("no picture", "utf-8")
    (root / ".DS_Store").write_bytes(b"x")
    return root


def test_used_repaired_skipped_and_refused_files_are_all_files_on_the_disk(folder: Path) -> None:
    found = tellapart.inspect(folder, output=folder.parent / "grid.png", quiet=True)
    on_disk = {f"{home}/{name}" for home, _, names in os.walk(folder) for name in names}
    assert found.account is not None
    assert found.account.files == sum(found.account.counts.values()) == len(on_disk)
    assert found.account.counts == {"used": 61, "repaired": 0, "skipped": 3, "refused": 0}
    reasons = {Path(entry.file).name: entry.reason for entry in found.account.exceptions}
    assert reasons == {
        "cut.png": "truncated",
        "notes.txt": "not-a-picture",
        ".DS_Store": "system-file",
    }


def test_a_picture_with_another_ending_than_its_content_is_used_and_remarked(folder: Path) -> None:
    (folder / "shirt & co" / "02.png").rename(folder / "shirt & co" / "02.jpg")
    found = tellapart.inspect(folder, output=folder.parent / "g.png", quiet=True)
    assert "Pictures that are left as they are, PNG named .jpg: 1." in found.remarks
    assert found.account is not None
    assert found.account.counts["used"] == 61


def test_what_is_wrong_comes_worst_first_with_files_and_advice(folder: Path) -> None:
    findings = tellapart.inspect(folder, output=folder.parent / "g.png", quiet=True).findings
    assert findings is not None
    by_check = {finding.check: finding for finding in findings}
    assert findings[0].severity == "problem"
    assert [Path(f).name for f in by_check["two-labels"].files] == ["copy.bmp", "00.png"]
    assert [Path(f).name for f in by_check["unreadable"].files] == ["cut.png"]
    assert all(finding.advice for finding in findings)


def test_the_page_stands_alone_and_names_from_outside_are_inert(folder: Path) -> None:
    page = folder.parent / "page.html"
    found = tellapart.inspect(folder, output=folder.parent / "g.png", report=page, quiet=True)
    text = page.read_text("utf-8")
    assert found.report == str(page)
    assert "&lt;b&gt;shoe" in text
    assert "<b>" not in text
    assert "shirt &amp; co" in text
    assert "<script" not in text
    assert "http:" not in text.replace("http-equiv", "")
    assert "https:" not in text
    assert "data:image/png;base64," in text


def test_a_known_data_set_is_only_checked_where_that_is_asked_for(in_tmp: Path) -> None:
    found = tellapart.inspect("fashion-mnist", output=in_tmp / "grid.png", quiet=True)
    assert found.account is None
    assert found.findings is None


def test_the_command_shows_ledger_and_findings_and_json_holds_all(
    folder: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(folder), "-o", str(in_tmp / "grid.png"), "-q"]) == 0
    shown = capsys.readouterr().out
    assert "files: 64 = used 61, repaired 0, skipped 3, refused 0" in shown
    assert "skipped (truncated)" in shown
    assert "problem: " in shown
    assert main(["inspect", str(folder), "-o", str(in_tmp / "grid.png"), "-q", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert len(record["account"]["exceptions"]) == 3
    assert record["tallies"][0] == {"what": "size", "value": "28×28", "images": 61}


def test_a_table_is_read_by_the_columns_that_the_command_names(
    folder: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"shirt & co/{i:02}.png,{'a' if i % 4 else 'b'},p{i // 4}" for i in range(0, 60, 2)]
    (in_tmp / "list.csv").write_text("\n".join(["where,kind,patient", *rows]), "utf-8")
    words = ["inspect", str(in_tmp / "list.csv"), "--root", str(folder), "-q", "--json"]
    words += ["--column", "image=where", "--column", "label=kind", "--group", "patient"]
    assert main([*words, "-o", str(in_tmp / "grid.png")]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["splits"]["train"]["classes"] == {"a": 15, "b": 15}
    assert main(["inspect", str(folder), "--column", "lable=x"]) == 2
    assert "ROLE=NAME. Received: 'lable=x'. Did you mean 'label'?" in capsys.readouterr().err


def test_a_run_on_a_table_remembers_how_it_was_read_and_goes_on_by_it(
    folder: Path, in_tmp: Path
) -> None:
    rows = [f"shirt & co/{i:02}.png,{'a' if i % 4 else 'b'},p{i // 4}" for i in range(0, 60, 2)]
    (in_tmp / "list.csv").write_text("\n".join(["where,kind,patient", *rows]), "utf-8")
    layout = tellapart.Layout(image="where", label="kind", group="patient", root=folder)
    run = tellapart.train(
        in_tmp / "list.csv", "guide-holdout", epochs=1, layout=layout, output=in_tmp, quiet=True
    )
    ledger = json.loads((run.path / "ledger.json").read_text("utf-8"))
    assert ledger["counts"]["used"] == 30
    assert tellapart.replay(run, quiet=True).equal


def test_strict_shows_the_ledger_and_then_refuses_unreadable_pictures_with_exit_code_3(
    folder: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["inspect", str(folder), "--strict", "-q", "-o", str(in_tmp / "g.png")]) == 3
    captured = capsys.readouterr()
    assert "files: 64 = used 61, repaired 0, skipped 2, refused 1" in captured.out
    assert "cut.png (truncated)" in captured.err
    assert "refused: 1." in captured.err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (folder / "shirt & co" / "cut.png").unlink()
    words = ["inspect", str(folder), "--strict", "--json", "-q", "-o", str(in_tmp / "h.png")]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["account"]["counts"]["refused"] == 0


@pytest.mark.usefixtures("in_tmp")
def test_strict_and_no_look_at_the_pictures_exclude_each_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(folder), "--strict", "--no-check"]) == 2
    assert "leave out --no-check" in capsys.readouterr().err


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"


@pytest.mark.parametrize("kind", ["pointers of Git LFS", "a table of what is elsewhere"])
def test_where_no_picture_can_be_read_every_file_is_accounted_for_and_that_is_said(
    in_tmp: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{label}/{index}.png" for label in ("cat", "dog") for index in range(4)]
    source, words = in_tmp / "photos", ["--report", "page.html", "-q"]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(POINTER.format("0" * 64), "utf-8")
    if kind == "a table of what is elsewhere":
        rows = "\n".join(["file,label", *(f"{name},{name[:3]}" for name in names)])
        source, words = in_tmp / "list.csv", [*words, "--root", str(in_tmp)]
        source.write_text(rows, "utf-8")
    assert main(["inspect", str(source), *words]) == 0
    shown = capsys.readouterr().out
    assert "files: 8 = used 0, repaired 0, skipped 8, refused 0" in shown
    assert "problem: 8 pictures are unreadable" in shown
    assert "(cat (0), dog (0))" in shown
    assert "Classes must not differ much" not in shown
    assert "unreadable" in (in_tmp / "page.html").read_text("utf-8")
    assert main(["inspect", str(source), *words, "--strict"]) == 3
