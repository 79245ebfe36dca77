"""What a served classifier is: for programs as fields, for people as sentences."""

import tomllib

from pydantic import BaseModel, ConfigDict

from tellapart.manifest import Manifest, Scores
from tellapart.serve.drift import Light
from tellapart.serve.served import Served


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelName(_Record):
    """Is a classifier in the list of those that are served.

    Attributes:
        name: By which it is asked for.
        version: Changes with anything in its bundle.
        classes: How many it tells apart.
    """

    name: str
    version: str
    classes: int


class ModelList(_Record):
    """Is the list of what is served.

    Attributes:
        models: The first is asked where no name is given.
        keeps_unsure: Whether pictures that a classifier is unsure about are kept.
    """

    models: list[ModelName]
    keeps_unsure: bool


class ModelCard(_Record):
    """Is what is known of a classifier.

    Attributes:
        name: By which it is asked for.
        version: Changes with anything in its bundle.
        class_names: The classes, in the order of the network.
        height: Of the pixels that the network sees.
        width: Of the pixels that the network sees.
        channels: 1 for grey, 3 for colour.
        created: When it was trained.
        data: The data set that it was trained on.
        samples: How many pictures of each split.
        recipe: The name of what it was trained by.
        versions: What it was made with.
        scores: On the test images, with the 95% interval; `None` where there were none.
        risk: The share of wrong labels that is promised, where it may be unsure.
        coverage: How often the classes of an unsure answer hold the true one.
        facts: The same for people: a name and a sentence each.
        drift: Whether the pictures of late are like the validation images.
    """

    name: str
    version: str
    class_names: list[str]
    height: int
    width: int
    channels: int
    created: str
    data: str
    samples: dict[str, int]
    recipe: str
    versions: dict[str, str]
    scores: Scores | None
    risk: float | None
    coverage: float | None
    facts: dict[str, str]
    drift: list[Light]


def name_of(model: Served) -> ModelName:
    """Return a classifier's line in the list."""
    loaded = model.loaded
    return ModelName(
        name=model.name, version=loaded.version, classes=len(loaded.predictor.class_names)
    )


def card_of(model: Served) -> ModelCard:
    """Return what is known of a classifier."""
    loaded = model.loaded
    manifest = loaded.predictor.manifest
    rules = manifest.decisions
    return ModelCard(
        name=model.name,
        version=loaded.version,
        class_names=list(manifest.class_names),
        height=manifest.image.height,
        width=manifest.image.width,
        channels=manifest.image.channels,
        created=manifest.created,
        data=manifest.data.name,
        samples=manifest.data.samples,
        recipe=_recipe(manifest),
        versions=manifest.versions,
        scores=manifest.scores,
        risk=rules.risk if rules is not None and rules.table is not None else None,
        coverage=rules.coverage if rules is not None else None,
        facts=_facts(manifest, loaded.version),
        drift=loaded.drift.lights(),
    )


def _facts(manifest: Manifest, version: str) -> dict[str, str]:
    samples = ", ".join(f"{count:,} {split}" for split, count in manifest.data.samples.items())
    return {
        "Classes": f"{len(manifest.class_names)}: {', '.join(manifest.class_names)}",
        "Accuracy": _accuracy(manifest.scores),
        "Answers": _answers(manifest),
        "Trained on": f"{manifest.data.name} ({samples})",
        "Made": f"{manifest.created[:16].replace('T', ' ')} UTC, by recipe {_recipe(manifest)}",
        "Network": f"{manifest.architecture.name}, {manifest.architecture.parameters:,} parameters",
        "Sees": f"{manifest.image} pixels",
        "Version": version,
    }


def _recipe(manifest: Manifest) -> str:
    try:
        return str(tomllib.loads(manifest.recipe)["name"])
    except (tomllib.TOMLDecodeError, KeyError):
        return "unknown"


def _accuracy(scores: Scores | None) -> str:
    if scores is None:
        return "not measured on test images"
    return (
        f"{scores.accuracy:.1%} of {scores.samples:,} test images "
        f"(95% interval {scores.accuracy_low:.1%} to {scores.accuracy_high:.1%})"
    )


def _answers(manifest: Manifest) -> str:
    rules = manifest.decisions
    if rules is None:
        return "always: it has no rules for being unsure, and its probabilities are uncalibrated"
    words = ["calibrated"]
    if rules.table is not None:
        words.append(
            f"at most {100 * rules.risk:g}% of its labels wrong, with 95% confidence for "
            "pictures like its validation images, else unsure"
        )
    if rules.novelty is not None:
        words.append("unknown where a picture is unlike all that it was trained on")
    return "; ".join(words)
