"""In a notebook: what is shown, and that nothing red appears."""

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "import tellapart\ndata = tellapart.load('small.npz')\ndata",
    "data.show(5)",
    "run = tellapart.train(data, 'guide', epochs=1)",
    "run.show_curves()",
    "run.model.predict(data.train.images.picture(0))",
]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    import numpy as np

    folder = tmp_path_factory.mktemp("notebook")
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28)).astype(np.uint8)
    np.savez(folder / "small.npz", x_train=images, y_train=np.arange(64) % 2)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    assert (folder / "runs" / "small-1" / "model.tellapart").is_file()
    log = (folder / "runs" / "small-1" / "log.txt").read_text("utf-8")
    assert "Trainable params: 121,410" in log
    return [cell.outputs for cell in notebook.cells]


def _mime(outputs: list[Any]) -> set[str]:
    return {kind for output in outputs for kind in output.get("data", {})}


def test_a_data_set_shows_itself_as_a_table(outputs: list[list[Any]]) -> None:
    assert "text/html" in _mime(outputs[0])
    assert "<table>" in outputs[0][0]["data"]["text/html"]


@pytest.mark.parametrize("cell", [1, 3], ids=["grid", "curves"])
def test_a_figure_shows_itself_once(cell: int, outputs: list[list[Any]]) -> None:
    assert [_mime([output]) >= {"image/png"} for output in outputs[cell]] == [True]


def test_training_shows_its_epochs_as_plain_black_text(outputs: list[list[Any]]) -> None:
    streams = [output for output in outputs[2] if output["output_type"] == "stream"]
    assert {output["name"] for output in streams} == {"stdout"}
    text = "".join(output["text"] for output in streams)
    assert "Trainable params" not in text
    assert "text/html" in _mime(outputs[2])
    assert "epoch  1" in text


def test_an_answer_is_readable(outputs: list[list[Any]]) -> None:
    assert "label" in outputs[4][0]["data"]["text/plain"]
