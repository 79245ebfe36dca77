"""The sections of a recipe: frozen records, each with its defaults and what its fields mean."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import override

Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]
Count = Annotated[int, Field(ge=1)]
ShareOrNone = Annotated[float, Field(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
PositiveFloat = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class Section(BaseModel):
    """Is one frozen section of a recipe; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class DataSection(Section):
    """How the samples are split.

    `validation` is where the validation curve comes from: "holdout" takes a stratified
    part out of the training images; "test" uses the test images, as the guide does.
    `group_from` is a regular expression that finds a picture's group (a patient, a video)
    in its path: its first bracket, or all that it matches; a group stays on one side of
    every split. So do near-duplicates where `near_duplicates` is "together".
    """

    validation: Literal["holdout", "test"] = "holdout"
    validation_fraction: Fraction = 0.1
    test_fraction: Fraction = 0.2
    group_from: str = ""
    near_duplicates: Literal["together", "ignore"] = "ignore"

    @field_validator("group_from")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f"`data.group_from` must be a regular expression: {error}. Received: {pattern!r}. "
                r"Fix: --set 'data.group_from=^(\w+)_'"
            ) from None
        return pattern


class ImageSpec(Section):
    """The pixels that the network sees: size, channels, and how a picture is made to fit.

    `fit` is what happens to a picture of another shape: "pad" keeps all of it on a plain
    ground, "crop" keeps its middle, "stretch" bends it. `background` is the grey level,
    0–255, of that ground and of what shows through transparent parts.
    """

    height: Annotated[int, Field(ge=1, le=4096)] = 28
    width: Annotated[int, Field(ge=1, le=4096)] = 28
    channels: Literal[1, 3] = 1
    fit: Literal["pad", "crop", "stretch"] = "pad"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    background: Annotated[int, Field(ge=0, le=255)] = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (height, width, channels)."""
        return (self.height, self.width, self.channels)

    @override
    def __str__(self) -> str:
        """Return the size as people write it: `28×28×1`."""
        return "×".join(str(side) for side in self.shape)


class ModelSection(Section):
    """The network, by the name of its builder; "custom" is one that was handed over."""

    name: Literal[
        "compact-resnet",
        "fast-cnn",
        "fine-resnet",
        "guide-cnn",
        "large-resnet",
        "photo-resnet",
        "slim-cnn",
        "custom",
    ] = "guide-cnn"


class OptimizerSection(Section):
    """The optimiser by Keras' name for it, and how its learning rate goes.

    `schedule` is "constant", "one-cycle" (a straight rise over the share `warmup` of the
    training, a straight fall to 0) or "cosine" (the same rise, then half a cosine).
    `momentum` is for "sgd", and of Nesterov's kind. `clip_norm` is the largest norm of all
    gradients together, `ema` the momentum of an average of the weights that is kept in
    place of them; both are off at 0.
    """

    name: Literal["adam", "adamw", "muon", "rmsprop", "sgd"] = "adam"
    learning_rate: PositiveFloat = 0.001
    schedule: Literal["constant", "one-cycle", "cosine"] = "constant"
    warmup: ShareOrNone = 0.0
    weight_decay: NotNegative = 0.0
    momentum: ShareOrNone = 0.0
    clip_norm: NotNegative = 0.0
    ema: ShareOrNone = 0.0


class AugmentSection(Section):
    """How pictures are varied in training, and only there; nothing by default.

    `flip` mirrors half of them left to right; `shift` moves them by whole pixels, up to
    this share of each side; `crop` takes a part of at least this share of the area and
    enlarges it; `erase` blanks a square of this share of the side, up to the next even
    number of pixels, anywhere; `mixup` lays two pictures over each other, and their
    classes, in shares from Beta(mixup, mixup).
    """

    flip: bool = False
    shift: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    crop: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    erase: ShareOrNone = 0.0
    mixup: Annotated[float, Field(ge=0.0, le=8.0)] = 0.0

    @property
    def is_on(self) -> bool:
        """Return whether anything is varied at all."""
        return self.moves or self.erase > 0.0 or self.mixup > 0.0

    @property
    def moves(self) -> bool:
        """Return whether pixels change their places."""
        return self.flip or self.shift > 0.0 or self.crop < 1.0


class FitSection(Section):
    """How long to train, in what portions, on what loss, and which epoch's weights to keep.

    `label_smoothing` is the share of each target that goes to all classes alike.
    `class_weights = "balanced"` lets every class count the same, however many samples it
    has. `patience` ends the training when so many epochs in a row were no better on the
    validation images; 0 never does.
    """

    epochs: Count = 10
    batch_size: Count = 32
    keep: Literal["last", "best"] = "best"
    label_smoothing: ShareOrNone = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    patience: Annotated[int, Field(ge=0)] = 0


class AnswersSection(Section):
    """When the classifier may say that it is unsure, or that it does not know.

    `risk` is the share of wrong labels among those that are given, promised with 95%
    confidence; `coverage` how often the classes that an unsure answer names hold the true
    one; `unknown` how many known pictures may be called unknown by mistake.
    """

    risk: Fraction = 0.02
    coverage: Fraction = 0.9
    unknown: Fraction = 0.05
