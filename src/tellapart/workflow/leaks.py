"""Which images to score have a copy in training: looked for where that is quick."""

import numpy as np
from numpy.typing import NDArray

from tellapart.data.duplicates import cluster_together
from tellapart.data.samples import Samples
from tellapart.errors import UsageError
from tellapart.evaluate.clean import leaking_samples
from tellapart.progress import Progress

MOST_LOOKED_AT = 20_000
"""Copies among more images are only looked for when that is asked for."""


def find_leaking(
    train: Samples | None, samples: Samples, wanted: bool | None, progress: Progress
) -> NDArray[np.bool_] | None:
    """Return which samples have a copy, or one of their group, in the training split.

    Args:
        train: The training split of the same data; `None` where they have none beside.
        samples: What is scored.
        wanted: Whether to look; `None` looks where there are at most `MOST_LOOKED_AT` images.
        progress: Where long work shows itself, and where is said that it was left out.

    Returns:
        `(n,)`, or `None` where nobody looked.

    Raises:
        UsageError: It is wanted, and the data have no training split beside the samples.
    """
    if train is None:
        if wanted:
            raise UsageError(
                "Leaks are between a training split and another one of the same data. Received: "
                f"the {samples.split} samples alone. Fix: hand over data with splits of their "
                "own, or leave out --check-leaks."
            )
        return None
    count = len(train) + len(samples)
    if wanted is False:
        return None
    if wanted is None and count > MOST_LOOKED_AT:
        progress.say(
            f"Whether images to score have copies among those to train on was not looked at: "
            f"{count:,} are more than {MOST_LOOKED_AT:,}. To look: --check-leaks"
        )
        return None
    ours, scored = cluster_together((train, samples), progress)
    return leaking_samples(ours, scored, train.groups, samples.groups)
