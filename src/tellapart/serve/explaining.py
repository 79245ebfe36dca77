"""A heat map over a picture, made by asking the runtime alone."""

import io
from dataclasses import dataclass

from PIL import Image

from tellapart.predict.inputs import Item
from tellapart.serve.jobs import LARGE, decode_item
from tellapart.serve.loaded import Loaded


@dataclass(frozen=True, eq=False)
class Explained:
    """Is a heat map, and the bundle that it came from.

    Attributes:
        label: The class that is explained.
        png: The picture in grey under the map.
        version: Of the bundle.
    """

    label: str
    png: bytes
    version: str


def explain_item(loaded: Loaded, item: Item, class_name: str | None, pixels: int) -> Explained:
    """Return which pixels of a picture speak for a class, by covering its parts.

    Args:
        loaded: What is asked, some 120 times.
        item: The picture.
        class_name: The class; the most probable one by default.
        pixels: The most that the picture may have.

    Raises:
        ImageError: The picture cannot be read.
        UsageError: There is no such class.
    """
    from tellapart.explain.explainer import Explainer
    from tellapart.explain.overlay import blend

    predictor = loaded.predictor
    spec = predictor.manifest.image
    explainer = Explainer(predictor.probabilities, predictor.class_names, spec)
    fitted = decode_item(item, spec, pixels)
    with LARGE:
        looked_at = item.shown(spec)
    found = explainer.explain(item.name, fitted, looked_at, class_name=class_name, check=False)
    height, width = found.shown.pixels.shape[:2]
    content = io.BytesIO()
    overlay = blend(found.shown.pixels, found.on_picture((width, height)))
    Image.fromarray(overlay).save(content, "PNG", compress_level=1)
    return Explained(found.label, content.getvalue(), loaded.version)
