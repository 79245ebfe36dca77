"""Ways into the page and through it: a camera, the keyboard's place, what is no file, a token."""

import json
from pathlib import Path
from typing import Any

from browser import NARROW, WIDE, overflows, violations
from serving import Running, serving
from tellapart.serve.gate import Rights
from tellapart.serve.service import Settings
from visits import answers, choose, showing

TOKEN = "0123456789abcdef"
FOCUS = "document.activeElement.id || document.activeElement.textContent"
SAYS = "(word) => document.querySelector('#status').textContent.includes(word)"
TEXT = """(kind) => {
  const data = new DataTransfer();
  data.setData("text/uri-list", "https://example.org/a.png");
  const event = kind === "drop"
    ? new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent(kind, { clipboardData: data, bubbles: true });
  document.querySelector("#drop").dispatchEvent(event);
}"""


def test_a_photograph_is_taken_with_the_camera_of_a_computer(browser: Any, server: Running) -> None:
    with showing(browser, server) as page:
        page.context.grant_permissions(["camera"])
        page.click("#photograph")
        page.wait_for_selector("#viewfinder[open]")
        page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
        assert violations(page) == []
        page.click(".shoot")
        (answer,) = answers(page, 1)
        assert "photograph.jpg" in answer.inner_text()
        page.wait_for_function("() => document.querySelector('video').srcObject === null")
        assert page.evaluate(FOCUS) == "photograph"


def test_a_camera_that_is_left_takes_nothing(browser: Any, server: Running) -> None:
    with showing(browser, server, NARROW) as page:
        page.context.grant_permissions(["camera"])
        page.click("#photograph")
        page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
        assert not overflows(page)
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelector('video').srcObject === null")
        assert page.query_selector(".answer") is None


def test_a_camera_that_may_not_be_used_is_told(browser: Any, server: Running) -> None:
    with showing(browser, server) as page:
        page.click("#photograph")
        page.wait_for_function(SAYS, arg="No camera could be used")
        assert page.query_selector("#viewfinder[open]") is None


def test_the_keyboard_keeps_its_place_when_a_heat_map_comes_or_fails(
    browser: Any, server: Running, pictures: list[bytes]
) -> None:
    with showing(browser, server) as page:
        choose(page, [("a.png", pictures[0])])
        answers(page, 1)
        page.route("**/v1/explain**", lambda route: route.fulfill(status=500, json={}))
        page.focus(".why")
        page.keyboard.press("Enter")
        page.wait_for_selector(".buttons p")
        assert page.evaluate(FOCUS) == "Which pixels decided?"
        page.unroute("**/v1/explain**")
        page.keyboard.press("Enter")
        page.wait_for_selector(".buttons p:has-text('speak for')")
        assert page.evaluate(FOCUS).startswith("Bright parts speak for")


def test_what_is_dropped_or_pasted_and_is_no_file_is_told(browser: Any, server: Running) -> None:
    with showing(browser, server) as page:
        page.evaluate(TEXT, "drop")
        page.wait_for_function(SAYS, arg="That was no file")
        page.evaluate(TEXT, "paste")
        page.wait_for_function(SAYS, arg="pasted is no picture")


def test_a_wrong_token_is_called_wrong_and_the_right_one_leads_to_the_pictures(
    browser: Any, served_bundle: Path
) -> None:
    with (
        serving({"clothes": served_bundle}, Settings(rights=Rights(TOKEN))) as guarded,
        showing(browser, guarded, WIDE) as page,
    ):
        page.wait_for_function(SAYS, arg="Give the token of this server")
        assert page.is_hidden("#outside")  # the numbers need the token, which a link cannot bring
        page.fill("#token", "wrong")
        page.press("#token", "Enter")
        page.wait_for_function(SAYS, arg="not the one of this server")
        page.fill("#token", TOKEN)
        page.press("#token", "Enter")
        page.wait_for_selector("#facts dt")
        assert page.evaluate(FOCUS) == "choose"


def test_programs_are_told_that_a_token_is_needed(served_bundle: Path, server: Running) -> None:
    with serving({"clothes": served_bundle}, Settings(rights=Rights(TOKEN))) as guarded:
        described = json.loads(guarded.client.get("openapi.json").content)
    assert described["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"}
    }
    paths = described["paths"]
    assert paths["/v1/predict"]["post"]["security"] == [{"token": []}]
    assert "security" not in paths["/healthz"]["get"]
    free = server.client.get("openapi.json").json()
    assert "securitySchemes" not in free["components"]
