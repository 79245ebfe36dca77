"""`tellapart cross-validate`: its table, its JSON, its exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest

from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec


def test_it_shows_each_fold_and_goes_on_with_json(
    slice_of_fashion: Dataset, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = slice_of_fashion.train.take(np.arange(100))
    np.savez(in_tmp / "few.npz", x=part.decode(ImageSpec()).pixels, y=part.targets)
    words = ["few.npz", "--recipe", "guide", "--folds", "2", "--epochs", "1", "-q"]
    assert main(["cross-validate", *words]) == 0
    out = capsys.readouterr().out
    assert "out-of-fold accuracy" in out
    assert "over the folds" in out
    assert "runs/few-cv-1/out-of-fold.npz" in out
    assert main(["cross-validate", "--resume", "runs/few-cv-1", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [score["samples"] for score in found["scores"]["folds"]] == [50, 50]
    assert found["evaluation"]["samples"] == 100


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "Name the data, or a cross-validation to go on with"),
        (["fashion-mnist", "--folds", "1"], 2, "`folds` must be at least 2. Received: 1."),
        (["--resume", "nowhere"], 4, "nowhere is no cross-validation"),
        (["nowhere"], 3, "no folder or file 'nowhere'"),
    ],
)
@pytest.mark.usefixtures("in_tmp")
def test_mistakes_have_their_exit_codes(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cross-validate", *words]) == code
    assert said in capsys.readouterr().err
    assert not Path("runs").exists()
