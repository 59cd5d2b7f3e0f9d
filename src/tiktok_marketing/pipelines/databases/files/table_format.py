"""What a format of tables in a folder has to offer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from tiktok_marketing.catalog import Stream
from tiktok_marketing.pipelines.databases.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow as pa


class TableFormat(Protocol):
    """Reads and changes the tables of one dataset."""

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
