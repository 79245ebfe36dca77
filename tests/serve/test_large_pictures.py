"""Pictures of many pixels, however few bytes they come in, cost a bounded share of the server."""

import io
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from serving import Running, serving
from tellapart.errors import ImageError
from tellapart.predict.inputs import Item
from tellapart.serve.jobs import LARGE, SMALL_PIXELS, Job, Wish

SIDE = 2100
FOUR = 4
TAKEN = 3
"""Of these four: two by a thread, one of the other two by the other thread."""


def _flat(side: int, kind: str = "WEBP") -> bytes:
    """Return a picture of one colour, which takes hardly any bytes."""
    content, picture = io.BytesIO(), Image.new("RGB", (side, side), (10, 20, 30))
    if kind == "WEBP":
        picture.save(content, kind, lossless=True, quality=0, method=0)
    else:
        picture.save(content, kind)
    return content.getvalue()


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def _sum(server: Running, name: str) -> float:
    """Return the sum of a metric over its labels."""
    lines = server.client.get("metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_a_few_bytes_of_very_many_pixels_are_refused_with_the_servers_own_limit(
    server: Running,
) -> None:
    bomb = _flat(9400)
    assert len(bomb) < 100
    for path in ("v1/predict", "v1/explain"):
        response = server.client.post(path, content=bomb)
        assert response.status_code == 422
        said = response.json()["detail"]
        assert "9400×9400 is more than 25,000,000 pixels. Fix: make it smaller." in said


def test_large_pictures_are_decoded_one_at_a_time_and_small_ones_go_on_beside(
    server: Running, pictures: list[bytes]
) -> None:
    assert SIDE**2 > SMALL_PIXELS
    with ThreadPoolExecutor(1) as threads:
        with LARGE:
            large = threads.submit(httpx.post, f"{server.url}v1/predict", content=_flat(SIDE))
            before = _sum(server, "tellapart_batch_images_count")
            _until(lambda: _sum(server, "tellapart_batch_images_count") > before or large.done())
            for picture in pictures[:5]:
                assert server.client.post("v1/predict", content=picture).status_code == 200
            assert not large.done()
        assert large.result().status_code == 200


def test_of_a_request_whose_sender_has_gone_no_more_pictures_are_decoded(
    served_bundle: Path, pictures: list[bytes]
) -> None:
    form = [("images", (f"{n}.webp", _flat(SIDE))) for n in range(FOUR)]
    with serving({"clothes": served_bundle}) as server:
        request = server.client.build_request("POST", "v1/predict", files=form)
        where, body = urlsplit(server.url), request.read()
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        with LARGE:
            address = (where.hostname or "", where.port or 0)
            with socket.create_connection(address, timeout=30) as connection:
                connection.sendall(f"POST /v1/predict HTTP/1.1\r\n{head}\r\n".encode() + body)
                _until(lambda: _sum(server, "tellapart_batch_images_sum") == TAKEN)
            _until(lambda: 'status="499"' in server.client.get("metrics").text)
        response = server.client.post("v1/predict", content=pictures[0])
        assert response.status_code == 200
        time.sleep(1)  # what should not be done would be done by now
        begun = 2  # one in each thread
        assert _sum(server, "tellapart_answers_total") <= begun + 1


@pytest.mark.parametrize(
    ("content", "is_heavy"),
    [
        (_flat(28, "PNG"), False),
        (_flat(28, "JPEG"), False),
        (_flat(700, "PNG"), True),
        (_flat(9400), True),
        (b"no picture", False),
        (ImageError("a", "not-base64", "it must be."), False),
    ],
    ids=["small PNG", "small JPEG", "many pixels in a PNG", "WebP", "no picture", "error"],
)
def test_few_bytes_are_heavy_too_where_their_header_may_mean_many_pixels(
    content: object, *, is_heavy: bool
) -> None:
    assert Job(Item("a", content), Wish()).is_heavy is is_heavy
    assert not isinstance(content, bytes) or len(content) < 4096
