"""The command line: what goes to stdout, what to stderr, and the exit codes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run


@pytest.fixture
def shirt(slice_of_fashion: Dataset, tmp_path: Path) -> str:
    path = tmp_path / "shirt.png"
    pixels = slice_of_fashion.test.decode(ImageSpec()).pixels[0, :, :, 0]
    Image.fromarray(pixels).save(path)
    return str(path)


def test_inspect_prints_shapes_type_names_and_counts_and_writes_the_grid(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "fashion-mnist"]) == 0
    out = capsys.readouterr().out
    assert "(60000, 28, 28, 1) uint8" in out
    assert "(10000, 28, 28, 1) uint8" in out
    assert "Ankle boot" in out
    assert "6,000" in out
    with Image.open(in_tmp / "fashion-mnist-train.png") as picture:
        assert picture.width > 900


def test_inspecting_twice_writes_one_grid_and_another_seed_another(in_tmp: Path) -> None:
    for words in ([], [], ["--seed", "1"], ["--count", "25", "--split", "test"]):
        assert main(["inspect", "fashion-mnist", "--quiet", *words]) == 0
    assert {p.name for p in in_tmp.iterdir()} == {
        "fashion-mnist-train.png",
        "fashion-mnist-train-2.png",
        "fashion-mnist-test.png",
    }


def test_inspect_writes_one_json_document(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "fashion-mnist", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["splits"]["test"]["shape"] == [28, 28, 1]
    assert found["splits"]["train"]["classes"]["Bag"] == 6000
    assert (in_tmp / found["picture"]).is_file()


def test_predict_shows_a_table_of_names_with_probabilities(
    run: Run, shirt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", f"{run.path}/model.tellapart", shirt]) == 0
    out = capsys.readouterr().out
    assert "shirt.png" in out
    assert "Ankle boot" in out
    assert "%" in out


def test_predict_answers_the_good_pictures_and_exits_with_3_for_the_bad_one(
    run: Run, shirt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    words = ["predict", f"{run.path}/model.tellapart", str(bad), shirt, "--json", "--top", "2"]
    assert main(words) == 3
    captured = capsys.readouterr()
    first, second = json.loads(captured.out)
    assert first["error"] == "unknown-format: no known picture format."
    assert len(second["choices"]) == 2
    assert "1 of 2" in captured.err


def test_predict_writes_csv_with_a_column_for_errors(
    run: Run, shirt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", f"{run.path}/model.tellapart", shirt, "nowhere.png", "--csv", "--top", "2"]
    assert main(words) == 3
    good, bad = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert good["label_2"] != good["label"]
    assert float(good["probability"]) >= float(good["probability_2"])
    assert (good["error"], bad["label"]) == ("", "")
    assert "missing" in bad["error"]


def test_json_and_csv_together_are_refused(
    run: Run, shirt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", f"{run.path}/model.tellapart", shirt, "--csv", "--json"]
    assert main(words) == 2
    assert "Choose one" in capsys.readouterr().err


def test_evaluate_shows_every_class_and_writes_the_record(
    run: Run, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", f"{run.path}/model.tellapart", "fashion-mnist", "-o", "scores.json"]
    assert main([*words, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "on 10,000 images of fashion-mnist" in out
    assert "95% interval" in out
    assert "most confused" in out
    assert json.loads((in_tmp / "scores.json").read_text())["samples"] == 10_000


def test_evaluate_shows_scores_with_intervals_baselines_and_calibration(
    run: Run, slice_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", f"{run.path}/model.tellapart", str(slice_file), "--quiet"]) == 0
    out = capsys.readouterr().out
    for name in (
        "balanced accuracy",
        "macro F1",
        "true class among the first 3",
        "mean ROC area",
        "log loss",
        "Brier score",
        "calibration error",
        "accuracy of the commonest class",
        "accuracy of the nearest of some training pictures,",
    ):
        [line] = [line for line in out.splitlines() if line.strip().startswith(name)]
        assert " to " in line


def test_evaluate_scores_another_programs_answers(
    slice_file: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{number},Bag\n" for number in range(200))
    (in_tmp / "answers.csv").write_text(f"image,label\n{rows}", "utf-8")
    words = ["evaluate", "--predictions", "answers.csv", str(slice_file), "-q"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "The answers are those of another program, from answers.csv." in out
    assert "test loss" not in out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] is None
    assert main(["evaluate", "model.tellapart", "fashion-mnist", *words[1:3]]) == 2
    assert main(["evaluate", "model.tellapart"]) == 2
    assert "Either a classifier and data must be named" in capsys.readouterr().err


def test_doctor_says_that_a_sound_bundle_is_sound(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", f"{run.path}/model.tellapart"]) == 0
    out = capsys.readouterr().out
    assert "is sound" in out
    assert "121,930 parameters" in out
    assert "200 examples answered" in out


def test_doctor_refuses_a_changed_byte_with_exit_code_4(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = bytearray((run.path / "model.tellapart").read_bytes())
    raw[len(raw) // 2] ^= 1
    damaged = tmp_path / "damaged.tellapart"
    damaged.write_bytes(raw)
    assert main(["doctor", str(damaged)]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "damaged" in captured.err


def test_recipes_are_listed_and_shown_as_toml_that_trains(
    in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recipes"]) == 0
    assert "guide" in capsys.readouterr().out
    assert main(["recipes", "show", "guide"]) == 0
    (in_tmp / "mine.toml").write_text(capsys.readouterr().out)
    assert main(["train", "nowhere", "--recipe", "mine.toml"]) == 3
    assert "no data set and no folder or file 'nowhere'" in capsys.readouterr().err


def test_train_prints_the_guides_summary_and_the_scores(
    in_tmp: Path, slice_of_fashion: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays: dict[str, Any] = {
        f"{axis}_{split}": values
        for split in ("train", "test")
        for axis, values in {
            "x": slice_of_fashion.split(split).decode(ImageSpec()).pixels,
            "y": slice_of_fashion.split(split).targets,
        }.items()
    }
    arrays["class_names"] = list(slice_of_fashion.class_names)
    np.savez(in_tmp / "small.npz", **arrays)
    assert (
        main(["train", "small.npz", "--recipe", "guide", "--epochs", "1", "--batch-size", "50"])
        == 0
    )
    captured = capsys.readouterr()
    assert "121,930" in captured.err
    assert "epoch  1" in captured.err
    assert "test accuracy" in captured.out
    assert "runs/small-1/model.tellapart" in captured.out
    words = [
        "train",
        "small.npz",
        "--recipe",
        "guide",
        "--epochs",
        "1",
        "--set",
        "fit.batch_size=100",
        "--json",
        "-q",
    ]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["run"] == "runs/small-2"
    assert captured.err == ""
    assert "batch_size = 100" in Path("runs/small-2/recipe.toml").read_text()
