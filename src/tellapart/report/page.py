"""Self-contained HTML pages: templates filled in with records, pictures inside, no script."""

import base64
import io
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from tellapart.figures import Picture


def render_page(template: str, values: Mapping[str, Any]) -> str:
    """Return a page that needs nothing outside itself.

    Whatever comes from outside, such as names of files and classes, is escaped.

    Args:
        template: A file in `templates/`.
        values: What it is filled in with.
    """
    return _environment().get_template(template).render(**values)


def picture_source(picture: Picture, dots_per_inch: int = 96) -> str:
    """Return a picture as the address that an `<img>` shows without any file."""
    return png_source(picture.to_png(dots_per_inch))


def png_source(content: bytes) -> str:
    """Return a PNG file's bytes as the address that an `<img>` shows without any file."""
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def image_source(picture: Image.Image) -> str:
    """Return a picture as the address that an `<img>` shows without any file.

    Small and grey ones are kept exactly (PNG), larger ones in colour nearly (JPEG).
    """
    content = io.BytesIO()
    kind = "png" if picture.mode == "L" or max(picture.size) <= 48 else "jpeg"
    picture.save(content, kind.upper(), **({"quality": 85} if kind == "jpeg" else {}))
    raw = base64.b64encode(content.getvalue()).decode("ascii")
    return f"data:image/{kind};base64,{raw}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tellapart.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment
