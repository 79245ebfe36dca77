"""The bundle that a run on a budget has before its end: the best network so far."""

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
    def rehearse(self) -> float:
        self.save()
        return 1.0


@pytest.fixture
def network() -> keras.Model:
    found = build_guide_cnn(ImageSpec(), 10)
    found.compile("adam", "sparse_categorical_crossentropy")
    return found


def _set(network: keras.Model, value: float) -> None:
    network.set_weights([array * 0 + value for array in network.get_weights()])


@pytest.mark.parametrize(("now", "is_written"), [(0.7, False), (0.8, False), (0.9, True)])
def test_a_stop_writes_the_present_network_only_if_it_is_better(
    network: keras.Model, now: float, is_written: bool
) -> None:
    accuracies, notes = [0.8, now], _Notes(network)
    early = EarlyBundle(network, notes, lambda: accuracies.pop(0))
    _set(network, 1.0)
    assert early.rehearse() >= 1.0
    _set(network, 2.0)
    early.leave()
    assert notes.written == ([1.0, 2.0] if is_written else [1.0])


def test_a_stop_before_the_first_bundle_writes_one(network: keras.Model) -> None:
    notes = _Notes(network)
    EarlyBundle(network, notes, lambda: 0.0).leave()
    assert len(notes.written) == 1


def test_a_better_epoch_renews_it_and_a_stop_is_measured_against_that(network: keras.Model) -> None:
    accuracies, notes = [0.5, 0.6], _Notes(network)
    early = EarlyBundle(network, notes, lambda: accuracies.pop(0))
    early.rehearse()
    early.renew(0.7)
    early.leave()
    assert len(notes.written) == 2
    assert early.held == 0.7
