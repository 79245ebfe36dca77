"""The page over several models: whoever answered about a picture explains it, too."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from serving import serving
from tellapart.bundle import open_bundle, write_bundle


def _choose(page: Any, name: str, content: bytes, count: int) -> str:
    """Choose a file, and return what is said of it when so many answers are there."""
    page.set_input_files("#files", [{"name": name, "mimeType": "image/png", "buffer": content}])
    page.wait_for_selector(f".answer:nth-child({count})", timeout=60_000)
    page.wait_for_selector("#drop:not([aria-busy])")
    said: str = page.inner_text(f".answer:nth-child({count})")
    return said


def test_the_heat_map_is_asked_of_the_model_that_answered_and_its_name_is_shown(
    browser: Any, served_bundle: Path, pictures: list[bytes]
) -> None:
    asked: list[str] = []
    with serving({"first": served_bundle, "second": served_bundle}) as server:
        context = browser.new_context()
        page = context.new_page()
        page.on(
            "request",
            lambda request: asked.append(request.url) if request.method == "POST" else None,
        )
        page.goto(server.url)
        page.wait_for_selector("#facts dt")
        assert "By first: " in _choose(page, "shirt.png", pictures[0], 1)
        page.select_option("#model", "second")
        page.click(".why")
        page.wait_for_selector(".buttons p:has-text('speak for')")
        assert "By second: " in _choose(page, "coat.png", pictures[1], 2)
        assert "By second" in _choose(page, "bad.png", b"no picture", 3)
        context.close()
    assert [urlsplit(url).path + "?" + urlsplit(url).query for url in asked] == [
        "/v1/predict?model=first",
        "/v1/explain?model=first",
        "/v1/predict?model=second",
        "/v1/predict?model=second",
    ]


def test_pictures_that_wait_are_asked_about_by_the_model_that_was_chosen_for_them(
    browser: Any, served_bundle: Path, pictures: list[bytes]
) -> None:
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if held:
            route.continue_()
        held.append(route)

    with serving({"first": served_bundle, "second": served_bundle}) as server:
        context = browser.new_context()
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("#facts dt")
        page.route("**/v1/predict**", hold_the_first)
        for name in ("a.png", "b.png"):
            file = {"name": name, "mimeType": "image/png", "buffer": pictures[0]}
            page.set_input_files("#files", [file])
        page.wait_for_timeout(200)
        page.select_option("#model", "second")
        held[0].continue_()
        page.wait_for_selector(".answer:nth-child(2)", timeout=60_000)
        assert all("By first: " in each.inner_text() for each in page.query_selector_all(".answer"))
        context.close()


def test_the_card_is_of_the_model_that_is_chosen_however_late_the_others_comes(
    browser: Any, served_bundle: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tellapart"
    bundle = open_bundle(served_bundle)
    manifest = bundle.manifest.model_copy(update={"created": "2001-02-03T04:05:06Z"})
    write_bundle(other, replace(bundle, manifest=manifest))
    held: list[Any] = []
    with serving({"first": served_bundle, "second": other}) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("#facts dt")
        page.select_option("#model", "second")
        page.wait_for_selector("#facts dd:has-text('2001')")
        page.route("**/v1/models/first", lambda route: held.append(route))
        page.select_option("#model", "first")
        while not held:
            page.wait_for_timeout(20)
        with page.expect_response("**/v1/models/second"):
            page.select_option("#model", "second")
        with page.expect_response("**/v1/models/first"):
            held[0].continue_()
        page.wait_for_timeout(300)  # for the page to read it, and to do nothing
        assert "2001" in page.inner_text("#facts")
        assert page.title().startswith("second")
        page.close()


def test_of_one_model_alone_the_answers_do_not_say_the_name(
    browser: Any, served_bundle: Path, pictures: list[bytes]
) -> None:
    with serving({"clothes": served_bundle}) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("#facts dt")
        said = _choose(page, "shirt.png", pictures[0], 1)
        page.close()
    assert " ms in the server" in said
    assert "By " not in said
