"""Any number of pictures through a classifier: the answers of single ones, in their order."""

import io
import itertools
import json
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet as pq
from typing_extensions import override

from tellapart.data.csv_rows import parse_csv
from tellapart.data.streams import Unread
from tellapart.errors import UsageError
from tellapart.predict.inputs import Fitted, Item
from tellapart.predict.opening import open_predictor
from tellapart.predict.page import Page
from tellapart.predict.prediction import Choice, Prediction
from tellapart.predict.predictor import Predictor
from tellapart.predict.writers import FORMATS


@pytest.fixture(scope="module")
def predictor(served_bundle: Path) -> Predictor:
    return open_predictor(served_bundle, backend="onnx")


def items_of(pictures: list[bytes]) -> list[Item]:
    """Return pictures, each seventh of which is none."""
    return [
        Item(f"{n}, {n % 3}.png", b"none" if n % 7 == 3 else picture)
        for n, picture in enumerate(pictures)
    ]


def is_close(one: Prediction, other: Prediction) -> bool:
    """Return whether two answers are the same but for the last digits of numbers."""
    shares = [
        [choice.probability for choice in (*answer.choices, *answer.set)] + [answer.novelty or 0.0]
        for answer in (one, other)
    ]
    words = [
        (
            *(answer.name, answer.verdict, answer.error, answer.novelty is None),
            *(choice.label for choice in (*answer.choices, *answer.set)),
        )
        for answer in (one, other)
    ]
    return words[0] == words[1] and np.allclose(shares[0], shares[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("cut", [None, 30, 1000])
def test_pages_hold_the_answers_of_single_pictures_in_their_order(
    cut: int | None, predictor: Predictor, pictures: list[bytes]
) -> None:
    items = items_of(pictures)
    pages = list(predictor.pages(items, cut=cut, threads=3))
    found = [answer for page in pages for answer in page.predictions()]
    alone = [next(predictor.predict_items([item])) for item in items]
    assert len(found) == len(items)
    assert all(map(is_close, found, alone))
    assert {answer.verdict for answer in found} >= {"label", "unsure", "error"}
    if cut == 30:
        assert [len(page) for page in pages] == [30] * 6 + [20]


def test_pages_of_equal_pictures_are_equal_to_the_last_bit(
    predictor: Predictor, pictures: list[bytes]
) -> None:
    """So shards do not depend on where a job was stopped."""
    items = items_of(pictures)
    whole = [p for page in predictor.pages(items, cut=50) for p in page.predictions()]
    rest = [p for page in predictor.pages(items[100:], cut=50) for p in page.predictions()]
    assert whole[100:] == rest


def test_a_page_without_a_readable_picture_has_errors_alone(predictor: Predictor) -> None:
    [page] = predictor.pages([Item("a", b""), Item("b", b"none")])
    assert page.error_counts == {"empty": 1, "unknown-format": 1}
    assert [answer.verdict for answer in page.predictions()] == ["error", "error"]
    for make in FORMATS.values():
        file = io.BytesIO()
        writer = make(file, predictor.class_names, 3)
        writer.write(page)
        writer.finish()
        assert b"unknown-format" in file.getvalue()


def test_a_few_pictures_make_no_threads(predictor: Predictor, pictures: list[bytes]) -> None:
    seen: set[int] = set()

    class Spied(Unread):
        @override
        def read(self) -> bytes:
            seen.add(threading.get_ident())
            return pictures[0]

    for count, threads in ((10, False), (150, True)):
        seen.clear()
        list(predictor.pages([Item(str(n), Spied()) for n in range(count)], threads=2))
        assert (seen != {threading.get_ident()}) is threads


def test_memory_does_not_grow_with_the_number_of_pictures(predictor: Predictor) -> None:
    pixels = np.zeros((28, 28, 1), np.uint8)

    def stream(count: int) -> Iterator[Item]:
        return (Item(f"folder/{n}.png", Fitted(pixels)) for n in range(count))

    peaks = []
    for count in (2_000, 2_000, 12_000):
        tracemalloc.start()
        for page in predictor.pages(stream(count), threads=2, cut=1000):
            FORMATS["csv"](io.BytesIO(), predictor.class_names, 3).write(page)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.2


def test_what_cannot_be_promised_is_refused_before_a_picture_is_read(
    predictor: Predictor,
) -> None:
    with pytest.raises(UsageError, match="`top` must be at least 1"):
        predictor.pages(itertools.repeat(Item("a", b"")), top=0)


@pytest.fixture
def page(predictor: Predictor, pictures: list[bytes]) -> Page:
    """Return answers with names and errors that need care."""
    items = items_of(pictures[:40])
    items[0] = Item('a "quoted", name\n\\xff é.png', items[0].content)
    [found] = predictor.pages(items, threads=1)
    return found


def written(page: Page, form: str, class_names: tuple[str, ...], top: int = 3) -> io.BytesIO:
    file = io.BytesIO()
    writer = FORMATS[form](file, class_names, top)
    writer.write(page)
    writer.write(page)
    writer.finish()
    file.seek(0)
    return file


def test_json_lines_are_predictions(page: Page, predictor: Predictor) -> None:
    lines = written(page, "jsonl", predictor.class_names).read().decode().splitlines()
    expected = list(page.predictions()) * 2
    assert [Prediction.model_validate_json(line) for line in lines] == expected
    assert list(json.loads(lines[0])) == list(Prediction.model_fields)


def test_csv_has_a_row_for_each_picture(page: Page, predictor: Predictor) -> None:
    text = written(page, "csv", predictor.class_names).read().decode()
    names, rows = parse_csv(text, "answers.csv")
    assert ",".join(names) == (
        "image,label,probability,label_2,probability_2,label_3,probability_3,"
        "verdict,set,novelty,error"
    )
    for row, answer in zip(rows, list(page.predictions()) * 2, strict=True):
        cells = dict(zip(names, row.cells, strict=True))
        assert cells["image"] == answer.name
        assert cells["verdict"] == answer.verdict
        assert cells["set"] == "|".join(choice.label for choice in answer.set)
        assert cells["error"] == (answer.error or "")
        assert cells["label"] == (answer.label or "")
        if answer.choices:
            assert float(cells["probability_3"]) == round(answer.choices[2].probability, 6)
            assert float(cells["novelty"]) == round(answer.novelty or 0.0, 6)


def test_parquet_has_typed_columns(page: Page, predictor: Predictor) -> None:
    table = pq.read_table(written(page, "parquet", predictor.class_names))
    assert {field.name: str(field.type) for field in table.schema} == {
        "image": "string",
        "verdict": "string",
        "label": "string",
        "probability": "float",
        "labels": "list<element: string>",
        "probabilities": "list<element: float>",
        "set": "list<element: string>",
        "novelty": "float",
        "error": "string",
    }
    for row, answer in zip(table.to_pylist(), list(page.predictions()) * 2, strict=True):
        pairs = zip(row["labels"] or (), row["probabilities"] or (), strict=True)
        choices = tuple(Choice(label=label, probability=share) for label, share in pairs)
        assert (row["image"], row["verdict"]) == (answer.name, answer.verdict)
        assert (choices, row["error"]) == (answer.choices, answer.error)
        assert (row["label"], row["novelty"]) == (answer.label, answer.novelty)
        assert (row["set"] or []) == [choice.label for choice in answer.set]


def test_fewer_classes_than_asked_for_make_fewer_columns(page: Page, predictor: Predictor) -> None:
    head = written(page, "csv", predictor.class_names, 20).readline().decode()
    assert head.count("label_") == 9


def test_numbers_that_are_none_are_still_json(page: Page, predictor: Predictor) -> None:
    assert page.novelty is not None
    page.novelty[:] = np.nan
    for line in written(page, "jsonl", predictor.class_names):
        assert json.loads(line)["novelty"] is None
