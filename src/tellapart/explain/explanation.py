"""The record of which pixels decided about one picture."""

import io
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart.explain.faithfulness import Faithfulness
from tellapart.files import write_numbered
from tellapart.images.arrays import Pixels
from tellapart.images.fit import place
from tellapart.images.showing import Shown
from tellapart.sections import ImageSpec

if TYPE_CHECKING:
    from tellapart.figures import Picture


class ExplanationRecord(BaseModel):
    """Is an explanation without its arrays.

    Attributes:
        name: The file, or the picture's position among what was given.
        label: The class that was asked about; the most probable one by default.
        probability: That the network gives it, before it is calibrated.
        method: "cam", "grad-cam", "hires-cam" or "occlusion".
        scores: Whether the map means anything; `None` where it was not checked.
        verdict: The same in words.
        picture: The file that the drawing was written to.
        array: The file that the map was written to.
        error: Why the picture could not be read; then the rest is empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str | None = None
    probability: float | None = None
    method: str | None = None
    scores: Faithfulness | None = None
    verdict: str | None = None
    picture: str | None = None
    array: str | None = None
    error: str | None = None


@dataclass(frozen=True, eq=False)
class Explanation:
    """Is which pixels of one picture speak for one class.

    Attributes:
        name: The file, or the picture's position among what was given.
        label: The class that was asked about; the most probable one by default.
        probability: That the network gives it, before it is calibrated.
        method: "cam", "grad-cam", "hires-cam" or "occlusion".
        map: `(height, width)`, float32, 0–1: for each pixel that the network saw, how much it
            speaks for the class; 0 everywhere where none does.
        pixels: `(height, width, channels)`, uint8: what the network saw.
        scores: Whether the map means anything; `None` where it was not checked.
        shown: The picture as people look at it.
        image: How it was made to fit.
    """

    name: str
    label: str
    probability: float
    method: str
    map: NDArray[np.float32]
    pixels: Pixels
    scores: Faithfulness | None
    shown: Shown = field(repr=False)
    image: ImageSpec = field(repr=False)

    @property
    def verdict(self) -> str:
        """Return in words whether the map means anything."""
        if self.scores is None:
            return "Whether this map means anything was not checked."
        verdict = self.scores.verdict(self.label)
        if self.scores.is_meaningful or self.method == "occlusion":
            return verdict
        return f"{verdict} Try the method occlusion."

    def on_picture(self, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """Return the map as it lies on the whole, upright picture; what was cropped away is 0.

        Args:
            size: (width, height) to draw it at; the picture's own by default.

        Returns:
            `(height, width)`, float32, 0–1.
        """
        return undo_fit(self.map, self.shown.size, self.image, size)

    def show(self) -> "Picture":
        """Return the picture beside itself under the map."""
        from tellapart.explain.overlay import Captions, draw_overlay

        height, width = self.shown.pixels.shape[:2]
        captions = Captions(
            title=f"{self.label}  {self.probability:.1%}",
            picture=PurePath(self.name).name,
            overlay=f"for {self.label}, by {self.method}",
            verdict=self.verdict,
        )
        return draw_overlay(self.shown.pixels, self.on_picture((width, height)), captions)

    def save(self, path: str | Path) -> Path:
        """Write what `show` draws as PNG; a file with other content gets company, not replaced.

        Raises:
            OutputError: The place cannot be written.
        """
        return write_numbered(Path(path), self.show().to_png())

    def save_map(self, path: str | Path) -> Path:
        """Write the map on the whole picture as `.npy`, numbered like `save`.

        Raises:
            OutputError: The place cannot be written.
        """
        content = io.BytesIO()
        np.save(content, self.on_picture(), allow_pickle=False)
        return write_numbered(Path(path), content.getvalue())

    def record(self, **files: Any) -> ExplanationRecord:
        """Return everything but the arrays.

        Args:
            files: `picture` and `array`, where these were written.
        """
        return ExplanationRecord(
            name=self.name,
            label=self.label,
            probability=self.probability,
            method=self.method,
            scores=self.scores,
            verdict=self.verdict,
            **files,
        )

    def to_json(self) -> str:
        """Return everything but the arrays as JSON."""
        return self.record().model_dump_json(indent=2)

    def _repr_png_(self) -> bytes:
        return self.show().to_png()

    @override
    def __str__(self) -> str:
        """Return the answer, the method, and what the map is worth."""
        return f"{self.label} ({self.probability:.1%}) by {self.method}. {self.verdict}"


def undo_fit(
    heat: NDArray[np.float32],
    picture: tuple[int, int],
    image: ImageSpec,
    size: tuple[int, int] | None = None,
) -> NDArray[np.float32]:
    """Return a map of what the network saw as it lies on the whole picture.

    Padding is cut off, what was stretched is bent back, what was cropped away is 0.

    Args:
        heat: `(image.height, image.width)`.
        picture: (width, height) of the upright picture.
        image: How it was made to fit.
        size: (width, height) to draw the map at; `picture` by default.

    Returns:
        `(height, width)` of `size`, float32.

    Example:
        >>> heat = np.zeros((28, 28), np.float32)
        >>> heat[7:21] = 1.0
        >>> float(undo_fit(heat, (56, 28), ImageSpec(fit="pad")).min())
        1.0
    """
    width, height = size or picture
    placed = place(picture, image)
    left, top = placed.corner
    shown = heat[top : top + placed.size[1], left : left + placed.size[0]]
    scales = (width / picture[0], height / picture[1])
    box = [round(edge * scales[side % 2]) for side, edge in enumerate(placed.box)]
    wide, tall = max(1, box[2] - box[0]), max(1, box[3] - box[1])
    drawn = Image.fromarray(np.ascontiguousarray(shown)).resize(
        (wide, tall), Image.Resampling.BILINEAR
    )
    whole = np.zeros((height, width), np.float32)
    x, y = min(box[0], width - 1), min(box[1], height - 1)
    whole[y : y + tall, x : x + wide] = np.asarray(drawn)[: height - y, : width - x]
    return whole
