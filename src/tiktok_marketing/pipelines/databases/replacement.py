"""Which rows of a table other rows replace, and the SQL that deletes them.

Rows of a report that are whole days of an account replace everything that the table has of that account and those days.
So rows that TikTok no longer returns are removed. All other rows replace those with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec

from tiktok_marketing.catalog import Grain, ReportStream, Stream
from tiktok_marketing.sync.plan.windows import Window

Execute = Callable[[str, Sequence[Any]], Any]
"""Runs a statement with `?` for each value."""

DAY_COLUMNS = {Grain.DAY: "stat_time_day", Grain.HOUR: "stat_time_hour"}
"""The column with the day or hour of a row, by what a row of the report is about."""


class RowsRefusedError(Exception):
    """A table does something else with rows than it was told, without an error. The text says what, in a sentence."""


class Span(msgspec.Struct, frozen=True):
    """Whole days of an account.

    Args:
        advertiser_id: The account.
        days: The days; None for a report without days, which is replaced as a whole.
        begun: Whether this sync has already loaded some of the rows, which then stay.
    """

    advertiser_id: int
    days: Window | None
    begun: bool = False

    def with_next(self, following: Span) -> Span | None:
        """Join this span and the following one; None if the following one does not begin where this one ends."""
        if self.days is None or following.days is None or self.begun or following.begun:
            return None
        next_day = self.days.end.toordinal() + 1
        if (self.advertiser_id, next_day) != (following.advertiser_id, following.days.start.toordinal()):
            return None
        return Span(self.advertiser_id, Window(self.days.start, following.days.end))


class Replacement(msgspec.Struct, kw_only=True):
    """Which rows of one table a package replaces.

    Args:
        stream: The stream whose table it is.
        spans: Days of accounts that will have only the rows that the package brings.
        loads: The packages of this sync, whose rows stay in spans that have begun.
        by_key: Whether the package brings rows of other days, which replace those with the same key.
        exists: Whether the table exists.
        columns: The columns of the table that a sync fills.
        user_columns: The user's own columns. Their values stay with the key of their row.
        referenced: Whether rows whose key stays must stay: a foreign key refers to them, or the database numbers them.
        guarded: Whether something of the user's, such as a trigger, may keep rows that are deleted.
        repeated: How many rows of this sync other rows of this sync replaced, because they repeat their key.
        lost: How many rows of this package were left out, because they repeat a key that the table accepts only once.
    """

    stream: Stream
    spans: Sequence[Span] = ()
    loads: Sequence[str] = ()
    by_key: bool = True
    exists: bool = True
    columns: Collection[str] = ()
    user_columns: Sequence[str] = ()
    referenced: bool = False
    guarded: bool = False
    repeated: int = 0
    lost: int = 0

    @property
    def keeps_rows(self) -> bool:
        """Whether a row whose key comes again must be updated rather than deleted and inserted."""
        return bool(self.user_columns) or self.referenced

    def absent(self, incoming: Collection[str]) -> list[str]:
        """The columns that a sync fills and that have no value in the rows that come."""
        return [name for name in self.columns if name not in incoming]

    def delete_replaced(self, execute: Execute, dataset: str, *, but: str = "") -> None:
        """Delete the rows that the table has of the spans.

        Args:
            execute: Runs a statement.
            dataset: The schema.
            but: A table whose keys stay; empty for none.

        Raises:
            RowsRefusedError: They stay.
        """
        table = f'"{dataset}"."{self.stream.name}"'
        kept = ""
        if but:
            same_key = " AND ".join(f'kept."{name}" = have."{name}"' for name in self.stream.table_key)
            kept = f" AND NOT EXISTS (SELECT 1 FROM {but} AS kept WHERE {same_key})"  # noqa: S608 - names of the catalog
        for begun in (False, True):
            spans = [span for span in self.spans if span.begun is begun]
            for days, condition, values in _replaced(day_column(self.stream), spans):
                older = " AND (have._dlt_load_id IS NULL OR have._dlt_load_id <> ALL(?))" if begun else ""
                all_values = [*values, *([list(self.loads)] if begun else [])]
                delete_rows(execute, table, f"{condition}{older}{kept}", all_values, days=days, guarded=self.guarded)

    def count_repeated(self, execute: Execute, dataset: str, incoming: str) -> None:
        """Count the rows of earlier packages of this sync whose keys come again.

        Args:
            execute: Runs a statement.
            dataset: The schema.
            incoming: The table of the rows that come.
        """
        if self.loads:
            same_key = " AND ".join(f'have."{name}" = incoming."{name}"' for name in self.stream.table_key)
            ((self.repeated,),) = execute(
                f'SELECT count(*) FROM "{dataset}"."{self.stream.name}" AS have'  # noqa: S608 - names of the catalog
                f" WHERE have._dlt_load_id = ANY(?) AND EXISTS (SELECT 1 FROM {incoming} AS incoming WHERE {same_key})",
                [list(self.loads)],
            )


class Holder(Protocol):
    """Takes what dlt would load, so that it is loaded later (`held`)."""

    def add_file(self, path: Path, change: Replacement) -> None:
        """Keep a file of rows."""
        ...

    def add_package(self, load_id: str, schema: str, schema_version: str) -> None:
        """Note that everything of a package is there."""
        ...


class TableChanges:
    """What a package does to the tables. The loader writes it, and the load jobs read it.

    Args:
        check: Raises an error if what earlier packages loaded is gone. It is called in the transactions of a package:
            for one table, or for all if the name is None.
    """

    def __init__(self, check: Callable[[Any, str | None], None]) -> None:
        self.check = check
        self.replacements: dict[str, Replacement] = {}
        self.failures: dict[str, Exception] = {}
        """Table to the reason why its rows could not be loaded."""
        self.held: Holder | None = None
        """Takes the packages in place of the database; None if they are loaded at once."""
        self._compared: set[str] = set()

    def must_compare(self, tables: Iterable[str] | None) -> bool:
        """Whether dlt must look at the tables themselves: once per sync, because the user may have changed them."""
        new = set(tables or ()) - self._compared
        self._compared |= new
        return bool(new)

    def stopped_by(self) -> Exception | None:
        """The error of a load job, if one has failed."""
        return next(iter(self.failures.values()), None)

    @contextmanager
    def watched(self, table: str) -> Iterator[None]:
        """Note the error that loading the rows of a table raises: dlt passes on its text only."""
        try:
            yield
        except Exception as error:
            self.failures[table] = error
            raise


def updated_tables(client: Any, changes: TableChanges, tables: Iterable[str] | None, update: Callable[[], Any]) -> Any:
    """Let dlt create the tables of a package. If that fails, note which tables fail, each by itself.

    Args:
        client: dlt's client.
        changes: What the package does to the tables.
        tables: The tables of the package.
        update: dlt's own update of all of them.
    """
    try:
        return update()
    except Exception:
        for table in sorted(changes.replacements.keys() & set(tables or ())):
            with suppress(Exception), changes.watched(table), client.sql_client.begin_transaction():
                client._execute_schema_update_sql([table], store_schema=False)  # noqa: SLF001 - dlt has no other way
        raise


def day_column(stream: Stream) -> str | None:
    """Return the column with the day or hour of a report's row; None if the report has none."""
    return DAY_COLUMNS.get(stream.source.grain) if isinstance(stream, ReportStream) else None


