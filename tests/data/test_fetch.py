"""Where known data is found: the places in their order, each with its reason."""

import dataclasses
import gzip
from pathlib import Path

import pytest

from tellapart.data.fetch import Places, fetch_known, usual_places
from tellapart.data.known import KnownData, KnownFile
from tellapart.errors import DataError
from tellapart.files import sha256_hex

CONTENTS = {"images.gz": bytes(range(256)) * 40, "labels.gz": b"labels" * 50}


def tiny() -> KnownData:
    """Return a known data set of two small files."""
    files = tuple(
        KnownFile(name, sha256_hex(content), "https://nowhere.invalid", f"keras-tiny/{name}")
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
