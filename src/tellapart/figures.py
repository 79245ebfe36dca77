"""Pictures drawn by matplotlib: they show themselves in a notebook and are saved whole."""

import io
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from tellapart.files import write_whole


class Picture(Figure):
    """Is a figure without global state: no window, no list of open figures to leak."""

    def __init__(self, width: float, height: float) -> None:
        """Make an empty figure of `width` × `height` inches."""
        super().__init__(figsize=(width, height), layout="constrained")
        self._canvas = FigureCanvasAgg(self)

    def to_png(self, dots_per_inch: int = 120) -> bytes:
        """Return the picture as a PNG file's bytes, the same for the same drawing."""
        usual = self.dpi
        self.set_dpi(dots_per_inch)
        try:
            # `savefig` would go through all of it once more, for the layout
            self._canvas.draw()  # type: ignore[no-untyped-call]
            drawn = Image.fromarray(np.asarray(self._canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
        finally:
            self.set_dpi(usual)
        buffer = io.BytesIO()
        drawn.save(buffer, "PNG", dpi=(dots_per_inch, dots_per_inch))
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the picture as PNG, whole or not at all.

        Raises:
            OutputError: The place cannot be written.
        """
        return write_whole(Path(path), self.to_png())

    def _repr_png_(self) -> bytes:
        return self.to_png()