def delete_rows(
    execute: Execute, table: str, condition: str, values: Sequence[Any], *, days: str = "", guarded: bool = False
) -> None:
    """Delete rows of a table.

    Args:
        execute: Runs a statement.
        table: The table, as SQL accepts it; the condition calls it `have`.
        condition: Which rows.
        values: Those of the days, and then those of the condition.
        days: What the condition uses besides; empty for nothing.
        guarded: Whether something of the user's may keep the rows.

    Raises:
        RowsRefusedError: It keeps them, without an error.
    """
    using, beside = (f" USING {days}", f", {days}") if days else ("", "")
    execute(f"DELETE FROM {table} AS have{using} WHERE {condition}", values)  # noqa: S608 - names of the catalog
    if guarded and execute(f"SELECT 1 FROM {table} AS have{beside} WHERE {condition} LIMIT 1", values):  # noqa: S608
        raise RowsRefusedError(
            "Rows that TikTok no longer has stay when they are deleted. A trigger or rule keeps them."
        )


def delete_vanished(
    execute: Execute,
    table: str,
    packages: Sequence[str],
    read: Sequence[int] | None,
    skipped: Sequence[int],
    *,
    guarded: bool = False,
) -> None:
    """Delete the rows that a sync did not bring, from the table of a stream that is read whole each time.

    Args:
        execute: Runs a statement.
        table: The table, as SQL accepts it.
        packages: The packages of the sync.
        read: The accounts that were read; None for all.
        skipped: The accounts whose rows stay.
        guarded: Whether something of the user's may keep the rows.

    Raises:
        RowsRefusedError: It keeps them, without an error.
    """
    condition = "(have._dlt_load_id IS NULL OR have._dlt_load_id <> ALL(?)) AND have.advertiser_id <> ALL(?)"
    condition += "" if read is None else " AND have.advertiser_id = ANY(?)"
    accounts = [list(skipped), *([] if read is None else [list(read)])]
    delete_rows(execute, table, condition, [list(packages), *accounts], guarded=guarded)


def _replaced(column: str | None, spans: Sequence[Span]) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield what holds the days of spans (empty for nothing), the condition for their rows, and the values of both."""
    if column is None:
        if spans:
            yield "", "have.advertiser_id = ANY(?)", [[span.advertiser_id for span in spans]]
        return
    dated = [(span.advertiser_id, span.days) for span in spans if span.days is not None]
    if dated:
        firsts: list[date] = [days.start for _, days in dated]
        whole = (
            "(SELECT unnest(?::BIGINT[]) AS account, unnest(?::DATE[]) AS first, unnest(?::DATE[]) AS last) AS whole"
        )
        within = f'have."{column}" >= whole.first AND have."{column}" < whole.last + 1'
        values = [[account for account, _ in dated], firsts, [days.end for _, days in dated]]
        yield whole, f"have.advertiser_id = whole.account AND {within}", values
