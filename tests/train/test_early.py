"""The bundle that a run on a budget has before its end: the best network so far."""

from pathlib import Path

import keras
import pytest
from typing_extensions import override

from tellapart.models.guide_cnn import build_guide_cnn
from tellapart.sections import ImageSpec
from tellapart.train.early import EarlyBundle
from tellapart.train.options import Finish


class _Notes(Finish):
    """Notes which networks were written, by their first weight."""

    def __init__(self, network: keras.Model) -> None:
        self._network = network
        self.written: list[float] = []

    @override
    def save(self) -> None:
        self.written.append(float(self._network.get_weights()[0].flat[0]))

    @override
    def rehearse(self, *, keep: bool) -> float:
        if not keep:
            self.save()
        return 1.0


@pytest.fixture
def network() -> keras.Model:
    found = build_guide_cnn(ImageSpec(), 10)
    found.compile("adam", "sparse_categorical_crossentropy")
    return found


def _set(network: keras.Model, value: float) -> None:
    network.set_weights([array * 0 + value for array in network.get_weights()])


def _early(
    network: keras.Model, accuracies: list[float], *, chooses: bool = True
) -> tuple[EarlyBundle, list[float]]:
    """Return one whose network is scored by these numbers, in turn, and what it writes."""
    notes = _Notes(network)
    return EarlyBundle(network, notes, lambda: accuracies.pop(0), chooses), notes.written


@pytest.mark.parametrize(
    ("now", "best", "written"),
    [(0.7, -1.0, []), (0.8, 0.8, []), (0.9, 0.85, [2.0]), (0.7, 0.9, [3.0])],
    ids=["disk", "no better", "present", "best epoch"],
)
def test_a_stop_leaves_the_best_of_disk_network_and_best_epoch(
    network: keras.Model, now: float, best: float, written: list[float]
) -> None:
    early, found = _early(network, [0.8, now])
    _set(network, 1.0)
    assert early.rehearse(-1.0) >= 1.0
    _set(network, 2.0)
    early.leave(best, lambda: _set(network, 3.0))
    assert found == [1.0, *written]


def test_a_stop_before_the_first_bundle_writes_one(network: keras.Model) -> None:
    early, found = _early(network, [0.0])
    early.leave(-1.0, lambda: None)
    assert len(found) == 1


def test_a_better_epoch_renews_it_but_not_again_a_moment_later(network: keras.Model) -> None:
    early, found = _early(network, [0.5, 0.6])
    early.rehearse(-1.0)
    early.renew(0.7, is_best=True)
    early.renew(0.6, is_best=False)
    early._cost = 60.0
    early.renew(0.8, is_best=True)
    assert (len(found), early.held) == (2, 0.7)
    early.leave(0.8, lambda: _set(network, 3.0))
    assert found[2:] == [3.0]


def test_an_epoch_does_not_replace_a_better_bundle_of_the_midst_of_one(
    network: keras.Model,
) -> None:
    early, found = _early(network, [0.8])
    early.rehearse(-1.0)
    early.renew(0.7, is_best=True)
    assert (len(found), early.held) == (1, 0.8)


def test_a_resumed_run_does_not_replace_a_better_bundle_of_before(
    network: keras.Model, tmp_path: Path
) -> None:
    early, found = _early(network, [0.8, 0.6, 0.7])
    early.note = tmp_path / "early.json"
    early.rehearse(-1.0)
    again = EarlyBundle(network, early.finish, early.score, note=early.note)
    assert again.held == 0.8
    again.rehearse(-1.0)
    again.renew(0.75, is_best=True)
    again.leave(0.75, lambda: None)
    assert (len(found), again.held) == (1, 0.8)


def test_a_rehearsal_leaves_the_bundle_of_a_better_epoch(network: keras.Model) -> None:
    early, found = _early(network, [0.6])
    early.renew(0.7, is_best=True)
    early.rehearse(0.7)
    assert (len(found), early.held) == (1, 0.7)


def test_where_nothing_may_be_chosen_the_newest_is_left_however_it_scores(
    network: keras.Model,
) -> None:
    early, found = _early(network, [0.8, 0.5], chooses=False)
    _set(network, 1.0)
    early.rehearse(0.9)
    _set(network, 2.0)
    early.renew(0.6, is_best=False)
    _set(network, 3.0)
    early.leave(0.9, lambda: _set(network, 4.0))
    assert found == [1.0, 2.0, 3.0]
