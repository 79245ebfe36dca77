"""Where the files of a known data set are found: a chain of ways, each with its reason.

A way returns the checked contents or raises `DataError`. Only what was checked enters
the cache.
"""

import http.client
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from tellapart.data.known import KnownData, content_of
from tellapart.errors import DataError, OutputError
from tellapart.files import write_whole
from tellapart.progress import SILENCE, Progress

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Places:
    """Where to look; tests put other places in.

    Attributes:
        named: The folder that the user named with `--data`; nothing else is tried then.
        configured: The folder in TELLAPART_DATA.
        cache: tellapart's own cache.
        keras_cache: Keras' cache.
        system: Below which the operating system's data sets lie.
        may_download: Whether to ask the network.
        timeout_seconds: How long the network may stay silent.
    """

    named: Path | None
    configured: Path | None
    cache: Path
    keras_cache: Path
    system: Path = Path("/")
    may_download: bool = True
    timeout_seconds: float = 10.0


def usual_places(named: Path | None = None) -> Places:
    """Return the places of this user on this machine.

    Args:
        named: A folder to look in instead of all others.
    """
    configured = os.environ.get("TELLAPART_DATA")
    keras_home = os.environ.get("KERAS_HOME")
    return Places(
        named=named,
        configured=Path(configured) if configured else None,
        cache=user_cache_path("tellapart") / "datasets",
        keras_cache=(Path(keras_home) if keras_home else Path.home() / ".keras") / "datasets",
    )


def fetch_known(
    known: KnownData, places: Places, progress: Progress = SILENCE
) -> tuple[dict[str, bytes], str]:
    """Return the checked contents of a known data set's files, and where they were.

    Raises:
        DataError: No way led to the data; the message lists every way and why it failed.
    """
    reasons = []
    for title, way in _ways(known, places, progress):
        try:
            return way(), title
        except (DataError, OSError) as error:
            reasons.append(f"{title}: {error}")
    raise DataError(
        f"The data set '{known.name}' was not found. Tried:\n  - "
        + "\n  - ".join(reasons)
        + f"\nFix: put {', '.join(f.name for f in known.files)} in a folder and name it with "
        "--data FOLDER"
        + (f", or: apt-get install {known.debian_package}" if known.debian_package else "")
    )


def _ways(
    known: KnownData, places: Places, progress: Progress
) -> list[tuple[str, Callable[[], dict[str, bytes]]]]:
    """Return the ways to the data in the order in which they are tried."""

    def below(folder: Path) -> Callable[[], dict[str, bytes]]:
        return lambda: _from_folder(known, folder)

    if places.named is not None:
        return [(f"--data {places.named}", below(places.named))]
    ways = []
    if places.configured is not None:
        ways.append((f"TELLAPART_DATA ({places.configured})", below(places.configured)))
    ways.append(("tellapart's cache", below(places.cache)))
    if known.system_folder is not None:
        folder = places.system / known.system_folder.relative_to("/")
        ways.append((f"the system's data sets ({folder})", below(folder)))
    ways.append(("Keras' cache", lambda: _from_keras_cache(known, places)))
    if places.may_download:
        ways.append(("Keras' download", lambda: _download(known, places, progress)))
        if known.debian_package is not None:
            ways.append(("the Debian archive", lambda: _from_debian(known, places, progress)))
    return ways


def _from_folder(known: KnownData, folder: Path) -> dict[str, bytes]:
    """Return the contents from `folder` or its subfolder of the data set's name."""
    homes = [folder / known.name, folder]
    names = {f.name: (f.name, f.name.removesuffix(".gz")) for f in known.files}
    found: dict[str, Path] = {}
    for name, spellings in names.items():
        there = [home / s for home in homes for s in spellings if (home / s).is_file()]
        if not there:
            raise DataError(f"there is no {name} in {folder}")
        found[name] = there[0]
    return {file.name: content_of(found[file.name], file) for file in known.files}


def _from_keras_cache(known: KnownData, places: Places) -> dict[str, bytes]:
    for file in known.files:
        if not (places.keras_cache / file.in_keras_cache).is_file():
            raise DataError(f"there is no {file.in_keras_cache} in {places.keras_cache}")
    return {f.name: content_of(places.keras_cache / f.in_keras_cache, f) for f in known.files}


def _download(known: KnownData, places: Places, progress: Progress) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="tellapart-") as folder:
        for file in known.files:
            _download_file(file.url, Path(folder) / file.name, places.timeout_seconds, progress)
        return _keep(known, Path(folder), places, progress)


def _download_file(url: str, target: Path, timeout_seconds: float, progress: Progress) -> None:
    try:
        with (
            urllib.request.urlopen(url, timeout=timeout_seconds) as answer,
            target.open("wb") as out,
        ):
            size = int(answer.headers.get("Content-Length", 0)) or None
            with progress.task(f"downloading {target.name}", size, "bytes") as task:
                while chunk := answer.read(_CHUNK_BYTES):
                    out.write(chunk)
                    task.advance(len(chunk))
            if size is not None and out.tell() < size:
                raise DataError(f"{url}: ended after {out.tell():,} of {size:,} bytes")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DataError(f"{url}: {getattr(error, 'reason', error)}") from error


def _from_debian(known: KnownData, places: Places, progress: Progress) -> dict[str, bytes]:
    """Fetch the Debian package with apt's own client; a private state needs no root."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise DataError("this system has no apt-get and dpkg-deb")
    assert known.debian_package is not None
    assert known.system_folder is not None
    with tempfile.TemporaryDirectory(prefix="tellapart-") as name:
        folder = Path(name)
        apt = ["apt-get", *_private_apt(folder)]
        steps = {
            "updating the package list": [*apt, "update"],
            "downloading the package": [*apt, "download", known.debian_package],
        }
        for title, command in steps.items():
            progress.say(f"{known.name}: {title} ({known.debian_package})")
            _run(command, folder)
        for package in folder.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(package), str(folder / "out")], folder)
        home = folder / "out" / known.system_folder.relative_to("/")
        return _keep(known, home, places, progress)


def _private_apt(folder: Path) -> list[str]:
    """Return options that keep apt's lists and cache inside `folder`."""
    for inner in ("state/lists/partial", "cache/archives/partial"):
        (folder / inner).mkdir(parents=True)
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
        "Acquire::http::Timeout": 20,
        "Acquire::Retries": 1,
        "APT::Sandbox::User": "",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=180, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{command[0]}: {error}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise DataError(f"{command[0]} ended with {done.returncode}: {lines[-1]}")


def _keep(known: KnownData, folder: Path, places: Places, progress: Progress) -> dict[str, bytes]:
    """Check the files in `folder`, and only then copy them into the cache."""
    contents: Mapping[str, bytes] = _from_folder(known, folder)
    home = places.cache / known.name
    try:
        for file in known.files:
            write_whole(home / file.name, (folder / file.name).read_bytes())
    except OutputError as error:
        progress.say(
            f"{known.name} cannot be kept, so it will be fetched again: {error.__cause__ or error}"
        )
    return dict(contents)
