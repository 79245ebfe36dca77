"""One picture, one class, one explanation: the map, and whether it means anything."""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import MissingExtraError, ModelError, TrustError, UsageError, did_you_mean
from tellapart.explain.explanation import Explanation
from tellapart.explain.faithfulness import Faithfulness, rank_agreement, weigh_map
from tellapart.explain.occlusion import PARTS, Probabilities, occlusion_map
from tellapart.images.arrays import Pixels
from tellapart.images.showing import Shown
from tellapart.sections import ImageSpec

if TYPE_CHECKING:
    from tellapart.explain.maps import Mapper

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "cam": "the last spatial layer, weighted as the only Dense layer after it does",
        "grad-cam": "the last spatial layer, weighted by each channel's mean gradient",
        "hires-cam": "the last spatial layer, weighted by the gradient in each place",
        "occlusion": "how far the answer falls while a square covers each part",
    }
)

SMALL = 64 * 64
"""Pixels of a picture, at most, of which a hundred covered copies are answered in a moment."""


class Explainer:
    """Explains one classifier's answers; what that needs of its network is prepared once.

    Args:
        probabilities: The classifier's runtime: pixels in, probabilities out.
        class_names: The classes, in the order of the probabilities.
        image: The pixels that it takes.
        network: Its `keras.Model`, where one is at hand; only "occlusion" works without.
        output: What that network puts out.
        open_network: Builds it, where it is not at hand, for a method that looks into layers.
    """

    def __init__(
        self,
        probabilities: Probabilities,
        class_names: tuple[str, ...],
        image: ImageSpec,
        network: Any = None,
        output: Literal["probabilities", "logits"] | None = None,
        open_network: Callable[[], Any] | None = None,
    ) -> None:
        self._probabilities = probabilities
        self._class_names = class_names
        self._image = image
        self._network = network
        self._output = output
        self._open_network = open_network

    def explain(
        self,
        name: str,
        pixels: Pixels,
        shown: Shown,
        *,
        method: str | None = None,
        class_name: str | None = None,
        check: bool = True,
    ) -> Explanation:
        """Return which pixels of a picture speak for a class.

        Args:
            name: What the picture is called.
            pixels: `(height, width, channels)`, uint8: what the network sees.
            shown: The picture as people look at it.
            method: A key of `METHODS`; by default "occlusion" for small pictures and where
                there is no layer to look at, else "cam" where the network's head allows it,
                else "hires-cam".
            class_name: The class that is asked about; the most probable one by default.
            check: Find out whether the map means anything, which asks the classifier about
                this picture some 640 times.

        Raises:
            UsageError: There is no such method or class.
            ModelError: The network does not allow the method.
        """
        row = self._probabilities(pixels[None])[0]
        target = int(row.argmax()) if class_name is None else self._number_of(class_name)
        method = self._choose(method)
        heat = self._map(method, pixels, target)
        return Explanation(
            name=name,
            label=self._class_names[target],
            probability=float(row[target]),
            method=method,
            map=_scaled(heat),
            pixels=pixels,
            scores=self._weigh(method, pixels, target, heat) if check else None,
            shown=shown,
            image=self._image,
        )

    @property
    def is_quick(self) -> bool:
        """Return whether pictures are so small that occlusion is the usual method."""
        return self._image.height * self._image.width <= SMALL

    def occlude(self, pixels: Pixels, target: int) -> NDArray[np.float32]:
        """Return which pixels speak for a class, by occlusion.

        Args:
            pixels: `(height, width, channels)`, uint8: what the network sees.
            target: The class's number.

        Returns:
            `(height, width)`, 0–1.
        """
        return _scaled(self._map("occlusion", pixels, target))

    @cached_property
    def _mapper(self) -> "Mapper | None":
        """Return what makes maps from the network's last spatial layer, if it has one."""
        network = self._network
        if network is None:
            if self._open_network is None:
                return None
            network = self._open_network()
        from tellapart.explain.maps import Mapper  # Keras must be loaded with its backend before

        try:
            return Mapper(network, self._image.shape, self._output)
        except ModelError:
            return None

    def _choose(self, method: str | None) -> str:
        if method is None:
            try:
                mapper = None if self.is_quick else self._mapper
            except (MissingExtraError, TrustError):
                mapper = None
            return "occlusion" if mapper is None else mapper.usual_method
        if method not in METHODS:
            raise UsageError(f"Unknown method '{method}'. {did_you_mean(method, METHODS)}")
        if method != "occlusion" and self._mapper is None:
            raise ModelError(
                f"The method '{method}' needs a Keras network with a layer of rows and columns, "
                "such as Conv2D. This classifier has none. Fix: --method occlusion"
            )
        return method

    def _number_of(self, class_name: str) -> int:
        if class_name not in self._class_names:
            known = did_you_mean(class_name, self._class_names)
            raise UsageError(f"Unknown class '{class_name}'. {known}")
        return self._class_names.index(class_name)

    def _map(self, method: str, pixels: Pixels, target: int) -> NDArray[np.float32]:
        """Return how much each pixel speaks for the class, at least 0."""
        if method == "occlusion" or self._mapper is None:
            return np.asarray(np.maximum(occlusion_map(self._probabilities, pixels, target), 0))
        (heat,) = self._mapper.maps(pixels[None], np.array([target]), method)
        return np.asarray(heat)

    def _weigh(
        self, method: str, pixels: Pixels, target: int, heat: NDArray[np.float32]
    ) -> Faithfulness:
        """Return the map's scores, and how far the other way of looking agrees with it.

        No network is built only to compare occlusion with it.
        """
        is_occlusion = method == "occlusion"
        mapper = None if is_occlusion and self._network is None else self._mapper
        cells = (PARTS, PARTS) if mapper is None or is_occlusion else mapper.anatomy.cells[:2]
        scores = weigh_map(self._probabilities, pixels, target, heat, cells=cells)
        if mapper is None:
            return scores
        other = mapper.usual_method if is_occlusion else "occlusion"
        agreement = rank_agreement(heat, self._map(other, pixels, target))
        return scores.model_copy(update={"agreement": agreement})


def _scaled(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a map whose hottest pixel is 1, where there is any heat."""
    top = heat.max()
    return heat / top if top > 0 else heat
