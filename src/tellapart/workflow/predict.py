"""Ask a trained classifier."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tellapart.bundle import open_bundle
from tellapart.data.given import stands_for_several
from tellapart.data.layout import Layout
from tellapart.data.samples import Samples
from tellapart.errors import BundleError
from tellapart.predict.golden import GoldenReplay
from tellapart.predict.inputs import Inputs, Item, items_in
from tellapart.predict.opening import open_every, open_predictor
from tellapart.predict.predictor import Predictor

NO_RULES = "This classifier has no rules for it, so it is never unsure and answers always."


class DoctorReport(BaseModel):
    """Is what `doctor` found in a bundle that is sound.

    Attributes:
        path: The file.
        name: The data set that it was trained on.
        network: The builder's name.
        parameters: How many numbers the network has.
        classes: How many it tells apart.
        versions: What it was made with.
        golden_examples: How many real inputs were asked for again.
        runtimes: By what: "keras", "onnx", or both.
        largest_difference: Of any probability from what it was after training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    name: str
    network: str
    parameters: int
    classes: int
    versions: dict[str, str]
    golden_examples: int
    runtimes: tuple[str, ...]
    largest_difference: float


def open_model(path: str | Path, *, trust: bool = False, backend: str | None = None) -> Predictor:
    """Return a trained classifier from its bundle, ready to answer.

    Args:
        path: A `.tellapart` file.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.
        backend: "onnx" to run without Keras; "tensorflow", "jax" or "torch" for Keras, if it is
            not loaded yet. By default ONNX Runtime where it is installed and the bundle carries
            its network for it, and else Keras.

    Raises:
        BundleError: The file is missing, foreign or damaged, or cannot run without Keras.
        TrustError: Keras answers, the network is its maker's own, and `trust` is false.
        MissingExtraError: No backend is installed.
    """
    return open_predictor(Path(path), trust=trust, backend=backend)


def predict(
    model: Any,
    images: Any,
    *,
    top: int = 3,
    always_answer: bool = False,
    risk: float | None = None,
    layout: Layout | None = None,
    trust: bool = False,
) -> Any:
    """Return what a classifier says about one picture or several.

    Args:
        model: A `Predictor`, or the path of a bundle.
        images: What `Predictor.predict` takes, `Samples` such as `data.test`, or the path of
            a folder, an archive, or a table with a picture a row.
        top: How many classes to name, best first.
        layout: Which column of the table has the pictures, and where its paths start.
        always_answer: Give a label to every picture, however unsure.
        risk: Accept this share of wrong labels, instead of what the recipe says.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.

    Raises:
        ImageError: The one picture cannot be read.
        DataError: The table is damaged, or has no column for pictures.
        BundleError: The bundle cannot be used.
        UsageError: `images` is nothing that pictures can be given as, or `risk` cannot be promised.
    """
    predictor = model if isinstance(model, Predictor) else open_model(model, trust=trust)
    items: Iterable[Item] | None = None
    if isinstance(images, Samples):
        items = items_in(images.images)
    elif isinstance(images, str | Path) and stands_for_several(Path(images)):
        items = Inputs([str(images)], layout=layout).stream()
    if items is None:
        return predictor.predict(images, top=top, always_answer=always_answer, risk=risk)
    return list(predictor.predict_items(items, top=top, always_answer=always_answer, risk=risk))


def doctor(path: str | Path, *, trust: bool = False, backend: str | None = None) -> DoctorReport:
    """Check a bundle from end to end: hashes, shapes, networks, and its golden examples.

    Args:
        path: A `.tellapart` file.
        trust: Build a network of its maker's own for Keras, which may run code.
        backend: Ask this alone, as in `open_model`; by default ONNX Runtime and Keras, whatever
            of them can run the bundle here.

    Raises:
        BundleError: Something is wrong with it; the message says what.
        TrustError: Keras is asked, the network is its maker's own, and `trust` is false.
    """
    found: dict[str, GoldenReplay] = {}
    bundle = open_bundle(Path(path))
    manifest = bundle.manifest
    for predictor in open_every(bundle, trust=trust, backend=backend):
        found[predictor.runtime] = replay = predictor.replay_golden()
        if not replay.passed:
            raise BundleError(
                f"{path} does not answer as it did after training: by {predictor.runtime}, a "
                f"golden probability is off by {replay.largest_difference:.2g}. It was made with "
                f"{manifest.versions}."
            )
    return DoctorReport(
        path=str(path),
        name=manifest.name,
        network=manifest.architecture.name,
        parameters=manifest.architecture.parameters,
        classes=len(manifest.class_names),
        versions=manifest.versions,
        golden_examples=max(replay.examples for replay in found.values()),
        runtimes=tuple(found),
        largest_difference=max(replay.largest_difference for replay in found.values()),
    )
