"""Forms are cut as their senders made them."""

import contextlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.serve.forms import split_form
from tellapart.serve.problems import Problem

KIND = "multipart/form-data; boundary=b"
NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\%'), min_size=1
)


def _split(kind: str, body: bytes) -> None:
    """Cut a form, or be told that it is none."""
    with contextlib.suppress(Problem):
        for name, content in split_form(kind, body, 9):
            assert len(name) <= 255
            assert content in body


@given(st.lists(st.tuples(NAMES, st.binary(max_size=300)), min_size=1, max_size=9))
def test_what_a_client_sends_comes_out(files: list[tuple[str, bytes]]) -> None:
    form = [("images", (name, content)) for name, content in files]
    request = httpx.Request("POST", "http://a", files=form)
    found = split_form(request.headers["content-type"], request.read(), 9)
    assert found == [(name[:255], content) for name, content in files]


@given(st.binary(max_size=400))
def test_any_bytes_are_a_form_or_a_problem(body: bytes) -> None:
    _split(KIND, body)
    _split(KIND, b"--b\r\n" + body + b"\r\n--b--")


@given(st.data())
def test_a_form_that_is_cut_or_changed_is_a_form_or_a_problem(data: st.DataObject) -> None:
    form = [("images", ("a.png", b"12\r\n--34")), ("images", ("b.png", b""))]
    request = httpx.Request("POST", "http://a", files=form)
    kind, body = request.headers["content-type"], bytearray(request.read())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for changed in (bytes(body), bytes(body[:cut])):
        _split(kind, changed)


@pytest.mark.parametrize(
    ("written", "name"),
    [(b'"a b.png"', "a b.png"), (b"a.png", "a.png"), (b'"\xc3\xa4.png"', "ä.png")],
)
def test_the_ways_to_write_a_boundary_and_a_name_are_known(written: bytes, name: str) -> None:
    head = b"content-type: image/png\r\nCONTENT-DISPOSITION: form-data; name=i; filename="
    body = b"--b\r\n" + head + written + b"\r\n\r\nx\r\n--b--"
    for kind in ('charset=x; boundary="b"', "Boundary=b"):
        assert split_form(f"multipart/form-data; {kind}", body, 9) == [(name, b"x")]
    assert split_form(KIND, b"preamble\r\n" + body, 9) == [(name, b"x")]


@pytest.mark.parametrize(
    ("kind", "body", "word"),
    [
        ("multipart/form-data", b"", "no boundary"),
        (KIND, b"", "end is missing"),
        (KIND, b"--b\r\n\r\nx", "end is missing"),
        (KIND, b"--b\r\nx\r\n--b--", "no headers"),
        (KIND, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--', "no file"),
        (KIND, b"--b\r\nA: b\r\n\r\nx\r\n--b--", "no file"),
        (KIND, b"\r\n--b" * 99, "1 to 9 pictures"),
    ],
)
def test_what_is_no_form_of_files_is_told(kind: str, body: bytes, word: str) -> None:
    with pytest.raises(Problem, match=word):
        split_form(kind, body, 9)
