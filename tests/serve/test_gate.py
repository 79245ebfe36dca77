"""Who may ask, by which name, and what every answer carries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Running, serving
from tellapart.errors import UsageError
from tellapart.serve.gate import Rights
from tellapart.serve.limits import Limits
from tellapart.serve.server import LOOPBACK, open_rights
from tellapart.serve.service import Settings

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def guarded(served_bundle: Path) -> Iterator[Running]:
    """Return a server that wants a token."""
    with serving({"clothes": served_bundle}, Settings(rights=Rights(TOKEN))) as found:
        yield found


@pytest.fixture(scope="module")
def local(served_bundle: Path) -> Iterator[Running]:
    """Return a server as `tellapart serve` has it on loopback, without a token."""
    rights = open_rights("127.0.0.1", None)
    with serving({"clothes": served_bundle}, Settings(rights=rights)) as found:
        yield found


@pytest.mark.parametrize(
    "path", ["v1/models", "v1/models/clothes", "metrics", "v2", "v2/models/clothes", "nowhere"]
)
def test_nothing_is_told_without_the_token(guarded: Running, path: str) -> None:
    for given in (None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"):
        headers = {} if given is None else {b"Authorization": given.encode("latin-1")}
        response = guarded.client.get(path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
    response = guarded.client.get(path, headers={"Authorization": f"bearer {TOKEN}"})
    assert response.status_code == (404 if path == "nowhere" else 200)


@pytest.mark.parametrize("path", ["", "page/app.js", "healthz", "readyz", "v2/health/live", "docs"])
def test_the_page_and_the_health_need_no_token(guarded: Running, path: str) -> None:
    assert guarded.client.get(path).status_code == 200


def test_a_picture_is_not_even_read_without_the_token(
    guarded: Running, pictures: list[bytes]
) -> None:
    assert guarded.client.post("v1/predict", content=pictures[0]).status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = guarded.client.post("v1/predict", content=pictures[0], headers=headers)
    assert response.status_code == 200


def test_the_protocols_refusals_have_its_own_form(guarded: Running) -> None:
    assert set(guarded.client.get("v2/models/clothes").json()) == {"error"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", ""]
)
def test_another_name_is_refused_on_loopback(local: Running, host: str) -> None:
    response = local.client.get("v1/models", headers={"Host": host})
    assert response.status_code in ({403} if host else {400, 403})


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_the_names_of_loopback_are_known(local: Running, host: str) -> None:
    assert local.client.get("v1/models", headers={"Host": host}).status_code == 200


def test_pages_from_elsewhere_may_not_ask_on_loopback(
    local: Running, pictures: list[bytes]
) -> None:
    def status(origin: str) -> int:
        headers = {"Origin": origin}
        return local.client.post("v1/predict", content=pictures[0], headers=headers).status_code

    assert status("https://evil.example") == 403
    assert status("null") == 403
    assert status(local.url.rstrip("/")) == 200


def test_another_address_needs_a_token_that_is_hard_to_guess() -> None:
    with pytest.raises(UsageError, match="needs a token"):
        open_rights("0.0.0.0", None)
    for token in ("short", "with spaces in it, long", "ümläute-are-no-token"):
        with pytest.raises(UsageError, match="at least 16 plain characters"):
            open_rights("127.0.0.1", token)
    assert open_rights("::", TOKEN).hosts is None
    hosts = open_rights("127.0.0.2", None).hosts
    assert hosts is not None
    assert hosts > LOOPBACK


def test_whoever_watches_the_server_is_answered_however_much_there_is_to_do(
    served_bundle: Path,
) -> None:
    always_late = Limits(late_seconds=-1.0)
    with serving({"clothes": served_bundle}, Settings(always_late)) as busy:
        refused = busy.client.get("v1/models")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        for path in ("metrics", "healthz", "readyz", "v2/health/live"):
            assert busy.client.get(path).status_code == 200
        assert 'path="other",status="503"} 1.0' in busy.client.get("metrics").text


def test_every_answer_has_a_number_and_strict_headers(server: Running) -> None:
    for path in ("", "v1/models", "nowhere", "v2", "metrics"):
        headers = server.client.get(path, headers={"X-Request-ID": "mine-1"}).headers
        assert headers["x-request-id"] == "mine-1"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    odd = server.client.get("healthz", headers={"X-Request-ID": "a\tb" + "x" * 99})
    assert len(odd.headers["x-request-id"]) == 32


def test_what_is_not_there_is_a_problem(server: Running) -> None:
    response = server.client.get("v1/nothing")
    assert response.status_code == 404
    assert response.json()["status"] == 404
    response = server.client.put("v1/predict")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    for path in ("page/..%2fapp.py", "page/index.htm", "page/%2e%2e/server.py"):
        assert server.client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["", "healthz", "v1/models", "v2", "metrics", "nowhere"])
def test_a_head_request_gets_the_head_of_what_get_would_and_no_body(
    server: Running, path: str
) -> None:
    full, head = server.client.get(path), server.client.head(path)
    assert head.status_code == full.status_code
    assert head.headers["content-type"] == full.headers["content-type"]
    assert head.content == b""
    assert server.client.get("healthz").status_code == 200  # the connection is still in step


def test_a_head_request_is_counted_as_one(server: Running) -> None:
    server.client.head("v2")
    counted = [line for line in server.client.get("metrics").text.splitlines() if "HEAD" in line]
    assert any('path="/v2"' in line for line in counted)


def test_head_is_no_way_around_the_token(guarded: Running) -> None:
    assert guarded.client.head("v1/models").status_code == 401
    assert guarded.client.head("v1/predict").status_code == 401
