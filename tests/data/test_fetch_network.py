"""Known data over the network: only what was checked enters the cache."""

import dataclasses
import gzip
import io
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from tellapart.data.dataset import Dataset
from tellapart.data.fetch import Places, fetch_known
from tellapart.data.known import KNOWN, KnownData, KnownFile
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError
from tellapart.files import sha256_hex
from tellapart.progress import Lines
from tellapart.sections import ImageSpec

CONTENTS = {"images.gz": bytes(range(256)) * 40, "labels.gz": b"labels" * 50}


def tiny(address: str) -> KnownData:
    """Return a known data set of two small files, to be downloaded from `address`."""
    files = tuple(
        KnownFile(name, sha256_hex(content), f"{address}/{name}", name)
        for name, content in CONTENTS.items()
    )
    return KnownData("tiny", ("a", "b"), files, lambda _: {})


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return empty places, so that only the network is left."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return Places(
        named=None,
        configured=None,
        cache=tmp_path / "cache",
        keras_cache=tmp_path / "keras",
        system=tmp_path / "system",
        timeout_seconds=5.0,
    )


def offline(places: Places) -> Places:
    return dataclasses.replace(places, may_download=False)


class Answers(BaseHTTPRequestHandler):
    """Answers as the first part of the path says: good, cut, wrong, slow, rude or not at all."""

    stop = threading.Event()

    def do_GET(self) -> None:
        _, way, name = self.path.split("/")
        body = gzip.compress(CONTENTS[name])
        is_last = name == "labels.gz"
        if way == "rude":
            self.wfile.write(b"what?\r\n\r\n")
            return
        if way == "gone":
            self.send_error(404)
            return
        if way == "wrong" and is_last:
            body = gzip.compress(b"L" + CONTENTS[name][1:])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if way in ("cut", "slow") and is_last:
            self.wfile.write(body[: len(body) // 2])
            if way == "slow":
                self.wfile.flush()
                self.stop.wait(10)
            return
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Serve on this machine's own interface."""
    Answers.stop.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Answers.stop.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder where temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_good_download_enters_the_cache_and_is_found_there_next(
    places: Places, address: str, scratch: Path
) -> None:
    known = tiny(f"{address}/good")
    assert fetch_known(known, places) == (CONTENTS, "Keras' download")
    assert sorted(path.name for path in (places.cache / "tiny").iterdir()) == sorted(CONTENTS)
    assert fetch_known(known, offline(places)) == (CONTENTS, "tellapart's cache")
    assert not any(scratch.iterdir())


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("cut", r"/cut/labels\.gz: ended after \d+ of \d+ bytes"),
        ("wrong", r"labels\.gz has SHA-256 \w{12}…, not"),
        ("slow", r"/slow/\w+\.gz: .*timed out"),
        ("gone", r"/gone/images\.gz: Not Found"),
        ("rude", r"/rude/images\.gz: what\?"),
    ],
)
def test_a_bad_download_leaves_nothing_behind(
    places: Places, address: str, scratch: Path, way: str, why: str
) -> None:
    hasty = dataclasses.replace(places, timeout_seconds=0.3 if way == "slow" else 5.0)
    with pytest.raises(DataError, match=f"Keras' download: .*{why}"):
        fetch_known(tiny(f"{address}/{way}"), hasty)
    assert not places.cache.exists()
    assert not any(scratch.iterdir())


def test_a_server_that_is_not_there_is_named_with_its_reason(places: Places) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(DataError, match=f"download: {address}/images.gz: .*refused") as caught:
            fetch_known(tiny(address), places)
    assert caught.value.exit_code == 3


def test_where_downloads_are_off_the_network_is_not_asked(places: Places, address: str) -> None:
    with pytest.raises(DataError, match="Tried:") as caught:
        fetch_known(tiny(f"{address}/good"), offline(places))
    assert "Keras' download" not in str(caught.value)
    assert not places.cache.exists()


def test_a_cache_that_cannot_be_written_is_only_a_remark(
    places: Places, address: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    closed = dataclasses.replace(places, cache=tmp_path / "file" / "cache")
    said = io.StringIO()
    contents, origin = fetch_known(tiny(f"{address}/good"), closed, Lines(said))
    assert (contents, origin) == (CONTENTS, "Keras' download")
    assert said.getvalue().startswith("tiny cannot be kept, so it will be fetched again: ")
    assert "Not a directory" in said.getvalue()
    assert "--output" not in said.getvalue()


@pytest.mark.slow
def test_the_debian_archive_gives_the_real_data_and_fills_the_cache(
    places: Places, fashion: Dataset
) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("there is no apt-get and dpkg-deb here")
    known = KNOWN["fashion-mnist"]
    away = tuple(dataclasses.replace(f, url="http://127.0.0.1:9/") for f in known.files)
    try:
        _, origin = fetch_known(dataclasses.replace(known, files=away), places)
    except DataError as error:
        if "the Debian archive: apt-get" not in str(error):
            raise
        pytest.skip(f"the Debian archive cannot be reached: {error}")
    assert origin == "the Debian archive"
    data = open_dataset("fashion-mnist", places=offline(places))
    assert data.origin == "tellapart's cache"
    found, expected = (d.test.decode(ImageSpec()).pixels for d in (data, fashion))
    assert np.array_equal(found, expected)
