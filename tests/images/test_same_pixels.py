"""No skew: the tensors of training and of prediction are bit-equal for every kind and mode."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.data.filed import FileImages
from tellapart.predict.inputs import Item
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS

READ = [name for name, nasty in CORPUS.items() if nasty.like is not None]
SPECS = [
    ImageSpec(),
    ImageSpec(height=20, width=12, channels=3, fit="crop", interpolation="lanczos", background=9),
    ImageSpec(height=5, width=4, channels=3, fit="stretch"),
]


@pytest.mark.filterwarnings("ignore")  # `Image.open` warns of what the corpus has put in
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_training_and_prediction_see_the_same_pixels(spec: ImageSpec, tmp_path: Path) -> None:
    names = {name: f"{number}.dat" for number, name in enumerate(READ)}
    for name, file in names.items():
        (tmp_path / file).write_bytes(CORPUS[name].content)
    trained = FileImages(tmp_path, tuple(map(Path, names.values()))).decode(spec)
    assert trained.failures == ()
    for (name, file), pixels in zip(names.items(), trained.pixels, strict=True):
        content = CORPUS[name].content
        assert np.array_equal(Item(name, content).pixels(spec), pixels), name
        assert np.array_equal(Item(name, tmp_path / file).pixels(spec), pixels), name
        with Image.open(io.BytesIO(content)) as opened:
            assert np.array_equal(Item(name, opened).pixels(spec), pixels), name
