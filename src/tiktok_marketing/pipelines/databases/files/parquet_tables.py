"""Tables as Parquet: one file per account and month, or per account for what has no days.

A file is replaced as a whole. So a reader never sees half of a day, nor a row twice. A kill between two files leaves
whole days in both. Names such as `account=7.../month=2026-06` are columns to DuckDB, Spark and Athena (Hive's layout).
"""

from __future__ import annotations

import io
import re
import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tiktok_marketing.catalog import Stream
from tiktok_marketing.errors import DestinationError
from tiktok_marketing.pipelines.databases.errors import first_line, text_of
from tiktok_marketing.pipelines.databases.files.arrow_rows import LOAD_ID, joined, of_vanished, surviving
from tiktok_marketing.pipelines.databases.files.folder import Folder
from tiktok_marketing.pipelines.databases.files.table_format import File
from tiktok_marketing.pipelines.databases.replacement import DAY_COLUMNS, Replacement, day_column

_FILE = "rows.parquet"
_OURS = re.compile(r"account=(-?[0-9]+|None)/(?:month=(-?[0-9]+-[0-9]{2})/)?" + re.escape(_FILE))
"""The path of a file below its table, as `_file_of` makes it."""
_STORED = {pa.int64(): pa.int64(), pa.date32(): pa.int32(), pa.timestamp("us"): pa.int64()}
"""The numbers as which Parquet stores accounts, days and hours, by their types in a table of ours."""


class ParquetTables:
    """The tables of one dataset, as Parquet."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.written: dict[str, dict[str, File]] = {}

    def files(self, table: str) -> dict[str, File]:
        """Return the files that a table has now."""
        files: dict[str, File] = {}
        for name in self._files_of_stream(table):
            with self._reading(name), self._folder.opened(name) as content:
                file = pq.ParquetFile(content, pre_buffer=False)
                self._check_place(name, file)
                files[name] = File(file.metadata.num_rows, frozenset(file.schema_arrow.names))
        return files

    def columns(self, table: str) -> frozenset[str] | None:
        """Return None: a table without rows has no file that would tell."""
        del table
        return None

    def has_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        return bool(self._files_of_stream(table))

    def replace(self, replacement: Replacement, rows: pa.Table) -> None:
        """Put rows into a table, in place of those that they replace: each file at once."""
        stream = replacement.stream
        parts = _parts(stream, rows)
        existing = set(self._files_of_stream(stream.name))
        for name in sorted(parts.keys() | (_touched(replacement, existing) & existing)):
            new = parts.get(name, rows.slice(0, 0))
            if name not in existing:
                self._write(name, new)
                continue
            old = self._read(name)
            with self._reading(name):
                kept = surviving(old, replacement, new)
                together = joined(kept, new)
            if new.num_rows or kept.num_rows < old.num_rows:
                self._write(name, together)

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought, of accounts that were read (None for all) and not skipped."""
        for name in self._files_of_stream(stream.name):
            old = self._read(name)
            with self._reading(name):
                kept = old.filter(pc.invert(of_vanished(old, packages, read, skipped)))
            if kept.num_rows < old.num_rows:
                self._write(name, kept)

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        counts: Counter[str] = Counter()
        for name in self._files_of_stream(stream.name):
            read = self._read(name, [LOAD_ID])
            with self._reading(name):
                column = read.column(LOAD_ID)
            for count in column.value_counts().to_pylist():
                counts[count["values"]] += count["counts"]
        return {package: counts[package] for package in packages if counts[package]}

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the record of syncs, as one more file."""
        self._write(f"{table}/{secrets.token_hex(8)}.parquet", rows)

    def recorded(self, table: str, columns: list[str]) -> pa.Table | None:
        """Return columns of a table of the record of syncs; None if there is no table."""
        files = self._files(table)
        return pa.concat_tables([self._read(name, columns) for name in files]) if files else None

    def _files(self, table: str) -> list[str]:
        return self._folder.names(table, ".parquet")

    def _files_of_stream(self, table: str) -> list[str]:
        """Return the files of a stream's table.

        Raises:
            DestinationError: There is one that no sync has written. Who reads the table would read its rows, too.
        """
        files = self._files(table)
        for name in files:
            if not _OURS.fullmatch(name.partition("/")[2]):
                raise DestinationError(
                    f"The file {self._folder.url}/{name} lies in the table {table}, and no sync has written it. If it "
                    "is a copy, whoever reads the table finds its rows twice.",
                    remedy="Delete it, or move it to another folder, and run the sync again.",
                )
        return files

    def _check_place(self, name: str, file: pq.ParquetFile) -> None:
        """Make sure that a file has rows of the account and the month that its path names, and no others.

        Raises:
            DestinationError: It has others: somebody moved it here. Syncs would not find them, and read them again.
        """
        match = _OURS.fullmatch(name.partition("/")[2])
        if match is not None and not _places(file, with_months=match[2] is not None) <= set(match.groups()):
            raise DestinationError(
                f"The file {self._folder.url}/{name} has rows of another account or month than its folder.",
                remedy="Move it back to where it was, or delete it, and run the sync again: it reads what is missing.",
            )

    def _read(self, name: str, columns: list[str] | None = None) -> pa.Table:
        content = self._folder.read(name)
        assert content is not None  # noqa: S101 - it was listed, and no other sync writes here
        with self._reading(name):
            # In this thread alone: Arrow's own threads would hold the bytes, which are Python's, a little longer.
            file = pq.ParquetFile(io.BytesIO(content), pre_buffer=False)
            return file.read(columns=columns, use_threads=False)

    def _write(self, name: str, rows: pa.Table) -> None:
        recorded = self.written.get(name.partition("/")[0])
        if not rows.num_rows:
            self._folder.delete(name)
            if recorded is not None:
                recorded.pop(name, None)
            return
        content = io.BytesIO()
        pq.write_table(rows, content, compression="zstd")
        self._folder.write(name, content.getvalue())
        if recorded is not None:
            recorded[name] = File(rows.num_rows, frozenset(rows.schema.names))

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Name the file and its table if what is in the file is not what a sync writes."""
        try:
            yield
        except (pa.ArrowException, KeyError) as error:
            table = name.partition("/")[0]
            raise DestinationError(
                f"The file {self._folder.url}/{name} of the table {table} is damaged, or no sync has written it: "
                f"{first_line(text_of(error))}",
                remedy="Delete it, or move it to another folder, and run the sync again: it reads what is missing.",
                detail=f"{type(error).__name__}: {error}",
            ) from error


