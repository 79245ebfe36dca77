"""A table of corrections as a data set: each row's class is what somebody decided about it."""

from dataclasses import replace

from tellapart.data.columns import Table
from tellapart.data.layout import Layout
from tellapart.data.patch import COLUMNS, Correction, check_row
from tellapart.errors import DataError


def is_of_decisions(table: Table, layout: Layout) -> bool:
    """Return whether a table is one of corrections, and nobody says where else labels are."""
    return set(table.columns) == set(COLUMNS) and not (layout.label or layout.label_from)


def by_decisions(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Return a table of pictures with the classes that were decided, and a remark on the rest.

    `relabel` takes the class in `label`, `keep` the one in `given`; a picture to `drop`, and one
    that nobody has decided about, is left out.

    Args:
        table: One with the columns of `labels.patch.csv`.

    Raises:
        DataError: A decision is unknown or lacks its class, or there is none.
    """
    cells = zip(*(table.texts(name) or [] for name in COLUMNS), strict=True)
    rows = [
        Correction(image, given, label, decision.strip().lower())
        for image, given, label, decision in cells
    ]
    for number, row in enumerate(rows, 1):
        check_row(f"Row {number} of {table.title}", row)
    used = [row for row in rows if row.decision in ("relabel", "keep")]
    dropped = sum(row.decision == "drop" for row in rows)
    if rows and not used:
        raise DataError(
            f"{table.title} must say what its pictures are. Received: {len(rows):,} rows, of which "
            f"{dropped:,} drop their picture and the others decide nothing. Fix: write into the "
            "column decision `keep` where the class in `given` is right, `relabel` where that in "
            "`label` is."
        )
    columns = {
        "image": [row.image for row in used],
        "label": [row.given if row.decision == "keep" else row.label for row in used],
    }
    return replace(table, columns=columns, class_names={}), (
        f"By the column decision of {table.title} {len(used):,} pictures have a class, "
        f"{dropped:,} are dropped, and {len(rows) - len(used) - dropped:,} are not decided and "
        "left out.",
    )
