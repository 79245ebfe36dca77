"""Every error that tellapart raises on purpose, as one tree with its exit codes.

One class for each thing a user can do about it. The message says what must hold,
what was received, and the fix, ready to paste.
"""

import difflib
from collections.abc import Iterable


class TellapartError(Exception):
    """Is the root of all deliberate errors; `exit_code` is what the command returns."""

    exit_code = 1


class UsageError(TellapartError):
    """An argument that cannot be used as given: correct the call."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe with unknown keys or wrong values: correct the recipe."""


class OutputError(UsageError):
    """A place that cannot be written: free space or choose another output folder."""


class DivergenceError(UsageError):
    """Training whose loss is no longer a number: lower the learning rate."""


class MemoryExceededError(UsageError):
    """A training step that does not fit into memory: choose a smaller batch."""


class DataError(TellapartError):
    """Data that cannot be found or cannot be trained on: mend the data."""

    exit_code = 3


class ImageError(DataError):
    """One picture that cannot be turned into pixels.

    Args:
        name: The file, or the position in an array.
        reason: A short code such as `"truncated"`, stable enough to count by.
        detail: What was found, in words.
    """

    def __init__(self, name: str, reason: str, detail: str) -> None:
        super().__init__(f"Cannot read {name} as a picture ({reason}): {detail}")
        self.name = name
        self.reason = reason
        self.detail = detail


class BundleError(TellapartError):
    """A bundle, checkpoint or run folder that is damaged, foreign or too new."""

    exit_code = 4


class ExportError(BundleError):
    """A file in another format that cannot be written, or does not answer as its bundle."""


class ModelError(TellapartError):
    """A network that does not fit its data or its recipe."""

    exit_code = 4


class TrustError(BundleError):
    """A bundle that holds a network of its own: say that you trust it."""


class MissingExtraError(TellapartError):
    """An optional package that is not installed: run the pip command given."""

    exit_code = 5


class Interrupted(TellapartError):
    """Work stopped by a signal, with everything saved to go on later.

    Args:
        message: What was saved, and the command that goes on.
        signal_number: The signal that asked for the stop.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names what lies nearest to `name`, or all there is.

    Args:
        name: What was typed.
        known: What would have been right.

    Returns:
        `"Did you mean 'guide'?"`, or `"Known: …"` where nothing is near.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."
