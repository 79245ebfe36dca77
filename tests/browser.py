"""Pages in a real Chromium: wide, narrow, light, dark; and what axe says of them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = (1280, 900), (390, 844)


@contextmanager
def chromium() -> Iterator[Any]:
    """Open the system's Chromium; where there is none, the test is skipped, but never in CI."""
    from playwright.sync_api import sync_playwright

    program = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if program is None:
        missing = "There is no Chromium here. Install it: make test, or apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--use-fake-device-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@contextmanager
def open_file(
    browser: Any, path: Path, size: tuple[int, int] = WIDE, *, dark: bool = False
) -> Iterator[Any]:
    """Show a file without any network; asking for anything but the file fails the test."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        offline=True,
    )
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert not complaints


def violations(page: Any) -> list[str]:
    """Return what axe finds wrong with a page, as `rule: where`."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def overflows(page: Any) -> bool:
    """Return whether the page must be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
