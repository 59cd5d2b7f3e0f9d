"""A database that a sync has filled, open for reading: its tables, states and syncs, and a census of its rows.

All questions are SQL. The database itself answers what every kind understands (`ReadOnlyDatabase`). A DuckDB in memory
answers everything else; it holds the census and what TikTok returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream, ReportStream, Stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.expected_days import ExpectedDays
from tiktok_marketing.doctor.readable import Fault, check_time, fault_of, is_about_contents, reason_of
from tiktok_marketing.errors import ConfigurationError, DestinationError
from tiktok_marketing.pipelines.arrow.tables import MISFITS
from tiktok_marketing.pipelines.column_types import Rounding, key_type_refusal, rounding_of
from tiktok_marketing.pipelines.contents import expected_columns, refusal_of
from tiktok_marketing.pipelines.databases.bookkeeping import (
    LOADS_TABLE,
    PACKAGES_TABLE,
    STATES_TABLE,
    SYNCS_TABLE,
    opened_filled,
    stored_states,
    stored_streams,
)
from tiktok_marketing.pipelines.databases.destination import Destination, ReadOnlyDatabase
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.zones import earliest_day_in, zones_of

T = TypeVar("T")

MEASURES = ("spend", "impressions", "clicks")
"""The metrics that are added up and compared: what an ad delivered, which is final before conversions are."""

_LOAD_ID, _DLT_ID = "_dlt_load_id", "_dlt_id"


def measures_of(stream: ReportStream) -> dict[str, str]:
    """Those of the measures that a report has, each with its metric. A report of one's own may lack some, or all.

    Reports by store call what ads spent their cost.
    """
    metrics = {name: "cost" if name == "spend" and stream.source.stores is not None else name for name in MEASURES}
    return {name: metric for name, metric in metrics.items() if metric in stream.metrics}


def is_comparable(stream: Stream) -> bool:
    """Whether a report has what other reports are compared by: all measures, of all objects of its level.

    TikTok hides small numbers of search terms, and a lower level has more of those.
    """
    if not isinstance(stream, ReportStream) or "search_terms" in stream.breakdown:
        return False
    return len(measures_of(stream)) == len(MEASURES) and not stream.source.selects


class StreamSync(msgspec.Struct, frozen=True, kw_only=True):
    """The last sync of a stream that ended.

    Args:
        sync_id: The id of the sync.
        began: When the sync began, in UTC.
        complete: Whether the whole stream was delivered.
        missing: What was not delivered, in words; empty if nothing is missing.
    """

    sync_id: str = ""
    began: datetime
    complete: bool
    missing: str


class Database:
    """What a sync left in a database.

    Args:
        source: The database itself.
        configured: The streams of the configuration.
    """

    def __init__(self, source: ReadOnlyDatabase, configured: Sequence[AnyStream] = ALL_STREAMS) -> None:
        self._source = source
        self.unreadable_records: dict[str, str] = {}
        """The tables beside those of the streams that cannot be read, or not whole, with the reason."""
        self._faults: dict[str, Fault | None] = {}
        self.known_streams = self._recorded(STATES_TABLE, lambda: stored_streams(source, configured), tuple(configured))
        """The streams of the configuration, and the reports of other configurations that have filled the database."""
        self.memory = source.memory
        self.columns = source.columns_by_table()
        """Table to the names of its columns."""
        self._relations = source.relations()
        self.raw_states = self._recorded(STATES_TABLE, lambda: stored_states(source), None)
        """Stream to its state; None if the states cannot be read at all."""
        self.syncs = self._recorded(SYNCS_TABLE, self._syncs, None)
        """Stream to its last sync; None if the table of syncs is missing."""
        self.has_loads = {"sync_id", "stream", "load_id", "kept_rows"} <= self.columns.get(LOADS_TABLE, set())
        nothing: Mapping[tuple[str, str], Mapping[str, int]] = {}
        self.loads = self._recorded(LOADS_TABLE, self._loads, nothing)
        """Sync and stream to the packages of that sync, each with the number of rows that it left."""
        self._packages: dict[str, dict[str | None, int]] = {}
        self._create_reads()

    def _recorded(self, table: str, read: Callable[[], T], otherwise: T) -> T:
        """Read one of the tables beside those of the streams. If it cannot be read, that is noted.

        Raises:
            Exception: The database cannot be read at all.
        """
        try:
            return read()
        except Exception as error:
            if not is_about_contents(self._source, error):
                raise
            self.unreadable_records[table] = reason_of(error)
            return otherwise

    def table(self, name: str) -> str:
        """Return the name of a table as SQL accepts it."""
        return self._source.table(name)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Query the database itself, in SQL that every kind of database understands."""
        return self._source.rows(sql, values)

    def copy_to_memory(self, table: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Query the database itself and insert the rows into a table in memory."""
        self._source.copy_to_memory(table, sql, values)

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Query the DuckDB in memory."""
        values = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        rows: list[tuple[Any, ...]] = self.memory.execute(sql, values).fetchall()
        return rows

    # -- contents

    def _syncs(self) -> Mapping[str, StreamSync] | None:
        if not {"sync_id", "started_at", "stream", "complete", "missing"} <= self.columns.get(SYNCS_TABLE, set()):
            return None
        rows = self.rows(
            f"SELECT sync_id, stream, started_at, complete, missing FROM {self.table(SYNCS_TABLE)}"  # noqa: S608
            " WHERE started_at IS NOT NULL ORDER BY started_at"
        )
        self.memory.execute("CREATE TEMP TABLE syncs (sync_id VARCHAR, stream VARCHAR, started_at TIMESTAMP)")
        rows = [row for row in rows if self._is_dated(row[2])]
        if rows:
            self.memory.executemany("INSERT INTO syncs VALUES (?, ?, ?)", [row[:3] for row in rows])
        return {
            stream: StreamSync(
                sync_id=sync_id, began=began.replace(tzinfo=UTC), complete=bool(complete), missing=missing or ""
            )
            for sync_id, stream, began, complete, missing in rows
        }

    def _is_dated(self, began: Any) -> bool:
        """Whether a sync began at a time that can be; if not, that is noted."""
        try:
            check_time(began)
        except ValueError as error:
            self.unreadable_records[SYNCS_TABLE] = str(error)
            return False
        return True

    def _loads(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        self.memory.execute(
            "CREATE TEMP TABLE loads (sync_id VARCHAR, stream VARCHAR, load_id VARCHAR, kept_rows BIGINT)"
        )
        loads: dict[tuple[str, str], dict[str, int]] = {}
        if self.has_loads:
            columns = "sync_id, stream, load_id, kept_rows"
            self.copy_to_memory("loads", f"SELECT {columns} FROM {self.table(LOADS_TABLE)}")  # noqa: S608
            for sync_id, stream, load_id, kept in self.query(f"SELECT {columns} FROM loads"):  # noqa: S608
                loads.setdefault((sync_id, stream), {})[load_id] = kept or 0
        return loads

    def _create_reads(self) -> None:
        """Create the table `reads`: per package, when its sync began (UTC), or its load if that sync never ended."""
        self.memory.execute("CREATE TEMP TABLE reads (load_id VARCHAR, read_at TIMESTAMP)")
        if self.has_loads and self.syncs is not None:
            self.memory.execute(
                "INSERT INTO reads SELECT load_id, max(started_at) FROM loads JOIN syncs USING (sync_id, stream)"
                " GROUP BY load_id"
            )
        if "load_id" in self.columns.get(PACKAGES_TABLE, set()):
            self.memory.execute("CREATE TEMP TABLE packages (load_id VARCHAR)")
            sql = f"SELECT load_id FROM {self.table(PACKAGES_TABLE)}"  # noqa: S608
            self._recorded(PACKAGES_TABLE, lambda: self.copy_to_memory("packages", sql), None)
            self.memory.execute(
                "INSERT INTO reads SELECT load_id, make_timestamp((try_cast(load_id AS DOUBLE) * 1e6)::BIGINT)"
                " FROM packages"
                " WHERE try_cast(load_id AS DOUBLE) IS NOT NULL AND load_id NOT IN (SELECT load_id FROM reads)"
            )

    def packages(self, stream: Stream) -> Mapping[str | None, int]:
        """Return the number of rows per package in the stream's table; None stands for rows without a package."""
        if stream.name not in self._packages:
            sql = f"SELECT {_LOAD_ID}, count(*) FROM {self.table(stream.name)} GROUP BY 1"  # noqa: S608
            self._packages[stream.name] = dict(self.rows(sql))
        return self._packages[stream.name]

    def streams(self) -> tuple[AnyStream, ...]:
        """Return the streams that a sync has loaded into the database, or begun to load."""
        known = {*self.columns, *(self.raw_states or ()), *(self.syncs or ())}
        return tuple(stream for stream in self.known_streams if stream.name in known)

    def is_usable(self, stream: Stream) -> bool:
        """Whether the stream's table has the columns that identify, date and measure its rows, and they can be read."""
        return not self.missing_columns(stream) and self.fault(stream) is None

    def fault(self, stream: Stream) -> Fault | None:
        """Return what makes the stream's table unfit for the checks; None if nothing does, or a column is missing."""
        if self.missing_columns(stream):
            return None
        if stream.name not in self._faults:
            measures = set(measures_of(stream).values()) if isinstance(stream, ReportStream) else set()
            present = self.columns[stream.name]
            self._faults[stream.name] = fault_of(self._source, stream, present, self._needed(stream), measures)
        return self._faults[stream.name]

    def refusal(self, stream: Stream) -> DestinationError | None:
        """Return why no sync can write to the stream's table; None if one can, or there is no table.

        Whether the user of this connection may write says nothing of the user that syncs.
        """
        relation = self._relations.get(stream.name)
        if relation is not None:
            relation = msgspec.structs.replace(relation, writable=True)
        ours = {*expected_columns(stream), MISFITS, _DLT_ID}
        dataset = self._source.dataset
        return refusal_of(stream.name, relation, ours, dataset) or key_type_refusal(stream, relation, dataset)

    def rounding(self, stream: Stream) -> Rounding | None:
        """Return which columns of the stream's table keep only a part of their values; None if none does."""
        return rounding_of(stream, self._relations.get(stream.name), self._source.dataset)

    def missing_columns(self, stream: Stream) -> set[str]:
        """Return the columns that the checks need and the stream's table does not have."""
        if stream.name not in self.columns:
            return {"all columns"}
        return self._needed(stream) - self.columns[stream.name]

    @staticmethod
    def _needed(stream: Stream) -> set[str]:
        measures = measures_of(stream).values() if isinstance(stream, ReportStream) else ()
        return {"advertiser_id", _LOAD_ID, *stream.table_key, *measures}

    def cursors(self, stream: Stream) -> Cursors | None:
        """Return the cursors of the stream's accounts; None if the stream has no state.

        Raises:
            ConfigurationError: The state has an unknown form.
        """
        raw = (self.raw_states or {}).get(stream.name)
        return None if raw is None or stream.cursor is None else read_state(stream.name, stream.cursor, raw)

    def read_at(self, stream: Stream) -> datetime | None:
        """Return when the stream was last read: by its last sync that ended, or by a package of a later sync."""
        sync = (self.syncs or {}).get(stream.name)
        moments = [sync.began] if sync else []
        if self.is_usable(stream):
            packages = [load_id for load_id in self.packages(stream) if load_id is not None]
            ((latest,),) = self.query("SELECT max(read_at) FROM reads WHERE load_id = ANY(?::VARCHAR[])", [packages])
            moments += [latest.replace(tzinfo=UTC)] if latest else []
        return max(moments, default=None)

    def count(self, stream: Stream) -> int | None:
        """Return the number of rows in the stream's table; None if there is no table, or it cannot be read."""
        fault = self.fault(stream)
        if stream.name not in self.columns or (fault is not None and not fault.column):
            return None
        return int(self.rows(f"SELECT count(*) FROM {self.table(stream.name)}")[0][0])  # noqa: S608

    def accounts(self, config: Config) -> list[Account]:
        """Return the accounts that the database knows and the configuration selects, as the database describes them."""
        ids: dict[AdvertiserId, None] = {}
        for stream in self.streams():
            with suppress(ConfigurationError):
                cursors = self.cursors(stream)
                ids |= dict.fromkeys(cursors.accounts if cursors else ())
        selected = {advertiser_id for advertiser_id in (config.advertiser_id, *config.advertiser_ids) if advertiser_id}
        described = self._described_accounts()
        ids |= dict.fromkeys(described)
        return [
            described.get(advertiser_id, Account(advertiser_id=advertiser_id))
            for advertiser_id in ids
            if (not selected or advertiser_id in selected) and advertiser_id not in config.exclude_advertiser_ids
        ]

    def currencies(self) -> dict[str, str]:
        """Return account to its currency, as the database describes the accounts."""
        known: dict[str, str] = {}
        for stream in ALL_STREAMS:
            columns = self.columns.get(stream.name, set())
            if {"advertiser_id", "currency", "timezone"} <= columns and self.fault(stream) is None:
                known |= dict(
                    self.rows(
                        f"SELECT advertiser_id::VARCHAR, currency FROM {self.table(stream.name)}"  # noqa: S608
                        " WHERE advertiser_id IS NOT NULL AND currency IS NOT NULL"
                    )
                )
        return known

    def _described_accounts(self) -> dict[AdvertiserId, Account]:
        needed = {"advertiser_id", "name", "display_timezone", "timezone", "create_time"}
        accounts: dict[AdvertiserId, Account] = {}
        for stream in ALL_STREAMS:
            if needed <= self.columns.get(stream.name, set()) and self.fault(stream) is None:
                for advertiser_id, name, *zone_names, created in self.rows(
                    "SELECT advertiser_id::VARCHAR, name, timezone, display_timezone, create_time"  # noqa: S608
                    f" FROM {self.table(stream.name)} WHERE advertiser_id IS NOT NULL"
                ):
                    zone, place = zones_of(*zone_names)
                    first = earliest_day_in(zone, created.replace(tzinfo=UTC), place) if created else None
                    accounts[advertiser_id] = Account(
                        advertiser_id=advertiser_id,
                        name=name or "",
                        zone=zone,
                        created=first,
                        place=place,
                        info={} if any(zone_names) else None,
                    )
        return accounts

    # -- the census

    def take_census(self, streams: Iterable[Stream], expected: Iterable[ExpectedDays]) -> None:
        """Create the tables `days` (what the database has) and `expected` (what it should have).

        `days` has the rows and sums per report, account and day. It also has when the earliest and the latest of these
        rows were read (UTC); normally both are equal, because a sync that reads a day again replaces all its rows.
        """
        self.memory.execute(
            "CREATE TEMP TABLE counted (advertiser_id BIGINT, day DATE, load_id VARCHAR, rows BIGINT,"
            " spend DECIMAL(38, 4), impressions HUGEINT, clicks HUGEINT)"
        )
        self.memory.execute(
            "CREATE TEMP TABLE days (stream VARCHAR, advertiser_id BIGINT, day DATE, rows BIGINT, spend DECIMAL(38, 4),"
            " impressions HUGEINT, clicks HUGEINT, read_at TIMESTAMP, read_again_at TIMESTAMP)"
        )
        for stream in streams:
            if stream.cursor is not None and isinstance(stream, ReportStream) and self.is_usable(stream):
                measures = measures_of(stream)
                sums = ", ".join(f"sum({measures[name]})" if name in measures else "NULL" for name in MEASURES)
                self.copy_to_memory(
                    "counted",
                    f'SELECT advertiser_id, "{stream.cursor}"::DATE, {_LOAD_ID}, count(*), {sums}'  # noqa: S608
                    f" FROM {self.table(stream.name)} GROUP BY 1, 2, 3",
                )
                self.memory.execute(
                    "INSERT INTO days SELECT ?, advertiser_id, day, sum(rows), sum(spend), sum(impressions),"
                    " sum(clicks), min(read_at), max(read_at) FROM counted LEFT JOIN reads USING (load_id)"
                    " GROUP BY ALL",
                    [stream.name],
                )
                self.memory.execute("TRUNCATE counted")
        expected = list(expected)
        self.memory.execute(
            "CREATE TEMP TABLE expected AS SELECT unnest(?::VARCHAR[]) AS stream, unnest(?::BIGINT[]) AS advertiser_id,"
            " unnest(?::DATE[]) AS first, unnest(?::DATE[]) AS final_until, unnest(?::BIGINT[]) AS final_after,"
            " unnest(?::INTEGER[]) AS longest_window",
            [
                [days.stream.name for days in expected],
                [int(days.account.advertiser_id) for days in expected],
                [days.first for days in expected],
                [days.final_until for days in expected],
                [int(days.final_after.total_seconds()) for days in expected],
                [days.longest_window for days in expected],
            ],
        )


@contextmanager
def opened(destination: Destination, configured: Sequence[AnyStream] = ALL_STREAMS) -> Iterator[Database]:
    """Open a database that a sync has filled, for reading only.

    Args:
        destination: The database.
        configured: The streams of the configuration.

    Raises:
        NothingToReadError: There is no such database, or no sync has filled it.
        DestinationError: The database cannot be read now.
    """
    with opened_filled(destination) as database:
        yield Database(database, configured)
