"""The commands of the page "Bring your own pictures" are run here, on small data of each form."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec

PAGE = Path(__file__).parent.parent / "docs" / "own-pictures.md"
SMALL = "--epochs 1 --set image.height=24 --set image.width=24 --set fit.batch_size=16 -q"


def _commands() -> list[str]:
    found = re.findall(r"`(tellapart [a-z][^`]*)`", PAGE.read_text("utf-8"))
    return sorted({command for command in found if command.split()[1] != "cache"})


@pytest.fixture(scope="module")
def trained(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on real pictures of the page's two classes."""
    chosen = np.flatnonzero(np.isin(fashion.train.targets, (6, 9)))[:60]
    part = fashion.train.take(chosen)
    labels = ["shoe" if target == 9 else "shirt" for target in part.targets]
    pixels = part.decode(ImageSpec()).pixels
    output = tmp_path_factory.mktemp("runs")
    return tellapart.train((pixels, labels), "guide", epochs=1, output=output, quiet=True).path


@pytest.fixture
def desk(fashion: Dataset, in_tmp: Path, trained: Path) -> Path:
    """Work in a folder with the page's data: real pictures of two classes."""
    shoes = np.flatnonzero(fashion.train.targets == 9)[:40]
    shirts = np.flatnonzero(fashion.train.targets == 6)[:40]
    rows = []
    for breed, chosen in (("shoe", shoes), ("shirt", shirts)):
        pixels = fashion.train.take(chosen).decode(ImageSpec()).pixels
        for index, picture in enumerate(pixels):
            rows.append((breed, f"{'abcdefgh'[index % 8]}_{index:02}.png", picture[..., 0]))
    for breed, name, picture in rows:
        split = "Train" if name[0] != "a" else "Test"
        for path in (
            in_tmp / "pets" / breed / name,
            in_tmp / "split-pets" / split / breed / name,
            in_tmp / "flat" / f"{breed}_{name}",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).convert("RGB").save(path)
    lines = [f"{breed}/{name},{breed}" for breed, name, _ in rows]
    (in_tmp / "list.csv").write_text("\n".join(["where,breed", *lines]), "utf-8")
    lines = [f"pets/{line}" for line in lines]
    (in_tmp / "pets.csv").write_text("\n".join(["path,label", *lines]), "utf-8")
    np.savez("arrays.npz", x=np.stack([row[2] for row in rows]), y=[row[0] for row in rows])
    shutil.copytree(trained, in_tmp / "runs" / "pets-1")
    return in_tmp


def test_the_page_shows_what_it_should() -> None:
    words = [command.split()[1] for command in _commands()]
    assert words.count("inspect") >= 7
    assert words.count("train") >= 3
    assert {"cross-validate", "evaluate", "predict"} <= set(words)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("command", _commands())
def test_the_pages_command_works(command: str) -> None:
    words = shlex.split(command)[1:]
    more = {"train": SMALL, "cross-validate": f"{SMALL} --folds 2"}.get(words[0], "").split()
    assert main([*words, *more]) == 0
