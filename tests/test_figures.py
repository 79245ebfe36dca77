"""Figures without global state: the same drawing is the same file."""

import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from tellapart.errors import OutputError
from tellapart.figures import Picture


def draw() -> Picture:
    picture = Picture(3, 2)
    picture.add_subplot().plot([1, 3, 2])
    return picture


def test_a_picture_is_a_png_of_the_size_asked_for() -> None:
    with Image.open(io.BytesIO(draw().to_png(dots_per_inch=50))) as image:
        assert (image.format, image.size) == ("PNG", (150, 100))
        assert len(image.convert("RGB").getcolors(maxcolors=15_000) or []) > 2


def test_the_same_drawing_gives_the_same_bytes() -> None:
    assert draw().to_png() == draw().to_png()


def test_a_notebook_is_shown_the_png_itself() -> None:
    picture = draw()
    assert picture._repr_png_() == picture.to_png()


def test_a_saved_picture_is_whole_and_alone(tmp_path: Path) -> None:
    picture = draw()
    path = picture.save(tmp_path / "plots" / "curve.png")
    assert path.read_bytes() == picture.to_png()
    assert [entry.name for entry in path.parent.iterdir()] == ["curve.png"]


def test_a_picture_that_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Cannot write") as caught:
        draw().save(tmp_path / "file" / "curve.png")
    assert caught.value.exit_code == 2


def test_pictures_are_not_listed_as_open_figures() -> None:
    before = plt.get_fignums()
    for _ in range(30):
        draw()
    assert plt.get_fignums() == before


def test_a_picture_is_drawn_as_matplotlib_itself_saves_it() -> None:
    def draw() -> Picture:
        picture = Picture(4, 3)
        axes = picture.add_subplot(xlabel="epoch", ylabel="accuracy", title="both")
        axes.plot([1, 2, 3], [0.8, 0.9, 0.85], label="training")
        axes.legend()
        return picture

    theirs = io.BytesIO()
    draw().savefig(theirs, format="png", dpi=75)
    picture = draw()
    with Image.open(io.BytesIO(picture.to_png(75))) as ours, Image.open(theirs) as expected:
        assert ours.info["dpi"] == pytest.approx(expected.info["dpi"])
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(expected))
    assert picture.to_png(75) == picture.to_png(75)
    assert picture.dpi == draw().dpi
