"""The page about a data set, drawn from the record of a look at it."""

from tellapart._version import __version__
from tellapart.check.inspection import Inspection
from tellapart.figures import Picture
from tellapart.report.page import picture_source, render_page

MOST_FILES = 500
"""The page lists so many of the files that were not simply used; the record has them all."""


def draw_inspection(found: Inspection, grid: Picture) -> str:
    """Return the page as HTML that needs nothing outside itself.

    Args:
        found: What is shown.
        grid: Some of the pictures, with their class names.
    """
    exceptions = found.account.exceptions if found.account else ()
    return render_page(
        "inspection.html",
        {
            "title": f"{found.name}: a look at the data",
            "found": found,
            "total": sum(split.images for split in found.splits.values()),
            "exceptions": exceptions[:MOST_FILES],
            "grid": picture_source(grid),
            "version": __version__,
        },
    )
