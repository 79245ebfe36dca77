"""The page about a data set in a real browser: wide and narrow, dark, on paper."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tellapart
from browser import NARROW, WIDE, open_file, overflows, violations

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page about a folder with a hostile class name, a broken file and two copies."""
    root = tmp_path_factory.mktemp("page") / "pictures"
    rng = np.random.default_rng(0)
    for label in ("cat", HOSTILE.replace("/", "")):
        (root / label).mkdir(parents=True)
        for number in range(6):
            pixels = rng.integers(0, 256, (40, 60, 3), np.uint8)
            Image.fromarray(pixels).save(root / label / f"{number}.png")
    (root / "cat" / "copy.png").write_bytes((root / "cat" / "0.png").read_bytes())
    (root / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    target = root.parent / "page.html"
    tellapart.inspect(root, report=target, output=root.parent / "grid.png", quiet=True)
    return target


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_usable_by_all_in_every_form(
    browser: Any, page_file: Path, size: tuple[int, int], dark: bool
) -> None:
    with open_file(browser, page_file, size, dark=dark) as page:
        assert violations(page) == []
        assert not overflows(page)


def test_names_from_outside_are_inert(browser: Any, page_file: Path) -> None:
    with open_file(browser, page_file) as page:
        assert page.locator("img[src='x']").count() == 0
        assert HOSTILE in page.locator("main").inner_text()


def test_on_paper_the_lists_of_files_are_there_in_black_on_white(
    browser: Any, page_file: Path
) -> None:
    with open_file(browser, page_file, dark=True) as page:
        page.emulate_media(media="print", color_scheme="light")
        style = "getComputedStyle(document.body)"
        colours = page.evaluate(f"[{style}.color, {style}.backgroundColor]")
        assert colours == ["rgb(26, 28, 32)", "rgb(255, 255, 255)"]
        assert len(page.pdf()) > 10_000
