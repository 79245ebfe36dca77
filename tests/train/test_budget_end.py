"""How a training on a budget ends once its end is known."""

import time
from pathlib import Path

import numpy as np
from typing_extensions import override

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.data.prepare import prepare
from tellapart.models.catalogue import build_network, compile_network
from tellapart.progress import Silence
from tellapart.train.fit import fit
from tellapart.train.options import Finish, FitOptions
from tellapart.train.plan import Budget
from tellapart.train.runs import RunFolder


class _LongEnd(Finish):
    """Is an end of a run that takes more than there is."""

    def __init__(self) -> None:
        self.saved = 0

    @override
    def save(self) -> None:
        self.saved += 1

    @override
    def rehearse(self, *, keep: bool) -> float:
        return 10_000.0


def test_no_step_is_trained_once_a_rehearsal_shows_that_the_time_is_over(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    recipe = tellapart.load_recipe("guide", {"fit.batch_size": 16})
    network = build_network(recipe.model.name, recipe.image, 10)
    network = compile_network(network, recipe.optimizer)
    data, folder = prepare(slice_of_fashion, recipe), RunFolder.create(tmp_path, "run")
    end = _LongEnd()
    options = FitOptions(budget=Budget(630.0, time.monotonic() - 30.0), finish=end)
    history = fit(network, recipe, data, folder, Silence(), options)
    assert int(network.optimizer.iterations) == 16
    assert len(history) == 1
    assert np.isfinite(history["loss"]).all()
    assert end.saved == 0
