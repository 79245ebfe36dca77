"""The pictures on the page about suspects."""

import base64
import io

import numpy as np
from PIL import Image

from tellapart.evaluate.suspects import Suspect
from tellapart.report.page import image_source
from tellapart.report.suspects import Shown, draw_suspects


def _back(source: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))


def test_small_pictures_are_exact_and_large_ones_in_colour_are_small_files() -> None:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (28, 28), np.uint8)
    source = image_source(Image.fromarray(small))
    assert source.startswith("data:image/png;base64,")
    assert np.array_equal(_back(source), small)
    smooth = np.linspace(0, 255, 112 * 112 * 3).reshape(112, 112, 3).astype(np.uint8)
    source = image_source(Image.fromarray(smooth))
    assert source.startswith("data:image/jpeg;base64,")
    assert np.abs(_back(source).astype(int) - smooth).mean() < 4


def test_the_drawing_names_both_classes_and_takes_a_formula_for_a_name() -> None:
    suspect = Suspect(
        rank=1,
        index=0,
        given="$x^2$ and a very long name of a class",
        proposed="shoe",
        given_probability=0.1,
        proposed_probability=0.8,
        score=0.1,
    )
    shown = [Shown(suspect, "17", Image.new("L", (28, 28)), [])] * 7
    figure = draw_suspects(shown)
    titles = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert titles == ["$x^2$ and a very long…\n→ shoe?"] * 7
    assert figure.to_png().startswith(b"\x89PNG")
