"""How a time is written: 90s, 3m, 1h30m."""

import re

from tellapart.errors import UsageError

SHORTEST = 15.0
"""Seconds that it takes to start the libraries, train a little, and save.

On a machine that is busy it takes more, which the run says.
"""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str | float) -> float:
    """Return the seconds of a time such as `90s`, `3m`, `1h30m` or `45`.

    Raises:
        UsageError: It is none, or too short to train anything.

    Example:
        >>> parse_duration("3m"), parse_duration("1h30m"), parse_duration(45)
        (180.0, 5400.0, 45.0)
    """
    written = str(text).replace(" ", "").lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", written)
    if re.fullmatch(r"\d+(\.\d+)?", written):
        parts = [(written, "s")]
    elif not parts or "".join(number + unit for number, unit in parts) != written:
        raise UsageError(f"A budget must be a time such as 90s, 3m or 1h30m. Received: '{text}'.")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds < SHORTEST:
        raise UsageError(
            f"A budget must be at least {SHORTEST:g}s: less is gone before training begins. "
            f"Received: '{text}'."
        )
    return seconds
