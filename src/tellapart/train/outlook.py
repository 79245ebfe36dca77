"""What more time would probably buy: the validation curve, continued."""

import time

import numpy as np

from tellapart.progress import Progress
from tellapart.train.history import History
from tellapart.train.plan import LATE, Budget

FEWEST = 4


def outlook(history: History) -> str:
    """Return one sentence about what twice the time would probably buy.

    The accuracies of the later half of the epochs are fitted by a straight line over the
    logarithm of time. Under a falling learning rate the last epochs gain faster than a
    longer training would, so the line is an upper estimate; so is what is left to gain.

    Args:
        history: Of a finished training.
    """
    records = list(history)
    if len(records) < FEWEST:
        return (
            f"Whether more time would help cannot be told from {len(records)} "
            f"epoch{'' if len(records) == 1 else 's'}; it takes {FEWEST}."
        )
    late = records[len(records) // 2 - 1 :]
    seconds = np.cumsum([record.seconds for record in records])[-len(late) :]
    accuracies = np.array([record.val_accuracy for record in late])
    gain = float(np.polyfit(np.log2(seconds), accuracies, 1)[0])
    gain = min(max(gain, 0.0), 1.0 - history.best().val_accuracy)
    gap = late[-1].accuracy - late[-1].val_accuracy
    if gain < 0.001:
        reason = ", and training is far ahead of validation" if gap > 0.03 else ""
        return f"More time would probably buy nothing: the validation curve is flat{reason}."
    return (
        f"Twice the time would probably buy at most {100 * gain:.1f} points of accuracy, "
        "as the validation curve goes."
    )


def tell_of_time(history: History, budget: Budget, progress: Progress) -> None:
    """Say at the end of a run on a budget what more time would buy, and whether it was late.

    Args:
        history: Of the training.
        budget: Of the run; of one that was gone on with, the last process is counted.
        progress: Where it is said.
    """
    progress.say(outlook(history))
    took = time.monotonic() - budget.began
    if took > LATE * budget.seconds:
        progress.say(
            f"The run is late: it took {took:.0f} s of {budget.seconds:g}, since the machine was "
            "busier at the end than before, or the budget was too short for start and end."
        )