def _places(file: pq.ParquetFile, *, with_months: bool) -> set[str | None]:
    """The first and last account and month of the rows of a file, as a path names them."""
    named = {"advertiser_id": _accounts, **(dict.fromkeys(DAY_COLUMNS.values(), _months) if with_months else {})}
    places: set[str | None] = set()
    for name in named.keys() & set(file.metadata.schema.names):
        position, type_ = file.metadata.schema.names.index(name), file.schema_arrow.field(name).type
        for group in range(file.metadata.num_row_groups if type_ in _STORED else 0):
            bounds = file.metadata.row_group(group).column(position).statistics
            if bounds is not None and bounds.has_min_max:
                # As they are stored: Python has no days before the year 1.
                stored = pa.array([bounds.min_raw, bounds.max_raw], _STORED[type_])
                places.update(named[name](stored.view(type_)))
    return places


def _accounts(values: pa.Array) -> list[str | None]:
    return [str(value) for value in values.to_pylist()]


def _months(days: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """The month of each day or hour, as a path names it. Python would name the year 1 otherwise than Arrow."""
    months: list[str | None] = pc.strftime(days, format="%Y-%m").to_pylist()
    return months


def _parts(stream: Stream, rows: pa.Table) -> dict[str, pa.Table]:
    """Split rows by the file that they belong to."""
    if not rows.num_rows:
        return {}
    column = day_column(stream)
    accounts = rows.column("advertiser_id").to_pylist()
    months = [None] * rows.num_rows if column is None else _months(rows.column(column))
    positions: dict[str, list[int]] = {}
    for position, (account, month) in enumerate(zip(accounts, months, strict=True)):
        positions.setdefault(_file_of(stream.name, account, month), []).append(position)
    if len(positions) == 1:
        return dict.fromkeys(positions, rows)
    return {name: rows.take(pa.array(of, pa.int64())) for name, of in positions.items()}


def _touched(replacement: Replacement, existing: Collection[str]) -> set[str]:
    """Return the files that may have rows which the package replaces."""
    stream = replacement.stream
    files: set[str] = set()
    for span in replacement.spans:
        if span.days is None or day_column(stream) is None:
            files.add(_file_of(stream.name, span.advertiser_id))
            continue
        begin, end = (
            _file_of(stream.name, span.advertiser_id, month)
            for month in _months(pa.array([span.days.start, span.days.end]))
        )
        files.update(name for name in existing if begin <= name <= end)
    return files


def _file_of(table: str, account: int | None, month: str | None = None) -> str:
    return f"{table}/account={account}/{f'month={month}/' if month else ''}{_FILE}"
