"""How strongly two properties of the same things hang together, and whether by chance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

FEWEST_EXPECTED = 5.0
"""Values of which a row can expect fewer are counted together, so that chi-squared holds."""


class Association(NamedTuple):
    """Is how strong an association is, and how likely chance alone would make it so strong.

    Attributes:
        strength: Cramér's V, corrected for its bias: 0 for none, 1 where one tells the other.
        p_value: Of Pearson's chi-squared test of independence.
    """

    strength: float
    p_value: float


def measure_association(table: NDArray[np.int64]) -> Association:
    """Return how strongly the rows of a table of counts differ in their columns.

    Cramér's V with the correction of W. Bergsma, "A bias-correction for Cramér's V and
    Tschuprow's T", Journal of the Korean Statistical Society 42 (2013), eq. 5–7: without it,
    many rare values look like an association. Columns of which some row can expect fewer than
    five are counted together (W. G. Cochran, "Some methods for strengthening the common χ²
    tests", Biometrics 10, 1954).

    Args:
        table: `(rows, columns)`: how often each row has each value.

    Raises:
        ValueError: There are fewer than two rows, or a count is negative.

    Example:
        >>> found = measure_association(np.array([[50, 0], [0, 50]]))
        >>> round(found.strength, 2), found.p_value < 0.001
        (1.0, True)
        >>> measure_association(np.array([[50, 50], [50, 50]])).strength
        0.0
    """
    if table.ndim != 2 or len(table) < 2 or (table.size and table.min() < 0):
        raise ValueError(f"Counts must be a table of two rows or more. Received: {table.shape}.")
    together = _join_rare(table[table.sum(axis=1) > 0])
    rows, columns = together.shape
    count = int(together.sum())
    if min(rows, columns) < 2:
        return Association(0.0, 1.0)
    test = chi2_contingency(together, correction=False)
    share = float(test.statistic) / count - (rows - 1) * (columns - 1) / (count - 1)
    least = min(side - (side - 1) ** 2 / (count - 1) for side in (rows, columns)) - 1
    strength = float(np.sqrt(max(share, 0.0) / least)) if least > 0 else 0.0
    return Association(min(strength, 1.0), float(test.pvalue))


def _join_rare(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the table with rare columns as one, and without empty ones."""
    columns = table.sum(axis=0)
    least = table.sum(axis=1).min() / max(int(table.sum()), 1) if len(table) else 0.0
    is_rare = columns * least < FEWEST_EXPECTED
    others = table[:, is_rare].sum(axis=1, keepdims=True)
    joined = np.concatenate([table[:, ~is_rare], others], axis=1)
    return np.asarray(joined[:, joined.sum(axis=0) > 0], np.int64)
