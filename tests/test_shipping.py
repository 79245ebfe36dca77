"""The Dockerfile and compose.yaml by simple rules, since they are not built here."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tellapart.__main__ import main

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def lines() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, each with what follows it."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    kept = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in kept]


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    """Return the one service of compose.yaml."""
    found = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    service: dict[str, Any] = found["services"]["tellapart"]
    return service


def _all(lines: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for instruction, rest in lines if instruction == name]


def test_every_base_is_slim_and_pinned_to_a_minor_version(lines: list[tuple[str, str]]) -> None:
    bases = _all(lines, "FROM")
    assert len(bases) == 2
    assert all(re.match(r"python:3\.\d+-slim( AS build)?$", base) for base in bases)


def test_it_runs_as_a_number_that_is_not_root_with_a_healthcheck(
    lines: list[tuple[str, str]],
) -> None:
    names = [name for name, _ in lines]
    assert int(_all(lines, "USER")[-1].split(":")[0]) > 0
    assert names.index("USER") < names.index("ENTRYPOINT")
    (check,) = _all(lines, "HEALTHCHECK")
    assert "/readyz" in check
    json.loads(check.partition("CMD ")[2])
    assert _all(lines, "STOPSIGNAL") == ["SIGTERM"]  # the server answers what it has accepted


def test_nothing_is_fetched_but_by_pip_and_no_secret_is_inside(
    lines: list[tuple[str, str]],
) -> None:
    assert not _all(lines, "ADD")
    assert all("--no-cache-dir" in run for run in _all(lines, "RUN") if "pip install" in run)
    assert "TOKEN" not in " ".join(rest for _, rest in lines)
    for source in (word for rest in _all(lines, "COPY") for word in shlex.split(rest)[:-1]):
        if not source.startswith(("--from", "/opt")):
            assert (ROOT / source).exists()
            assert f"!{source}" in (ROOT / ".dockerignore").read_text("utf-8")


def test_the_command_is_one_that_the_command_line_takes(
    lines: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TELLAPART_TOKEN", raising=False)
    (entry,) = _all(lines, "ENTRYPOINT")
    (words,) = _all(lines, "CMD")
    command = [*json.loads(entry), *json.loads(words)]
    assert command[0] == "tellapart"
    assert main(command[1:]) == 2  # there is no token
    assert "TELLAPART_TOKEN" in capsys.readouterr().err


def test_compose_gives_it_nothing_to_write_on_and_wants_a_token(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["environment"]["TELLAPART_TOKEN"].startswith("${TELLAPART_TOKEN:?")
