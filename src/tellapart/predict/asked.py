"""A batch of what was asked about: read, answered, and errors in their places."""

from collections.abc import Iterator, Sequence

import numpy as np

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.predict.answering import Answering
from tellapart.predict.inputs import Item
from tellapart.predict.prediction import Prediction
from tellapart.sections import ImageSpec


def answer_items(
    items: Sequence[Item], spec: ImageSpec, answering: Answering, top: int, *, strict: bool
) -> Iterator[Prediction]:
    """Yield the prediction about each item, in order; one that cannot be read fails alone.

    Args:
        items: As many as go into one call of the network.
        spec: The pixels that it takes.
        answering: Gives the answers.
        top: How many classes to name.
        strict: Raise instead of yielding an error row.

    Raises:
        ImageError: `strict`, and a picture cannot be read.
    """
    pixels: list[Pixels] = []
    errors: dict[int, str] = {}
    for place, item in enumerate(items):
        try:
            pixels.append(item.pixels(spec))
        except ImageError as error:
            if strict:
                raise
            errors[place] = f"{error.reason}: {error.detail}"
    names = [item.name for place, item in enumerate(items) if place not in errors]
    answers = answering.predict(np.stack(pixels), names, top) if pixels else iter(())
    for place, item in enumerate(items):
        if place in errors:
            yield Prediction(name=item.name, verdict="error", error=errors[place])
        else:
            yield next(answers)
