"""The grid of pictures: each in its place, with its name under it."""

import io

import numpy as np
import pytest
from PIL import Image

from tellapart.data.grid import draw_grid


def grey(level: int) -> Image.Image:
    return Image.new("L", (4, 4), level)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (5, 1), (6, 2), (15, 3)])
def test_pictures_stand_five_in_a_row_in_their_order(count: int, rows: int) -> None:
    figure = draw_grid([grey(n) for n in range(count)], [f"class {n}" for n in range(count)])
    assert len(figure.axes) == 5 * rows
    for number, cell in enumerate(figure.axes):
        if number < count:
            assert np.unique(np.asarray(cell.images[0].get_array())).tolist() == [number]
            assert cell.get_title() == f"class {number}"
        else:
            assert not cell.images
            assert not cell.get_title()


def test_black_stays_black_and_colours_stay_colours() -> None:
    figure = draw_grid([grey(0), Image.new("RGB", (4, 4), (255, 0, 0))], ["dark", "red"])
    with Image.open(io.BytesIO(figure.to_png(50))) as drawn:
        colours = {colour for _, colour in drawn.convert("RGB").getcolors(100_000) or []}
    assert {(0, 0, 0), (255, 0, 0), (255, 255, 255)} <= colours
    assert figure.axes[0].images[0].get_clim() == (0, 255)


@pytest.mark.parametrize("name", [r"$\nonsense$", "cost_in_$", "100% cotton", "<b>", "_under"])
def test_class_names_are_drawn_as_they_are(name: str) -> None:
    figure = draw_grid([grey(9)], [name])
    assert figure.axes[0].title.get_text() == name
    assert not figure.axes[0].title.get_parse_math()
    assert figure.to_png(40).startswith(b"\x89PNG")
