"""The page about a run, as people see it: in a real browser, wide and narrow, dark, on paper."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tellapart
from browser import NARROW, WIDE, open_file, overflows, violations
from tellapart.data.arrays import from_arrays
from tellapart.errors import BundleError
from tellapart.report.galleries import choose_mistakes, choose_pairs
from tellapart.workflow.runs import Run

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page_file(file_run: Run) -> Path:
    return file_run.path / "report.html"


def test_every_run_has_its_page_and_it_is_small(page_file: Path) -> None:
    assert 50_000 < page_file.stat().st_size < 3_000_000


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_usable_by_all_in_every_form(
    browser: Any, page_file: Path, size: tuple[int, int], dark: bool
) -> None:
    with open_file(browser, page_file, size, dark=dark) as page:
        assert violations(page) == []
        assert not overflows(page)


def test_it_says_the_score_the_worries_the_mistakes_and_how_to_have_it_again(
    browser: Any, page_file: Path, file_run: Run
) -> None:
    score = file_run.evaluation.accuracy
    with open_file(browser, page_file) as page:
        text = page.locator("main").inner_text()
        assert f"Right on {score.value:.1%} of 200 test images" in text
        assert "The validation curve is of the test images" in text  # recipe guide does that
        assert "tellapart replay" in text
        assert "were not checked for copies" in text
        mistakes = page.locator("#mistakes ~ ul.gallery").first.locator("li")
        assert mistakes.count() > 5
        assert mistakes.first.locator("img").count() == 2  # with its heat map


def test_it_prints(browser: Any, page_file: Path) -> None:
    with open_file(browser, page_file) as page:
        page.emulate_media(media="print")
        assert len(page.pdf()) > 50_000


def test_without_the_data_the_page_is_made_all_the_same(run: Run, tmp_path: Path) -> None:
    path = tellapart.report(run, output=tmp_path / "page.html", quiet=True)
    text = path.read_text("utf-8")
    assert "They cannot be shown: The run" in text
    assert "was trained on arrays in memory" in text


def test_a_page_of_ones_own_is_not_overwritten(file_run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")
    path = tellapart.report(file_run.path, output=tmp_path / "page.html", quiet=True)
    assert path == tmp_path / "page-2.html"
    assert (tmp_path / "page.html").read_text() == "mine"


def test_names_from_outside_are_inert(browser: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels, targets = rng.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 2
    data = from_arrays(
        {"train": (pixels, targets), "test": (pixels, targets)}, ("cat", HOSTILE), name=HOSTILE
    )
    found = tellapart.train(data, "guide", epochs=1, output=tmp_path, quiet=True)
    with open_file(browser, found.path / "report.html") as page:
        assert page.locator("script").count() == 0
        assert HOSTILE in page.locator("main").inner_text()


def test_what_is_no_run_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not a run"):
        tellapart.report(tmp_path, quiet=True)


def test_mistakes_are_shown_most_confident_first_and_right_answers_never(run: Run) -> None:
    targets = np.array([0, 1, 1, 0])
    rows = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    assert choose_mistakes(targets, rows).tolist() == [3, 1]
    evaluation = run.evaluation
    answers = np.random.default_rng(0).dirichlet(np.ones(10), 500)
    truth = np.arange(500) % 10
    for (target, said), places in choose_pairs(evaluation, truth, answers).items():
        assert {evaluation.class_names[i] for i in truth[places]} <= {target}
        assert {evaluation.class_names[i] for i in answers[places].argmax(axis=1)} <= {said}
