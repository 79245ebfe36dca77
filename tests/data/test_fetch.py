"""Where known data is found: the ways in their order, and only checked files in the cache."""

import dataclasses
import gzip
import io
import shutil
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from tellapart.data.dataset import Dataset
from tellapart.data.fetch import Places, fetch_known, usual_places
from tellapart.data.known import KNOWN, KnownData, KnownFile
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError
from tellapart.files import sha256_hex
from tellapart.progress import Lines
from tellapart.recipe import ImageSpec

CONTENTS = {"images.gz": bytes(range(256)) * 40, "labels.gz": b"labels" * 50}


def tiny(address: str = "http://127.0.0.1:9/good") -> KnownData:
    """Return a known data set of two small files, to be downloaded from `address`."""
    files = tuple(
        KnownFile(name, sha256_hex(content), f"{address}/{name}", f"keras-tiny/{name}")
        for name, content in CONTENTS.items()
    )
    return KnownData("tiny", ("a", "b"), files, lambda _: {}, Path("/usr/share/datasets/tiny"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return five empty places and no network."""
    return Places(
        named=None,
        configured=tmp_path / "configured",
        cache=tmp_path / "cache",
        keras_cache=tmp_path / "keras",
        system=tmp_path / "system",
        may_download=False,
        timeout_seconds=0.3,
    )


def put(folder: Path, *, wrong: bool = False) -> None:
    """Write both files, one of them with a changed byte if `wrong`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in CONTENTS.items():
        changed = b"L" + content[1:] if wrong and name == "labels.gz" else content
        (folder / name).write_bytes(gzip.compress(changed))


def homes_of(places: Places) -> dict[str, Path]:
    """Return where the files lie in each place, by the beginning of the way's title."""
    assert places.configured is not None
    return {
        "TELLAPART_DATA": places.configured,
        "tellapart's cache": places.cache / "tiny",
        "the system's data sets": places.system / "usr" / "share" / "datasets" / "tiny",
        "Keras' cache": places.keras_cache / "keras-tiny",
    }


WAYS = ("TELLAPART_DATA", "tellapart's cache", "the system's data sets", "Keras' cache")


@pytest.mark.parametrize("first", range(len(WAYS)))
def test_the_first_place_that_has_the_files_is_taken(places: Places, first: int) -> None:
    for way in WAYS[first:]:
        put(homes_of(places)[way])
    contents, origin = fetch_known(tiny(), places)
    assert contents == CONTENTS
    assert origin.startswith(WAYS[first])


@pytest.mark.parametrize("first", range(len(WAYS) - 1))
def test_a_file_with_a_changed_byte_is_passed_over(places: Places, first: int) -> None:
    put(homes_of(places)[WAYS[first]], wrong=True)
    put(homes_of(places)[WAYS[-1]])
    contents, origin = fetch_known(tiny(), places)
    assert (contents, origin) == (CONTENTS, "Keras' cache")


def test_a_named_folder_is_the_only_place_that_counts(places: Places, tmp_path: Path) -> None:
    for home in homes_of(places).values():
        put(home)
    named = dataclasses.replace(places, named=tmp_path / "mine", may_download=True)
    with pytest.raises(
        DataError, match="Tried:\n  - --data .*mine: there is no images.gz in .*mine\nF"
    ):
        fetch_known(tiny(), named)
    put(tmp_path / "mine", wrong=True)
    with pytest.raises(
        DataError, match=r"--data .*labels\.gz has SHA-256 \w{12}…, not \w{12}…\nFix"
    ):
        fetch_known(tiny(), named)
    put(tmp_path / "mine")
    assert fetch_known(tiny(), named) == (CONTENTS, f"--data {tmp_path / 'mine'}")


def test_files_may_be_unpacked_and_lie_in_a_folder_of_the_data_sets_name(
    places: Places, tmp_path: Path
) -> None:
    (tmp_path / "mine" / "tiny").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (tmp_path / "mine" / "tiny" / name.removesuffix(".gz")).write_bytes(content)
    named = dataclasses.replace(places, named=tmp_path / "mine")
    assert fetch_known(tiny(), named)[0] == CONTENTS


def test_a_total_failure_lists_every_way_with_its_reason_and_the_fix(places: Places) -> None:
    homes = homes_of(places)
    put(homes["tellapart's cache"], wrong=True)
    (places.keras_cache / "keras-tiny").mkdir(parents=True)
    (places.keras_cache / "keras-tiny" / "images.gz").write_bytes(b"\x1f\x8b")
    known = dataclasses.replace(tiny(), debian_package="dataset-tiny")
    with pytest.raises(DataError) as caught:
        fetch_known(known, places)
    head, *ways, fix = str(caught.value).splitlines()
    assert head == "The data set 'tiny' was not found. Tried:"
    system = homes["the system's data sets"]
    patterns = [
        f"  - TELLAPART_DATA ({places.configured}): there is no images.gz in {places.configured}",
        f"  - tellapart's cache: {places.cache}/tiny/labels.gz has SHA-256 ",
        f"  - the system's data sets ({system}): there is no images.gz in {system}",
        f"  - Keras' cache: there is no keras-tiny/labels.gz in {places.keras_cache}",
    ]
    assert len(ways) == len(patterns)
    assert all(way.startswith(begin) for way, begin in zip(ways, patterns, strict=True))
    assert fix.startswith(
        "Fix: put images.gz, labels.gz in a folder and name it with --data FOLDER"
    )
    assert fix.endswith("or: apt-get install dataset-tiny")
    assert caught.value.exit_code == 3


def test_a_place_that_cannot_even_be_looked_at_is_one_more_reason(places: Places) -> None:
    odd = dataclasses.replace(places, configured=Path("x" * 300))
    with pytest.raises(DataError, match=r"TELLAPART_DATA \(x+\): .*File name too long"):
        fetch_known(tiny(), odd)
    put(places.cache / "tiny")
    assert fetch_known(tiny(), odd)[1] == "tellapart's cache"


def test_the_environment_says_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLAPART_DATA", "/data/here")
    monkeypatch.setenv("KERAS_HOME", "/keras")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    found = usual_places(Path("/named"))
    assert (found.named, found.configured) == (Path("/named"), Path("/data/here"))
    assert found.cache == Path("/caches/tellapart/datasets")
    assert (found.keras_cache, found.system) == (Path("/keras/datasets"), Path("/"))
    monkeypatch.delenv("TELLAPART_DATA")
    monkeypatch.delenv("KERAS_HOME")
    assert usual_places().configured is None
    assert usual_places().keras_cache == Path.home() / ".keras" / "datasets"


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


def online(places: Places) -> Places:
    return dataclasses.replace(places, configured=None, may_download=True)


def test_a_good_download_enters_the_cache_and_is_found_there_next(
    places: Places, address: str, scratch: Path
) -> None:
    known = tiny(f"{address}/good")
    assert fetch_known(known, online(places)) == (CONTENTS, "Keras' download")
    assert sorted(path.name for path in (places.cache / "tiny").iterdir()) == sorted(CONTENTS)
    assert fetch_known(known, places) == (CONTENTS, "tellapart's cache")
    assert not any(scratch.iterdir())


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("cut", r"/cut/labels\.gz: ended after \d+ of \d+ bytes"),
        ("wrong", r"labels\.gz has SHA-256 \w{12}…, not"),
        ("slow", r"/slow/labels\.gz: (The read operation )?timed out"),
        ("gone", r"/gone/images\.gz: Not Found"),
        ("rude", r"/rude/images\.gz: what\?"),
    ],
)
def test_a_bad_download_leaves_nothing_behind(
    places: Places, address: str, scratch: Path, way: str, why: str
) -> None:
    with pytest.raises(DataError, match=f"Keras' download: .*{why}"):
        fetch_known(tiny(f"{address}/{way}"), online(places))
    assert not places.cache.exists()
    assert not any(scratch.iterdir())


def test_a_server_that_is_not_there_is_named_with_its_reason(places: Places) -> None:
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:9/good/images\.gz: .*refused"):
        fetch_known(tiny(), online(places))


def test_a_cache_that_cannot_be_written_is_only_a_remark(
    places: Places, address: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    closed = dataclasses.replace(online(places), cache=tmp_path / "file" / "cache")
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
        _, origin = fetch_known(dataclasses.replace(known, files=away), online(places))
    except DataError as error:
        pytest.skip(f"the Debian archive cannot be reached: {error}")
    assert origin == "the Debian archive"
    data = open_dataset("fashion-mnist", places=places)
    assert data.origin == "tellapart's cache"
    found, expected = (d.test.decode(ImageSpec()).pixels for d in (data, fashion))
    assert np.array_equal(found, expected)
