"""Heat maps from a network's last spatial layer, for any number of pictures at once."""

from typing import Any, Literal

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tellapart.errors import ModelError, UsageError, did_you_mean
from tellapart.explain.anatomy import (
    dissect,
    ends_in_dense_softmax,
    ends_in_plain_softmax,
    run_steps,
)
from tellapart.explain.geometry import draw_out
from tellapart.explain.gradients import open_gradients, trace
from tellapart.images.arrays import Pixels
from tellapart.models.custom import output_kind
from tellapart.models.logits import Logits
from tellapart.sections import ImageSpec

BATCH_PIXELS = 1 << 19
"""The most pixels in one call; a layer's output may have a hundred times as many numbers."""

GRADIENT_METHODS = ("cam", "grad-cam", "hires-cam")
"""Class activation maps (Zhou et al., "Learning deep features for discriminative localization",
CVPR 2016), Grad-CAM (Selvaraju et al., ICCV 2017) and HiResCAM (R. L. Draelos and L. Carin, "Use
HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks", 2020),
each from a layer's output and the gradient of the class's logit."""


class Mapper:
    """Makes heat maps with one network, which is taken apart and compiled once.

    It follows weights that are set later; layers must stay as they are. Any number of threads
    may ask it.

    Args:
        network: A built sequential or functional `keras.Model`.
        shape: (height, width, channels) of the pixels.
        output: What the network puts out; asked of the network where it is not given.

    Raises:
        ModelError: No layer of it has rows and columns.
    """

    def __init__(
        self,
        network: keras.Model,
        shape: tuple[int, int, int],
        output: Literal["probabilities", "logits"] | None = None,
    ) -> None:
        self._network, self._shape = network, shape
        self.anatomy = self._dissect()
        if output is None:
            height, width, channels = shape
            spec = {"height": height, "width": width, "channels": channels}
            output = output_kind(network, ImageSpec.model_validate(spec))
        stripped = ends_in_dense_softmax(self.anatomy) or ends_in_plain_softmax(self.anatomy)
        self._as_logarithm = output == "probabilities" and not stripped
        self._run = open_gradients(
            self._differentiable,
            network.variables,
            shape,
            self.anatomy.cells,
            compiled=not network.run_eagerly,
        )

    @property
    def usual_method(self) -> str:
        """Return "cam" where the network's head allows it, else "hires-cam"."""
        return "hires-cam" if self.anatomy.head is None else "cam"

    def maps(
        self, pixels: Pixels, classes: NDArray[Any], method: str | None = None
    ) -> NDArray[np.float32]:
        """Return how much each pixel speaks for a class, at least 0, not normalised.

        Args:
            pixels: `(n, height, width, channels)`, uint8, 0–255.
            classes: `(n,)`: the number of the class that is asked about, for each picture.
            method: A key of `GRADIENT_METHODS`; `usual_method` by default.

        Returns:
            `(n, height, width)`, float32.

        Raises:
            UsageError: There is no such method, or pixels or classes do not fit.
            ModelError: "cam" was asked of a network whose head does not allow it.
        """
        method = self._check(pixels, classes, method)
        size = max(1, BATCH_PIXELS // (pixels.shape[1] * pixels.shape[2]))
        found = np.zeros(pixels.shape[:3], np.float32)
        for first in range(0, len(pixels), size):
            part = slice(first, first + size)
            numbers = np.asarray(classes[part], np.int32)
            cells = np.maximum(self._cells(np.asarray(pixels[part]), numbers, method), 0)
            found[part] = draw_out(cells, self.anatomy.grid, self._shape[:2])
        return found

    def _check(self, pixels: Pixels, classes: NDArray[Any], method: str | None) -> str:
        method = method or self.usual_method
        if method not in GRADIENT_METHODS:
            raise UsageError(f"Unknown method '{method}'. {did_you_mean(method, GRADIENT_METHODS)}")
        if pixels.shape[1:] != self._shape or pixels.dtype != np.uint8:
            raise UsageError(
                f"Pixels must be (n, {', '.join(map(str, self._shape))}) and uint8. "
                f"Received: {pixels.shape}, {pixels.dtype}."
            )
        last = self._network.output_shape[1] - 1
        if np.shape(classes) != (len(pixels),) or not np.isin(classes, range(last + 1)).all():
            raise UsageError(f"Classes must be {len(pixels)} whole numbers from 0 to {last}.")
        if method == "cam" and self.anatomy.head is None:
            raise ModelError(
                "A class activation map needs a network that ends in global average pooling and "
                "one Dense layer. This one does not. Fix: --method hires-cam"
            )
        return method

    def _cells(
        self, pixels: Pixels, classes: NDArray[np.int32], method: str
    ) -> NDArray[np.float32]:
        """Return a map of the layer's cells, `(n, rows, columns)`, signed."""
        outputs, gradients = self._run(pixels, classes)
        if method == "cam":
            kernel = ops.convert_to_numpy(self.anatomy.head.kernel)
            return np.asarray(np.einsum("nhwc,cn->nhw", outputs, kernel[:, classes]))
        if method == "grad-cam":
            gradients = gradients.mean(axis=(1, 2), keepdims=True)
        return np.asarray((outputs * gradients).sum(axis=3))

    def _dissect(self) -> Any:
        found: list[Any] = []
        trace(lambda p: found.append(dissect(self._network, self._given(p))), (1, *self._shape))
        return found[0]

    def _given(self, pixels: Any) -> Any:
        return ops.cast(pixels, self._network.inputs[0].dtype)

    def _differentiable(self, pixels: Any, change: Any, classes: Any) -> tuple[Any, Any]:
        """Return the last spatial layer's output, and the sum of the classes' logits."""
        anatomy, seen = self.anatomy, {}

        def visit(place: int, operation: Any, call: Any, args: tuple[Any, ...]) -> Any:
            if place == len(anatomy.steps) - 1:
                if ends_in_dense_softmax(anatomy):
                    return Logits(operation)(args[0])
                if ends_in_plain_softmax(anatomy):
                    return args[0]
            output = call()
            if place != anatomy.target:
                return output
            seen["output"] = ops.cast(output, "float32")
            return output + ops.cast(change, output.dtype)

        scores = ops.cast(run_steps(self._network, self._given(pixels), visit), "float32")
        if self._as_logarithm:
            scores = ops.log(ops.clip(scores, 1e-7, 1.0))
        chosen = ops.take_along_axis(scores, ops.expand_dims(classes, 1), axis=1)
        return seen["output"], ops.sum(chosen)


def heat_maps(
    network: keras.Model, pixels: Pixels, classes: NDArray[Any], method: str | None = None
) -> NDArray[np.float32]:
    """Return a heat map for each of many pictures: which pixels speak for its class.

    The network is taken apart and compiled for each call; keep a `Mapper` to ask again.

    Args:
        network: A built sequential or functional `keras.Model`.
        pixels: `(n, height, width, channels)`, uint8, 0–255.
        classes: `(n,)`: the number of the class that is asked about, for each picture.
        method: A key of `GRADIENT_METHODS`; "cam" by default where the network ends in global
            average pooling and one Dense layer, else "hires-cam".

    Returns:
        `(n, height, width)`, float32, each from 0 to 1; all 0 where nothing speaks for it.

    Raises:
        UsageError: There is no such method, or pixels or classes do not fit.
        ModelError: The network has no layer to look at.

    Example:
        >>> from tellapart.models.guide_cnn import build_guide_cnn
        >>> network = build_guide_cnn(ImageSpec(), 10)
        >>> heat_maps(network, np.zeros((3, 28, 28, 1), np.uint8), np.array([0, 1, 2])).shape
        (3, 28, 28)
    """
    height, width, channels = pixels.shape[1:]
    return normalise(Mapper(network, (height, width, channels)).maps(pixels, classes, method))


def normalise(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return maps with their highest value at 1; one that is 0 everywhere stays so.

    Args:
        maps: `(n, height, width)`, at least 0.

    Example:
        >>> normalise(np.array([[[0.0, 4.0]], [[0.0, 0.0]]], np.float32)).tolist()
        [[[0.0, 1.0]], [[0.0, 0.0]]]
    """
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.asarray(maps / np.where(highest > 0, highest, 1), np.float32)
