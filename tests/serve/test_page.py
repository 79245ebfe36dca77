"""The page in a real Chromium, against a real server."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from browser import NARROW, WIDE, overflows, violations
from serving import Running, serving
from tellapart.serve.gate import Rights
from tellapart.serve.limits import Limits
from tellapart.serve.service import Settings
from visits import answers, choose, encoded, showing

TOKEN = "0123456789abcdef"
MOST = 4 * 2**20

FILES = """
  const data = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: "image/png" }));
  }"""
DROP = f"""(files) => {{ {FILES}
  for (const kind of ["dragenter", "dragover", "drop"]) {{
    const event = new DragEvent(kind, {{ dataTransfer: data, bubbles: true, cancelable: true }});
    document.querySelector("#drop").dispatchEvent(event);
  }}
}}"""
PASTE = f"""(files) => {{ {FILES}
  window.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData: data, bubbles: true }}));
}}"""

HOLD = """document.querySelector("#files").addEventListener("change", (event) => {
  event.stopImmediatePropagation();
  window.held = event.target.files[0];
}, true)"""
DROP_HELD = DROP.replace("for (const kind", "data.items.add(window.held);\n  for (const kind")

ASKED = """document.querySelector("#files").addEventListener("click", (event) => {
  event.preventDefault();
  window.asked = true;
})"""


@pytest.fixture(scope="module")
def small(served_bundle: Path) -> Iterator[Running]:
    """Return a server that takes 4 MiB at once."""
    with serving({"clothes": served_bundle}, Settings(limits=Limits(body_bytes=MOST))) as found:
        yield found


def test_a_picture_that_is_dropped_is_named_with_bars_and_the_time(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        page.evaluate(DROP, encoded([("shirt.png", pictures[0])]))
        (answer,) = answers(page, 1)
        said = answer.inner_text()
        wanted = server.client.post("v1/predict", content=pictures[0]).json()["predictions"][0]
        assert "shirt.png" in said
        assert wanted["choices"][0]["label"] in said
        assert f"{100 * wanted['choices'][0]['probability']:.1f}%" in said
        assert " ms in the server" in said
        assert len(answer.query_selector_all("meter")) == 3
        bar = Image.open(io.BytesIO(answer.query_selector("meter").screenshot())).convert("RGB")
        filled, ground = np.asarray(bar)[2:-2, 5], np.asarray(bar)[2:-2, -3]
        assert (filled == filled[0]).all()
        assert (filled != ground).any()
        assert page.inner_text("#status") == "1 picture answered."


def test_the_heat_map_is_there_when_it_is_asked_for(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        choose(page, [("shirt.png", pictures[0])])
        answers(page, 1)
        page.click(".why")
        page.wait_for_selector(".buttons p")
        label = server.client.post("v1/explain", content=pictures[0]).json()["label"]
        said = page.inner_text(".answer .buttons p")
        assert said.startswith(f"Bright parts speak for {label}. Whether this map means anything")
        assert page.get_attribute(".picture", "src").startswith("data:image/png;base64,")
        assert label in page.get_attribute(".picture", "alt")


def test_a_heat_map_that_could_not_be_had_can_be_asked_for_again(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        choose(page, [("shirt.png", pictures[0])])
        answers(page, 1)
        page.route(
            "**/v1/explain**", lambda route: route.fulfill(status=500, json={"detail": "No"})
        )
        page.click(".why")
        page.wait_for_selector(".buttons p:has-text('No')")
        page.unroute("**/v1/explain**")
        page.click(".why")
        page.wait_for_selector(".buttons p:has-text('speak for')")
        assert "No" not in page.inner_text(".answer .buttons")


def test_bad_and_huge_files_fail_alone(browser: Any, small: Running, pictures: list[bytes]) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    files = [
        ("good.png", pictures[0]),
        ("bad.png", b"no picture at all"),
        ("bomb.png", bomb.getvalue()),
        ("also-good.png", pictures[1]),
    ]
    with showing(browser, small) as page:
        page.evaluate(DROP, encoded(files))
        found = answers(page, 4)
        failed = [answer.query_selector(".verdict.error") is not None for answer in found]
        assert failed == [False, True, True, False]
        assert page.inner_text("#status") == "2 pictures answered, 2 not: their rows say why."
        assert "no known picture format" in found[1].inner_text()
        assert "pixels" in found[2].inner_text()


def test_a_file_that_the_server_does_not_take_is_told_and_the_others_are_answered(
    browser: Any, small: Running, pictures: list[bytes]
) -> None:
    huge = os.urandom(5 * 2**20)
    with showing(browser, small) as page:
        choose(page, [("a.png", pictures[0]), ("huge.png", huge), ("b.png", pictures[1])])
        found = answers(page, 3)
        failed = [answer.query_selector(".verdict.error") is not None for answer in found]
        assert failed == [False, True, False]
        assert "4,194,304 bytes" in found[1].inner_text()


def test_fifty_pictures_at_once_are_all_answered_in_order(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        page.evaluate(DROP, encoded([(f"{n}.png", pictures[n]) for n in range(50)]))
        found = answers(page, 50)
        names = [answer.query_selector(".name").inner_text() for answer in found]
        assert names == [f"{n}.png" for n in range(50)]
        assert page.inner_text("#status") == "50 pictures answered."
        page.click("#clear")
        assert page.query_selector_all(".answer") == []


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_answered(
    browser: Any, server: Running, pictures: list[bytes], tmp_path: Path
) -> None:
    gone = tmp_path / "gone.png"
    gone.write_bytes(pictures[0])
    with showing(browser, server) as page:
        page.evaluate(HOLD)
        page.set_input_files("#files", gone)
        gone.unlink()  # a folder that is dropped cannot be read either
        page.evaluate(DROP_HELD, encoded([("good.png", pictures[0])]))
        found = answers(page, 2)
        assert found[0].query_selector("meter") is not None
        assert "This is no file that can be read." in found[1].inner_text()


def test_pictures_that_come_before_the_server_can_be_reached_are_answered_when_it_can(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        page.route("**/v1/models", lambda route: route.abort())
        page.reload()
        page.wait_for_function(
            "() => document.querySelector('#status').textContent.includes('reached')"
        )
        page.unroute("**/v1/models")
        choose(page, [("shirt.png", pictures[0])])
        answers(page, 1)


def test_a_picture_may_be_pasted(browser: Any, server: Running, pictures: list[bytes]) -> None:
    with showing(browser, server) as page:
        page.evaluate(PASTE, encoded([("image.png", pictures[0])]))
        answers(page, 1)


def test_without_the_server_the_page_says_so(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        page.context.set_offline(True)
        choose(page, [("shirt.png", pictures[0])])
        (answer,) = answers(page, 1)
        assert "The server cannot be reached." in answer.inner_text()
        page.context.set_offline(False)
        choose(page, [("shirt.png", pictures[0])])
        assert answers(page, 2)[1].query_selector("meter") is not None


def test_the_card_and_the_drift_lights_are_shown(browser: Any, server: Running) -> None:
    with showing(browser, server) as page:
        card = server.client.get("v1/models/clothes").json()
        said = page.inner_text("#card")
        for value in card["facts"].values():
            assert value in said
        assert page.query_selector_all("#lights li")
        assert "are not kept" in page.inner_text("#kept")


def test_a_token_is_asked_for_and_kept_for_the_visit(
    browser: Any, served_bundle: Path, pictures: list[bytes]
) -> None:
    rights = Rights(TOKEN)
    with (
        serving({"clothes": served_bundle}, Settings(rights=rights)) as guarded,
        showing(browser, guarded) as page,
    ):
        assert violations(page) == []
        page.fill("#token", "wrong")
        page.press("#token", "Enter")
        page.wait_for_function(
            "() => document.querySelector('#status').textContent.includes('token')"
        )
        page.fill("#token", TOKEN)
        page.press("#token", "Enter")
        page.wait_for_selector("#facts dt")
        page.reload()
        page.wait_for_selector("#facts dt")
        choose(page, [("shirt.png", pictures[0])])
        answers(page, 1)


def test_what_is_no_token_is_refused_and_files_given_before_it_are_answered_after_it(
    browser: Any, served_bundle: Path, pictures: list[bytes]
) -> None:
    with (
        serving({"clothes": served_bundle}, Settings(rights=Rights(TOKEN))) as guarded,
        showing(browser, guarded) as page,
    ):
        page.fill("#token", f"{TOKEN}…")
        page.press("#token", "Enter")
        page.wait_for_function(
            "() => document.querySelector('#status').textContent.includes('ASCII')"
        )
        page.reload()
        page.wait_for_selector("#login:not([hidden])")
        choose(page, [("early.png", pictures[0])])
        page.fill("#token", f" {TOKEN} ")
        page.press("#token", "Enter")
        (answer,) = answers(page, 1)
        assert "early.png" in answer.inner_text()


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Any, server: Running, pictures: list[bytes], size: tuple[int, int], *, dark: bool
) -> None:
    noise = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    Image.fromarray(pixels).save(noise, "PNG")
    files = [(f"{'long-name-' * 9}{n}.png", pictures[n]) for n in range(6)]
    with showing(browser, server, size, dark=dark) as page:
        choose(page, [*files, ("bad.png", b"no"), ("noise.png", noise.getvalue())])
        answers(page, 8)
        page.click(".why")
        page.wait_for_selector(".buttons p")
        assert violations(page) == []
        assert not overflows(page)
        page.goto(f"{server.url}docs")
        assert violations(page) == []
        assert not overflows(page)


def test_everything_can_be_done_by_the_keyboard(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        reached = []
        for _ in range(3):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("document.activeElement.id || document.activeElement.className")
            )
        assert reached == ["skip", "choose", "photograph"]
        page.evaluate(ASKED)
        page.press("#choose", "Enter")
        page.wait_for_function("() => window.asked")  # the browser's own dialogue would open now
        choose(page, [("a.png", pictures[0])])
        answers(page, 1)
        page.focus(".why")
        page.keyboard.press("Enter")
        page.wait_for_selector(".buttons p")
