"""`tellapart cache`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table

if TYPE_CHECKING:
    from tellapart.workflow.cache import CacheEntry

cache = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@cache.callback()
def list_cache(context: typer.Context, json: options.Json = False) -> None:
    """List the decoded pictures that are kept for the next run, or clear them.

    TELLAPART_CACHE names another folder for them, TELLAPART_CACHE_GIB another limit.

    \b
    Examples:
      tellapart cache
      tellapart cache clear --older-than 30
    """
    if context.invoked_subcommand is not None:
        return
    from tellapart.workflow.cache import cache as work

    found = work()
    if json:
        show_json(found)
        return
    if found.entries:
        _show(found.entries)
    size, most = _size(found.size_bytes), _size(found.most_bytes)
    show(f"{found.folder}: {len(found.entries)} entries, {size} of {most}")
    if found.inspections:
        show(f"records of what inspect found: {found.inspections}")


@cache.command("clear")
def clear(
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", help="Only what was not used for so many days."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Remove decoded pictures, but for those that are in use now.

    \b
    Examples:
      tellapart cache clear
      tellapart cache clear --older-than 30
    """
    from tellapart.workflow.cache import clear_cache

    found = clear_cache(older_than)
    if json:
        show_json(found)
        return
    freed = _size(sum(entry.size_bytes for entry in found.removed))
    show(f"removed: {len(found.removed)} entries, {freed}; left: {len(found.left)}")


def _show(entries: Sequence["CacheEntry"]) -> None:
    rows = [
        (
            entry.data,
            f"{entry.pictures:,}",
            entry.image,
            _size(entry.size_bytes),
            f"{entry.used.astimezone():%Y-%m-%d %H:%M}",
        )
        for entry in entries
    ]
    show_table(("data", "images", "pixels", "size", "last used"), rows, numbers=(1, 3))


def _size(size_bytes: int) -> str:
    """Return a size as `1.2 GB`, or `3.4 MB` where it is less."""
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"
