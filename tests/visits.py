"""Visits to a server's page: nobody else is asked, nothing complains, pictures go in."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser import WIDE
from serving import Running


@contextmanager
def showing(
    browser: Any, server: Running, size: tuple[int, int] = WIDE, *, dark: bool = False
) -> Iterator[Any]:
    """Show the page; asking anybody but the server, or a complaint, fails the test."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(server.url)
    page.wait_for_selector("#facts dt, #login:not([hidden])")
    yield page
    context.close()
    assert all(url.startswith((server.url, "blob:", "data:")) for url in asked)
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def encoded(files: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Return files as JavaScript can be given them."""
    return [(name, base64.b64encode(content).decode()) for name, content in files]


def choose(page: Any, files: list[tuple[str, bytes]]) -> None:
    """Choose files by the button."""
    page.set_input_files(
        "#files",
        [{"name": name, "mimeType": "image/png", "buffer": raw} for name, raw in files],
    )


def answers(page: Any, count: int) -> list[Any]:
    """Return the answers when so many are there."""
    page.wait_for_selector(f".answer:nth-child({count})", timeout=60_000)
    page.wait_for_selector("#drop:not([aria-busy])")
    found: list[Any] = page.query_selector_all(".answer")
    assert len(found) == count
    return found
