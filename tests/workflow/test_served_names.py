"""What a server's bundles are called, and where it may be asked."""

from pathlib import Path

import pytest

from tellapart.__main__ import main
from tellapart.errors import UsageError
from tellapart.workflow.serve import name_models


def test_a_file_with_an_equals_sign_in_its_name_is_found_as_it_is_typed(in_tmp: Path) -> None:
    whole = in_tmp / "lr=0.1.tellapart"
    whole.write_bytes(b"")
    with pytest.raises(UsageError, match=r"Received: 'lr=0\.1'.*Fix: NAME=lr=0\.1\.tellapart"):
        name_models(["lr=0.1.tellapart"])
    assert name_models(["slow=lr=0.1.tellapart"]) == {"slow": Path("lr=0.1.tellapart")}
    folder = in_tmp / "lr=0.1"
    folder.mkdir()
    (folder / "pets.tellapart").write_bytes(b"")
    assert name_models(["lr=0.1/pets.tellapart"]) == {"pets": Path("lr=0.1/pets.tellapart")}


def test_a_name_is_a_name_where_no_such_file_is(in_tmp: Path) -> None:
    (in_tmp / "pets.tellapart").write_bytes(b"")
    assert name_models(["a=pets.tellapart"]) == {"a": Path("pets.tellapart")}
    long = "p" * 250
    assert name_models([f"a={long}"]) == {"a": Path(long)}
    assert name_models([f"abcdef={long}"]) == {"abcdef": Path(long)}


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_a_host_that_cannot_be_looked_up_is_one_error(
    host: str, served_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", str(served_bundle), "--host", host, "--token", "0123456789abcdef"]
    assert main([*words, "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert f"error: `host` must be an address or a name of this machine. Received: {host}" in said
    assert "mistake in tellapart" not in said
