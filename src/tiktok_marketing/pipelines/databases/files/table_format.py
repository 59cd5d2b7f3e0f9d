"""What a format of tables in a folder has to offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Protocol

import msgspec

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa


class File(msgspec.Struct, frozen=True):
    """What a file holds.

    Args:
        rows: How many rows.
        columns: The names of its columns.
    """

    rows: int
    columns: frozenset[str]

    def has_lost(self, before: File) -> bool:
        """Whether it had more rows or other columns before."""
        return self.rows < before.rows or not before.columns <= self.columns


class FilesState(msgspec.Struct):
    """The files of all tables. Most files have the same columns, so each set of columns stands once.

    Args:
        columns: The sets of columns.
        tables: For each file of each table, how many rows it has, and the number of its set of columns.
    """

    columns: list[list[str]]
    tables: dict[str, dict[str, tuple[int, Annotated[int, msgspec.Meta(ge=0)]]]]


def files_to_state(written: Mapping[str, Mapping[str, File]]) -> FilesState:
    """Return the files of all tables as a state keeps them."""
    sets = list(dict.fromkeys(file.columns for files in written.values() for file in files.values()))
    numbers = {columns: number for number, columns in enumerate(sets)}
    return FilesState(
        columns=[sorted(columns) for columns in sets],
        tables={
            table: {name: (file.rows, numbers[file.columns]) for name, file in files.items()}
            for table, files in written.items()
        },
    )


def files_from_state(state: FilesState | None) -> dict[str, dict[str, File]]:
    """Read what `files_to_state` returns; None comes from a version that did not record the files.

    Raises:
        IndexError: If a file has a set of columns that is not there.
    """
    if state is None:
        return {}
    sets = [frozenset(columns) for columns in state.columns]
    return {
        table: {name: File(rows, sets[number]) for name, (rows, number) in files.items()}
        for table, files in state.tables.items()
    }


class TableFormat(Protocol):
    """Reads and changes the tables of one dataset."""

    written: dict[str, dict[str, File]]
    """Table to its files as they should be. It has only the tables whose files are recorded: none, if the format keeps
    account of its files itself."""

    def files(self, table: str) -> dict[str, File] | None:
        """Return the files that a table has now, as in `written`; None if their format keeps account of them."""
        ...

    def columns(self, table: str) -> frozenset[str] | None:
        """Return the columns of a table; None if there is no table, or if the format cannot tell from no rows."""
        ...

    def has_rows(self, table: str) -> bool:
        """Whether a table has rows."""
        ...

    def replace(self, replacement: Replacement, rows: pa.Table) -> None:
        """Put rows into a table, in place of those that they replace. There may be no rows, only days to empty."""
        ...

    def remove_vanished(
        self, stream: Stream, packages: Collection[str], read: Collection[int] | None, skipped: Collection[int]
    ) -> None:
        """Remove the rows that other packages brought, of accounts that were read (None for all) and not skipped."""
        ...

    def rows_by_package(self, stream: Stream, packages: Collection[str]) -> Mapping[str, int]:
        """Return how many rows of each package are in a table."""
        ...

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the record of syncs."""
        ...

    def recorded(self, table: str, columns: list[str]) -> pa.Table | None:
        """Return columns of a table of the record of syncs; None if there is no table."""
        ...
