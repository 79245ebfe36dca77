"""Ask a trained classifier which pixels decided."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from tellapart.errors import ImageError, UsageError
from tellapart.explain.explanation import ExplanationRecord
from tellapart.predict.inputs import Item
from tellapart.predict.predictor import Predictor
from tellapart.workflow.predict import open_model

if TYPE_CHECKING:
    from tellapart.explain.explanation import Explanation


def explain(
    model: Any,
    images: Any,
    *,
    method: str | None = None,
    class_name: str | None = None,
    check: bool = True,
    trust: bool = False,
) -> Any:
    """Return which pixels of one picture, or of several, speak for a class.

    Args:
        model: A `Predictor`, or the path of a bundle.
        images: What `Predictor.predict` takes.
        method: "cam", "grad-cam", "hires-cam" or "occlusion"; by default
            occlusion for pictures of up to 64×64 pixels, else cam or hires-cam, whichever
            the network allows first.
        class_name: The class that is asked about; the most probable one by default.
        check: Find out whether the map means anything, which asks the classifier about each
            picture some 640 times.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.

    Returns:
        An `Explanation` for one picture; a list of them for several.

    Raises:
        ImageError: A picture cannot be read.
        UsageError: There is no such method or class.
        ModelError: The network does not allow the method.
        BundleError: The bundle cannot be used.
    """
    predictor = model if isinstance(model, Predictor) else open_model(model, trust=trust)
    return predictor.explain(images, method=method, class_name=class_name, check=check)


def explain_files(
    predictor: Predictor,
    items: list[Item],
    output: str | Path | None = None,
    *,
    method: str | None = None,
    class_name: str | None = None,
    check: bool = True,
    array: bool = False,
) -> Iterator[ExplanationRecord]:
    """Yield what decided about each picture, once its drawing is written.

    Args:
        predictor: What is asked.
        items: The pictures.
        output: Where the drawings go: a PNG file for one picture, or a folder, in which they
            are called `NAME-explained.png`; by default the current folder. What is there
            already is not replaced, the next free number is taken.
        method: As in `explain`.
        class_name: As in `explain`.
        check: As in `explain`.
        array: Write each map on its whole picture beside the drawing, as `.npy`.

    Raises:
        UsageError: `output` is one file for several pictures; or no such method or class.
        OutputError: A file cannot be written.
        ModelError: The network does not allow the method.
    """
    image = predictor.manifest.image
    for item, target in zip(items, _targets(items, output), strict=True):
        try:
            found = predictor.explainer.explain(
                item.name,
                item.pixels(image),
                item.shown(image),
                method=method,
                class_name=class_name,
                check=check,
            )
        except ImageError as error:
            yield ExplanationRecord(name=item.name, error=f"{error.reason}: {error.detail}")
        else:
            yield _write(found, target, array=array)


def _write(found: "Explanation", target: Path, *, array: bool) -> ExplanationRecord:
    picture = found.save(target)
    files = {"picture": str(picture)}
    if array:
        files["array"] = str(found.save_map(picture.with_suffix(".npy")))
    return found.record(**files)


def _targets(items: list[Item], output: str | Path | None) -> Iterable[Path]:
    place = Path("." if output is None else output)
    if place.suffix and not place.is_dir():
        if place.suffix.lower() != ".png":
            raise UsageError(
                f"The drawing is a PNG file. Received: {output}. Fix: --output "
                f"{place.with_suffix('.png')}"
            )
        if len(items) != 1:
            raise UsageError(
                f"The drawings of {len(items)} pictures need a folder. Received: {output}. "
                f"Fix: --output {place.with_suffix('')}"
            )
        return [place]
    return [place / f"{_stem(item.name)}-explained.png" for item in items]


def _stem(name: str) -> str:
    """Return the part of a picture's name that may begin a file's name."""
    stem = "stdin" if name == "-" else PurePath(name).stem
    return re.sub(r"[^\w.-]+", "-", stem)[:80] or "picture"
