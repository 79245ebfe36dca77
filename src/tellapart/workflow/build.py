"""Build one of our networks, as plain, compiled Keras."""

from typing import TYPE_CHECKING

from tellapart._extras import prepare_keras
from tellapart.errors import UsageError
from tellapart.recipe import load_recipe

if TYPE_CHECKING:
    import keras


def build(
    name: str = "guide-cnn",
    *,
    image: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    learning_rate: float = 0.001,
    backend: str | None = None,
) -> "keras.Model":
    """Return a new network by name: a plain `keras.Model`, compiled as the guide does.

    Args:
        name: "guide-cnn".
        image: Height, width and channels of what goes in: pixels 0–255.
        classes: How many probabilities come out.
        learning_rate: Of the optimiser adam.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.

    Raises:
        UsageError: The name or a number is wrong.
        ModelError: The images are too small for this network.

    Example:
        >>> import tellapart
        >>> tellapart.build("guide-cnn").count_params()
        121930
    """
    prepare_keras(backend)
    from tellapart.models.catalogue import build_network, compile_network

    if classes < 2:
        raise UsageError(f"`classes` must be at least 2. Received: {classes}.")
    height, width, channels = image
    recipe = load_recipe(
        "guide",
        {
            "image.height": height,
            "image.width": width,
            "image.channels": channels,
            "optimizer.learning_rate": learning_rate,
        },
    )
    return compile_network(build_network(name, recipe.image, classes), recipe.optimizer)
