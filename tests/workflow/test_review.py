"""Finding wrong labels: planted ones in real pictures are found, and the files say so."""

import csv
import html
import io
import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.data.patch import read_patch
from tellapart.errors import UsageError
from tellapart.evaluate.suspects import find_suspects
from tellapart.progress import SILENCE
from tellapart.recipe import load_recipe
from tellapart.workflow.folds import OutOfFold
from tellapart.workflow.review import Review
from tellapart.workflow.review_files import Findings, find_places, settled_by, write_review

sys.path.insert(0, str(Path(__file__).parent))
from clothes import QUICK, WRONG, files_in, write_clothes


@pytest.fixture(scope="module")
def clothes(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 180 real pictures in three classes, three of them in the wrong one."""
    return write_clothes(fashion, tmp_path_factory.mktemp("data") / "clothes")


@pytest.fixture(scope="module")
def found(clothes: Path, tmp_path_factory: pytest.TempPathFactory) -> Review:
    """Return a review of the folder; do not change its files."""
    output = tmp_path_factory.mktemp("reviews")
    before = files_in(clothes)
    review = tellapart.review(
        clothes, "fast", folds=2, propose=2, settings=QUICK, output=output, quiet=True
    )
    assert files_in(clothes) == before
    return review


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_planted_wrong_labels_come_first_with_their_true_class_as_the_proposal(
    found: Review,
) -> None:
    rows = _table(Path(found.folder) / "suspects.csv")
    planted = [row for row in rows[:5] if row["image"] in WRONG]
    assert len(planted) >= 2
    assert all(row["proposed"] == WRONG[row["image"]] for row in planted)
    assert [row["rank"] for row in rows] == [str(n + 1) for n in range(len(rows))]
    sums = [sum(float(row[c]) for c in row if c.startswith("probability of")) for row in rows]
    assert sums == pytest.approx([1.0] * len(rows), abs=1e-4)


def test_the_file_to_decide_in_decides_only_what_was_asked_for(found: Review) -> None:
    rows = read_patch(Path(found.patch)).rows
    suspects = _table(Path(found.folder) / "suspects.csv")
    assert [(row.image, row.given, row.label) for row in rows] == [
        (row["image"], row["given"], row["proposed"]) for row in suspects
    ]
    decisions = ["relabel", "relabel", *("" for _ in rows)][: len(rows)]
    assert [row.decision for row in rows] == decisions
    assert found.proposed == 2


def test_a_finished_review_is_not_begun_again_over_its_decisions(
    found: Review, clothes: Path
) -> None:
    before = files_in(Path(found.folder))
    with pytest.raises(UsageError, match="is finished"):
        tellapart.review(clothes, "fast", settings=QUICK, resume=found.folder, quiet=True)
    assert files_in(Path(found.folder)) == before


def test_an_interrupted_review_takes_the_folds_that_are_finished(
    found: Review, clothes: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(found.folder, tmp_path / "review"))
    (copy / "labels.patch.csv").unlink()
    again = tellapart.review(
        clothes, "fast", folds=2, propose=2, settings=QUICK, resume=copy, quiet=True
    )
    assert Path(again.patch).read_bytes() == Path(found.patch).read_bytes()
    assert again.suspects == found.suspects


def _findings(clothes: Path, wrong: int) -> Findings:
    """Return what a review would have found, with answers made up from the labels."""
    data = tellapart.load(clothes, quiet=True)
    targets = data.train.targets
    answers = np.full((len(targets), 3), 0.02, np.float32)
    answers[np.arange(len(targets)), targets] = 0.96
    for number, index in enumerate(range(0, 5 * wrong, 5)):
        answers[index] = 0.01 * (number + 1)
        answers[index, (targets[index] + 1) % 3] = 1 - 0.02 * (number + 1)
    keys, fold = tuple(data.train.keys), np.arange(len(targets)) % 2 + 1
    told = OutOfFold(keys, targets, answers, fold, data.class_names)
    suspects = find_suspects(targets, answers, data.class_names, most=wrong)
    places = find_places(data.train, told)
    return Findings(data, load_recipe("fast", QUICK), told, suspects, places)


def test_the_page_stands_alone_and_names_from_outside_are_inert(
    clothes: Path, tmp_path: Path
) -> None:
    text = write_review(tmp_path, _findings(clothes, 7), None, 0, SILENCE).read_text("utf-8")
    assert "bag &amp; &lt;b&gt;co" in text
    assert "<b>co" not in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count('<article class="suspect">') == 7
    assert text.count('class="main"') == 7
    assert text.count("A similar picture labelled") == 7 * 5
    assert (tmp_path / "suspects.png").read_bytes().startswith(b"\x89PNG")


def test_where_there_are_features_neighbours_are_those_of_the_same_network(
    clothes: Path, tmp_path: Path
) -> None:
    findings = _findings(clothes, 1)
    answers, labels = findings.answers, findings.data.train.labels
    [suspect] = findings.suspects.suspects
    others = np.flatnonzero(answers.fold == answers.fold[suspect.index])[-5:]
    features = np.full((len(labels), 2), 100.0, np.float32)
    features[suspect.index] = 0
    features[others] = 1
    features[answers.fold != answers.fold[suspect.index]] = 0
    told = replace(answers, features=features)
    page = write_review(tmp_path, replace(findings, answers=told), None, 0, SILENCE)
    said = re.findall(r"similar picture labelled ([^\"]*)", page.read_text("utf-8"))
    assert said == [html.escape(labels[i]) for i in others]


def test_without_suspects_there_is_a_page_that_says_so_and_an_empty_file(
    clothes: Path, tmp_path: Path
) -> None:
    page = write_review(tmp_path, _findings(clothes, 0), None, 0, SILENCE)
    assert "No label looks wrong." in page.read_text("utf-8")
    assert read_patch(tmp_path / "labels.patch.csv").rows == ()
    assert not (tmp_path / "suspects.png").exists()


def test_a_second_review_goes_on_from_the_decisions_of_the_first(
    clothes: Path, tmp_path: Path
) -> None:
    findings = _findings(clothes, 7)
    write_review(tmp_path / "first", findings, None, 2, SILENCE)
    patch = read_patch(tmp_path / "first" / "labels.patch.csv")
    settled = settled_by(patch, findings.answers.keys)
    answers = findings.answers
    again = find_suspects(
        answers.targets, answers.probabilities, answers.class_names, most=5, settled=settled
    )
    assert settled.sum() == 2
    rest = Findings(findings.data, findings.recipe, answers, again, findings.places)
    write_review(tmp_path / "second", rest, patch, 0, SILENCE)
    rows = read_patch(tmp_path / "second" / "labels.patch.csv").rows
    assert [row.image for row in rows] == [row.image for row in patch.rows]
    assert [row.decision for row in rows] == ["relabel", "relabel", *[""] * 5]


def test_wrong_arguments_leave_nothing_behind(
    clothes: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_in(clothes)
    for words, said in (
        (["--most", "0"], "`most` must be at least 1"),
        (["--propose", "-1"], "`propose` must be at least 0"),
        (["--folds", "1"], "at least 2 folds"),
        (["--resume", "nowhere"], "must be the folder of a review"),
        (["--resume", str(clothes)], "must be the folder of a review"),
    ):
        assert main(["review", str(clothes), "-q", *words]) == 2
        assert said in capsys.readouterr().err
    assert list(in_tmp.iterdir()) == []
    assert files_in(clothes) == before


def test_the_record_comes_back_from_json(found: Review) -> None:
    assert Review.model_validate_json(found.to_json()) == found
    assert json.loads(found.to_json())["suspects"]["samples"] == 180
