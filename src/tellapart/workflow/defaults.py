"""Which recipe trains what, where the user names none."""

from tellapart.data.dataset import Dataset

SMALL = 48
"""Pixels on the longer side of pictures that recipe `fast` is for."""

LARGEST = 256
"""Pixels on the longer side of arrays that are trained on at their own size."""


def usual_recipe(data: Dataset, *, own_network: bool) -> tuple[str, dict[str, object]]:
    """Return the name of the recipe for some data, and what it takes from them.

    Small grey pictures are trained by `fast`, all others by `photos`, a network of one's
    own by `guide`, which sets out the least. Arrays keep their size up to `LARGEST`; above
    it they must be reduced by whoever made them, which the error that follows says.

    Args:
        data: What is to be trained on.
        own_network: Whether the user brings the network.

    Returns:
        The recipe's name, and fields of it by dotted key.
    """
    if own_network:
        return "guide", {}
    shape = data.shape
    if shape is None:
        return "photos", {}
    height, width, channels = shape
    size: dict[str, object] = {"image.height": height, "image.width": width}
    if channels == 1 and max(height, width) <= SMALL:
        return "fast", size
    if max(height, width) > LARGEST:
        size = {}
    return "photos", size | {"image.channels": channels}
