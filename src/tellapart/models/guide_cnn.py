"""The guide's network, layer by layer, with the scaling to 0–1 inside."""

import keras

from tellapart.sections import ImageSpec


def build_guide_cnn(image: ImageSpec, classes: int) -> keras.Model:
    """Return the guide's convolutional network; pixels 0–255 in, probabilities out.

    For 28×28×1 images and 10 classes it has 121,930 parameters. Every layer has a fixed
    name, so that weights find their place in a network built anew.

    Args:
        image: Height, width and channels.
        classes: How many classes.

    Raises:
        ValueError: Images are smaller than 10×10, so that nothing is left to pool.

    Example:
        >>> build_guide_cnn(ImageSpec(), 10).count_params()
        121930
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(image.shape, name="image"),
            layers.Rescaling(1.0 / 255.0, name="scale"),
            layers.Conv2D(32, (3, 3), activation="relu", name="conv1"),
            layers.MaxPooling2D((2, 2), name="pool1"),
            layers.Conv2D(64, (3, 3), activation="relu", name="conv2"),
            layers.MaxPooling2D((2, 2), name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="dense1"),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="guide_cnn",
    )
