"""The rows of an asynchronous report: a file in CSV, given out as pages like those of any other report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import islice
from typing import NoReturn

import msgspec

_NOTHING = ("", "-")
_NUMBER = r"(?:-?[0-9]+(?:\.[0-9]+)?|-?)"
"""A figure as TikTok writes it, or none."""


class UnusableFile(Exception):  # noqa: N818 - the caller reads the report another way; nothing went wrong
    """A file that does not have the documented form. Its text says what is wrong, as a clause."""


class ReportFile:
    """The rows of a report in CSV, with a line of names above them.

    TikTok documents neither the order of the columns nor what it writes for null, so columns are found by name, and
    an empty cell is null.

    Args:
        text: The file.
        dimensions: Each dimension, with the names that its column may have.
        metrics: The metrics.

    Raises:
        UnusableFile: If a column is missing, a row has other columns, or two rows are about the same.
    """

    def __init__(self, text: bytes, dimensions: Mapping[str, Sequence[str]], metrics: Sequence[str]) -> None:
        self._text = text
        self._dimensions = tuple(dimensions)
        self._metrics = tuple(metrics)
        rows = self._rows()
        header = next(rows, [])
        self._places = [_place(header, names) for names in dimensions.values()]
        self._metric_places = [_place(header, (name,)) for name in metrics]
        self.keys: set[tuple[str, ...]] = set()
        """The dimensions of each row, as text."""
        for number, row in enumerate(rows, 1):
            if len(row) != len(header):
                raise UnusableFile(f"row {number} has {len(row)} columns, and the first line names {len(header)}")
            self.keys.add(tuple([row[place] for place in self._places]))
            if len(self.keys) < number:
                raise UnusableFile(f"row {number} is about the same as another row")
        self._texts: set[int] = set()  # columns in which an empty cell is an empty text
        self._next: tuple[int, Iterator[list[str]]] = 1, iter(())

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.keys)

    def page(self, number: int, size: int) -> bytes:
        """One page of the rows, as TikTok answers a report. Pages in order are quickest.

        Args:
            number: The number of the page, from 1.
            size: How many rows a page has.
        """
        due, rows = self._next
        if number != due or number == 1:
            rows = islice(self._rows(), 1 + (number - 1) * size, None)
        self._next = number + 1, rows
        info = {"page": number, "page_size": size, "total_number": len(self), "total_page": -(-len(self) // size)}
        records = [
            {
                "dimensions": dict(zip(self._dimensions, [row[place] or None for place in self._places], strict=True)),
                "metrics": dict(
                    zip(self._metrics, [self._value(row, place) for place in self._metric_places], strict=True)
                ),
            }
            for row in islice(rows, size)
        ]
        return msgspec.json.encode({"code": 0, "message": "OK", "data": {"list": records, "page_info": info}})

    def compare(self, listed: Mapping[tuple[str, ...], Sequence[str | None]], figures: Container[str]) -> str | None:
        """Compare the values with those of TikTok's usual answer, and learn from it what an empty cell is.

        Args:
            listed: The metrics of rows by the text of their dimensions; None for null.
            figures: The metrics that are numbers.

        Returns:
            The first difference, as a clause: the file is older than the answer, or writes values in another way. None
            if there is none.

        Raises:
            UnusableFile: If a figure is not a plain number, or an empty text looks like null.
        """
        numbers = [place for name, place in zip(self._metrics, self._metric_places, strict=True) if name in figures]
        empty: list[set[str | None]] = [set() for _ in self._metrics]
        different: str | None = None
        are_numbers = re.compile(f"(?:{_NUMBER}\n){{{len(numbers)}}}").fullmatch
        for row in islice(self._rows(), 1, None):
            if not are_numbers("".join([f"{row[place]}\n" for place in numbers])):
                _refuse([row[place] for place in numbers])
            values = listed.get(tuple([row[place] for place in self._places]), ())
            for name, place, seen, value in zip(self._metrics, self._metric_places, empty, values, strict=bool(values)):
                if not row[place] and not value:
                    seen.add(value)
                elif different is None and not _is_same(row[place], value or ""):
                    about = ", ".join(row[place] for place in self._places)
                    different = f"{name} of {about} is {row[place][:30]!r}, and TikTok lists {(value or '-')[:30]!r}"
        for name, place, seen in zip(self._metrics, self._metric_places, empty, strict=True):
            if len(seen) > 1:
                raise UnusableFile(f"it shows an empty text as it shows null, in the column {name}")
            if seen == {""}:
                self._texts.add(place)
        return different

    def _value(self, row: Sequence[str], place: int) -> str | None:
        return row[place] if row[place] or place in self._texts else None

    def _rows(self) -> Iterator[list[str]]:
        """The lines, the first one with the names.

        Raises:
            UnusableFile: If it is not CSV in UTF-8.
        """
        lines = io.TextIOWrapper(io.BytesIO(self._text), encoding="utf-8-sig", newline="")
        try:
            yield from (row for row in csv.reader(lines, strict=True) if row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise UnusableFile(f"it is not CSV in UTF-8 ({error})") from error


def _is_same(cell: str, value: str) -> bool:
    """Whether a file and an answer say the same. Nothing may be written in two ways, and 0 in several."""
    if cell in _NOTHING or value in _NOTHING:
        return cell in _NOTHING and value in _NOTHING
    return cell == value or not (cell + value).strip("0.")


def _refuse(cells: Sequence[str]) -> NoReturn:
    """Name the figure that has a sign beside its digits, for example between thousands.

    Raises:
        UnusableFile: Always.
    """
    wrong = next(cell for cell in cells if not re.fullmatch(_NUMBER, cell))
    raise UnusableFile(f"it has the figure {wrong[:30]!r}")


def _place(header: Sequence[str], names: Sequence[str]) -> int:
    """The column that has one of these names.

    Raises:
        UnusableFile: If none has, or several have.
    """
    places = [place for place, title in enumerate(header) if title in names]
    if len(places) != 1:
        raise UnusableFile(f"{'no column' if not places else 'more than one column'} is called {names[0]}")
    return places[0]
