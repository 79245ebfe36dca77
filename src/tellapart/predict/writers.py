"""Answers as rows of a file: CSV, JSON Lines or Parquet."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from typing_extensions import override

from tellapart._extras import load_extra
from tellapart.data.csv_rows import quoted
from tellapart.predict.page import Page

_GROUP_ROWS = 10_000
"""Rows of a Parquet file that are held until they are written as one group."""


class RowWriter(ABC):
    """Writes answers to an open file, a page at a time; it does not close the file.

    Args:
        file: Where the bytes go.
        class_names: All classes.
        top: How many of them each answer names, at most.
    """

    def __init__(self, file: IO[bytes], class_names: Sequence[str], top: int) -> None:
        self._file = file
        self._class_names, self._top = class_names, min(top, len(class_names))
        self._begin()

    @abstractmethod
    def _begin(self) -> None:
        """Write what comes before all rows."""

    @abstractmethod
    def write(self, page: Page) -> None:
        """Write a row for each picture."""

    def finish(self) -> None:
        """Write what comes after all rows, and what was held until then."""
        self._file.flush()


class CsvWriter(RowWriter):
    """A line of names, then a row for each picture, with probabilities to six digits."""

    @override
    def _begin(self) -> None:
        heads = ["label", "probability"]
        for place in range(2, self._top + 1):
            heads += [f"label_{place}", f"probability_{place}"]
        line = ",".join(("image", *heads, "verdict", "set", "novelty", "error"))
        self._file.write(f"{line}\n".encode())
        self._cells = [quoted(name) for name in self._class_names]

    @override
    def write(self, page: Page) -> None:
        blanks = "," * (2 * self._top)
        lines = []
        answers = self._answers(page)
        for place, name in enumerate(page.names):
            if place in page.errors:
                error = quoted(page.error_text(place))
                lines.append(f"{quoted(name)}{blanks},error,,,{error}\n")
            else:
                lines.append(f"{quoted(name)},{next(answers)},\n")
        self._file.write("".join(lines).encode("utf-8", "backslashreplace"))

    def _answers(self, page: Page) -> Iterator[str]:
        """Yield the cells between the name and the error."""
        cells = self._cells
        rows = zip(
            page.labels.tolist(), page.shares.tolist(), page.verdicts, page.sets(), strict=True
        )
        for (labels, shares, verdict, (named, _)), novelty in zip(
            rows, page.novelty_or_none(), strict=True
        ):
            pairs = zip(labels, shares, strict=True)
            best = ",".join([f"{cells[label]},{share:.6f}" for label, share in pairs])
            joined = (
                cells[named[0]]
                if len(named) == 1
                else quoted("|".join([self._class_names[label] for label in named]))
            )
            yield f"{best},{verdict},{joined},{'' if novelty is None else f'{novelty:.6f}'}"


class JsonLinesWriter(RowWriter):
    """A `Prediction` a line."""

    @override
    def _begin(self) -> None:
        self._texts = [json.dumps(name, ensure_ascii=False) for name in self._class_names]

    @override
    def write(self, page: Page) -> None:
        self._file.write("".join(self._lines(page)).encode("utf-8", "backslashreplace"))

    def _lines(self, page: Page) -> Iterator[str]:
        numbers = [page.shares, page.set_shares, () if page.novelty is None else page.novelty]
        if not all(np.isfinite(some).all() for some in numbers):
            yield from (found.model_dump_json() + "\n" for found in page.predictions())
            return
        answers = self._answers(page)
        for place, name in enumerate(page.names):
            named = json.dumps(name, ensure_ascii=False)
            if place in page.errors:
                error = json.dumps(page.error_text(place), ensure_ascii=False)
                rest = f'"choices":[],"verdict":"error","set":[],"novelty":null,"error":{error}'
            else:
                rest = next(answers)
            yield f'{{"name":{named},{rest}}}\n'

    def _answers(self, page: Page) -> Iterator[str]:
        rows = zip(
            page.labels.tolist(), page.shares.tolist(), page.verdicts, page.sets(), strict=True
        )
        for (labels, shares, verdict, (named, likely)), novelty in zip(
            rows, page.novelty_or_none(), strict=True
        ):
            far = "null" if novelty is None else repr(novelty)
            yield (
                f'"choices":{self._choices(labels, shares)},"verdict":"{verdict}",'
                f'"set":{self._choices(named, likely)},"novelty":{far},"error":null'
            )

    def _choices(self, labels: list[int], shares: list[float]) -> str:
        texts = self._texts
        pairs = zip(labels, shares, strict=True)
        inner = ",".join([f'{{"label":{texts[i]},"probability":{share!r}}}' for i, share in pairs])
        return f"[{inner}]"


class ParquetWriter(RowWriter):
    """Typed columns, through pyarrow; a row group each 10,000 rows."""

    @override
    def _begin(self) -> None:
        self._arrow = load_extra("pyarrow", "parquet")
        arrow = self._arrow
        number, text = arrow.float32(), arrow.string()
        self._schema = arrow.schema(
            {
                "image": text,
                "verdict": text,
                "label": text,
                "probability": number,
                "labels": arrow.list_(text),
                "probabilities": arrow.list_(number),
                "set": arrow.list_(text),
                "novelty": number,
                "error": text,
            }
        )
        parquet = load_extra("pyarrow.parquet", "parquet")
        self._writer = parquet.ParquetWriter(self._file, self._schema)
        self._pages: list[Any] = []
        self._rows = 0

    @override
    def write(self, page: Page) -> None:
        self._pages.append(self._arrow.record_batch(self._columns(page), schema=self._schema))
        self._rows += len(page)
        if self._rows >= _GROUP_ROWS:
            self._write_group()

    @override
    def finish(self) -> None:
        if self._rows:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        table = self._arrow.Table.from_batches(self._pages, self._schema)
        self._writer.write_table(table, row_group_size=len(table))
        self._pages, self._rows = [], 0

    def _columns(self, page: Page) -> list[Any]:
        count, readable, names = len(page), page.readable, self._class_names

        def spread(values: Sequence[Any]) -> list[Any]:
            """Return n values of k, with nothing where a picture could not be read."""
            if len(values) == count:
                return list(values)
            found: list[Any] = [None] * count
            for place, value in zip(readable, values, strict=True):
                found[place] = value
            return found

        labels = [[names[label] for label in row] for row in page.labels.tolist()]
        shares = page.shares.tolist()
        columns = [
            list(page.names),
            ["error" if verdict is None else verdict for verdict in spread(page.verdicts)],
            spread([row[0] for row in labels]),
            spread([row[0] for row in shares]),
            spread(labels),
            spread(shares),
            spread([[names[label] for label in named] for named, _ in page.sets()]),
            spread(page.novelty_or_none()),
            [page.error_text(i) if i in page.errors else None for i in range(count)],
        ]
        pairs = zip(columns, self._schema, strict=True)
        return [self._arrow.array(column, field.type) for column, field in pairs]


FORMATS: Mapping[str, Callable[[IO[bytes], Sequence[str], int], RowWriter]] = MappingProxyType(
    {"csv": CsvWriter, "jsonl": JsonLinesWriter, "parquet": ParquetWriter}
)
"""Each format of answers, which is a file's ending too, and what writes it."""
