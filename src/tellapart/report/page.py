"""Self-contained HTML pages: templates filled in with records, pictures inside, no script."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

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
    raw = base64.b64encode(picture.to_png(dots_per_inch)).decode("ascii")
    return f"data:image/png;base64,{raw}"


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
