"""Opens a database of any kind for reading only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.databases.destination import (
    DescribedColumn,
    DescribedTable,
    Destination,
    ReadOnlyDatabase,
    require_libraries,
)


@contextmanager
def opened_read_only(destination: Destination) -> Iterator[ReadOnlyDatabase]:
    """Open a database to look at it; others can read it meanwhile, and nothing in it changes.

    Raises:
        NothingToReadError: There is no such database.
        ConfigurationError: The address is that of something else, or a library is missing.
        DestinationError: The database cannot be read now.
    """
    require_libraries(destination, "Reading from", also=["duckdb"])
    import duckdb

    try:
        with duckdb.connect(":memory:") as memory, destination.open_read_only(memory) as database:
            yield database
    except (ConfigurationError, DestinationError):
        raise
    except duckdb.Error as error:
        raise destination.describe_error(error, reading=True) from error


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Group the second names of the pairs by the first, for example tables by schema."""
    groups: dict[str, set[str]] = {}
    for first, second in pairs:
        groups.setdefault(first, set()).add(second)
    return groups


def described(rows: Iterable[tuple[Any, ...]]) -> list[DescribedTable]:
    """Put tables together from one row per column: table, whether it is a view, its comment, column, type, comment."""
    tables: dict[str, DescribedTable] = {}
    for name, is_view, comment, column, data_type, meaning in rows:
        known = tables.get(name) or DescribedTable(name, is_view, comment or "", ())
        tables[name] = replace(known, columns=(*known.columns, DescribedColumn(column, data_type, meaning or "")))
    return list(tables.values())
