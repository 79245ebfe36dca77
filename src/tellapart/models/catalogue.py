"""The networks that can be built by name, and how any network is compiled."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras

from tellapart.errors import ModelError, UsageError, did_you_mean
from tellapart.models.fast_cnn import build_fast_cnn, build_slim_cnn
from tellapart.models.guide_cnn import build_guide_cnn
from tellapart.models.optimizers import make_optimizer
from tellapart.models.residual import (
    build_compact_resnet,
    build_fine_resnet,
    build_large_resnet,
    build_photo_resnet,
)
from tellapart.sections import ImageSpec, OptimizerSection

Builder = Callable[[ImageSpec, int], keras.Model]

BUILDERS: Mapping[str, Builder] = MappingProxyType(
    {
        "compact-resnet": build_compact_resnet,
        "fast-cnn": build_fast_cnn,
        "fine-resnet": build_fine_resnet,
        "guide-cnn": build_guide_cnn,
        "large-resnet": build_large_resnet,
        "photo-resnet": build_photo_resnet,
        "slim-cnn": build_slim_cnn,
    }
)


def build_network(name: str, image: ImageSpec, classes: int) -> keras.Model:
    """Return a new network, not compiled.

    Args:
        name: A key of `BUILDERS`.
        image: The pixels that go in.
        classes: How many probabilities come out, at least 2.

    Raises:
        UsageError: There is no network of this name.
        ModelError: It cannot be built for images of this size.
    """
    if name not in BUILDERS:
        raise UsageError(f"Unknown network '{name}'. {did_you_mean(name, BUILDERS)}")
    try:
        network = BUILDERS[name](image, classes)
        if any(0 in weight.shape for weight in network.weights):  # older versions of Keras
            raise ValueError("nothing of the images is left")
    except ValueError as error:
        raise ModelError(
            f"The network '{name}' cannot be built for images of {image}: they are too small. "
            "Choose larger ones, for example --set image.height=28 --set image.width=28"
        ) from error
    return network


def compile_network(
    network: keras.Model, optimizer: OptimizerSection, *, from_logits: bool = False
) -> keras.Model:
    """Compile a classifier as the guide does, and return it.

    The loss is sparse categorical cross-entropy, the metric accuracy.

    Args:
        network: What to compile, in place.
        optimizer: The recipe's section.
        from_logits: Whether the network's output is not yet probabilities.
    """
    network.compile(
        optimizer=make_optimizer(optimizer),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits),
        metrics=["accuracy"],
    )
    return network
