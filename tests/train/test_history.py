"""The history's columns, its best epoch, and its lines of JSON."""

import pytest

from tellapart.train.history import EpochRecord, History


def _record(epoch: int, val_accuracy: float, val_loss: float) -> EpochRecord:
    return EpochRecord(
        epoch=epoch,
        loss=1.0 / epoch,
        accuracy=0.5,
        val_loss=val_loss,
        val_accuracy=val_accuracy,
        seconds=2.0,
        images_per_second=500.0,
        learning_rate=0.001,
    )


HISTORY = History((_record(1, 0.7, 0.9), _record(2, 0.8, 0.6), _record(3, 0.8, 0.5)))


def test_a_column_is_read_by_its_keras_name() -> None:
    assert HISTORY["val_accuracy"] == [0.7, 0.8, 0.8]


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="val_acc.*val_accuracy"):
        HISTORY["val_acc"]


def test_the_best_epoch_is_the_most_accurate_and_among_equals_the_surest() -> None:
    assert HISTORY.best().epoch == 3
    assert [record.epoch for record in HISTORY.ranked()] == [3, 2, 1]


def test_the_lines_of_json_come_back_as_they_were() -> None:
    assert History.from_jsonl(HISTORY.to_jsonl()) == HISTORY
    assert History.from_jsonl("") == History()
