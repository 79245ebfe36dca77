"""Residual networks (He et al. 2016), small enough to be trained without a graphics card."""

from typing import Any

import keras

from tellapart.sections import ImageSpec

DECAY = 0.9
"""Momentum of the running means: short trainings have no thousand steps to forget."""


def build_residual(
    image: ImageSpec,
    classes: int,
    *,
    widths: tuple[int, ...],
    blocks: tuple[int, ...],
    name: str,
    pool_first: bool = True,
) -> keras.Model:
    """Return a residual network; pixels 0–255 in, probabilities out.

    A first convolution, usually pooled at once so that all that follows has a quarter of the
    work; then a stage for each width, every one after the first at half the size. Each block is
    two 3×3 convolutions beside a short cut; its last normalisation begins at 0, so that the
    network begins as a shallow one (Goyal et al. 2017, 5.1). Widths that are multiples of 8
    are twice as fast on a processor as others near them.

    Args:
        image: Height, width and channels.
        classes: How many classes.
        widths: Channels of each stage.
        blocks: Blocks of each stage.
        name: Of the network.
        pool_first: Whether the first stage works at half the size of the image.
    """
    layers = keras.layers
    inputs = keras.Input(image.shape, name="image")
    outputs = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    outputs = _convolution(outputs, widths[0], "stem", size=3)
    if pool_first:
        outputs = layers.MaxPooling2D(2, padding="same", name="stem_pool")(outputs)
    outputs = layers.BatchNormalization(momentum=DECAY, name="stem_norm")(outputs)
    outputs = layers.ReLU(name="stem_relu")(outputs)
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True), 1):
        for block in range(1, count + 1):
            halve = stage > 1 and block == 1
            outputs = _block(outputs, width, f"stage{stage}_block{block}", halve=halve)
    outputs = layers.GlobalAveragePooling2D(name="pool")(outputs)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(outputs)
    return keras.Model(inputs, outputs, name=name)


def _block(inputs: Any, width: int, name: str, *, halve: bool) -> Any:
    layers = keras.layers
    if halve:
        inputs = layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")(inputs)
    outputs = _normalised(inputs, width, f"{name}_1", size=3)
    outputs = layers.ReLU(name=f"{name}_relu1")(outputs)
    outputs = _normalised(outputs, width, f"{name}_2", size=3, gamma="zeros")
    shortcut = inputs
    if inputs.shape[-1] != width:
        shortcut = _normalised(shortcut, width, f"{name}_shortcut", size=1)
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([shortcut, outputs]))


def _normalised(inputs: Any, width: int, name: str, *, size: int, gamma: str = "ones") -> Any:
    return keras.layers.BatchNormalization(
        momentum=DECAY, gamma_initializer=gamma, name=f"{name}_norm"
    )(_convolution(inputs, width, name, size=size))


def _convolution(inputs: Any, width: int, name: str, *, size: int) -> Any:
    return keras.layers.Conv2D(
        width,
        size,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(inputs)


def build_compact_resnet(image: ImageSpec, classes: int) -> keras.Model:
    """Return the network of recipe `accurate`, no larger than the guide's.

    109,082 parameters for 28×28×1 images and 10 classes.

    Args:
        image: Height, width and channels.
        classes: How many classes.

    Example:
        >>> build_compact_resnet(ImageSpec(), 10).count_params()
        109082
    """
    return build_residual(image, classes, widths=(32, 72), blocks=(2, 1), name="compact_resnet")


def build_fine_resnet(image: ImageSpec, classes: int) -> keras.Model:
    """Return the network of recipe `best`, which looks at each pixel before it halves the image.

    It learns more than `large-resnet` with half the weights (docs/speed.md).

    698,282 parameters for 28×28×1 images and 10 classes.

    Args:
        image: Height, width and channels.
        classes: How many classes.

    Example:
        >>> build_fine_resnet(ImageSpec(), 10).count_params()
        698282
    """
    return build_residual(
        image,
        classes,
        widths=(32, 64, 128),
        blocks=(2, 2, 2),
        name="fine_resnet",
        pool_first=False,
    )


def build_large_resnet(image: ImageSpec, classes: int) -> keras.Model:
    """Return a wide network that halves the image at once.

    1,599,306 parameters for 28×28×1 images and 10 classes.

    Args:
        image: Height, width and channels.
        classes: How many classes.

    Example:
        >>> build_large_resnet(ImageSpec(), 10).count_params()
        1599306
    """
    return build_residual(
        image, classes, widths=(64, 128, 256), blocks=(2, 2, 1), name="large_resnet"
    )


def build_photo_resnet(image: ImageSpec, classes: int) -> keras.Model:
    """Return the network of recipe `photos`: four stages, for pictures of about 96×96.

    310,266 parameters for 96×96×3 images and 10 classes.

    Args:
        image: Height, width and channels.
        classes: How many classes.

    Example:
        >>> build_photo_resnet(ImageSpec(height=96, width=96, channels=3), 10).count_params()
        310266
    """
    return build_residual(
        image, classes, widths=(16, 32, 64, 128), blocks=(1, 1, 1, 1), name="photo_resnet"
    )
