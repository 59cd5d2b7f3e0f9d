"""A database that a sync has filled, opened to be looked at: its tables, states and syncs, and a census of its rows.

Everything is asked in SQL: of the database itself what every kind of it understands (`reader`), and all else of a
DuckDB in memory, which takes the census and what TikTok says.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from tiktok_marketing.catalog import STREAMS, AnyStream, ReportStream, Stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.expected_days import Expected
from tiktok_marketing.errors import ConfigurationError, NothingToReadError
from tiktok_marketing.pipelines.databases.destination import NAME, Destination
from tiktok_marketing.pipelines.databases.read_only import Reader, reading
from tiktok_marketing.pipelines.summary import LOADS_TABLE, SYNCS_TABLE
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.zones import earliest_day_in, zone_of

MEASURES = ("spend", "impressions", "clicks")
"""What is added up and compared: what an ad delivered, which is final before conversions are."""

STATES_TABLE = "_dlt_pipeline_state"
PACKAGES_TABLE = "_dlt_loads"
_LOAD_ID = "_dlt_load_id"


class StreamSync(msgspec.Struct, frozen=True, kw_only=True):
    """The last sync of a stream that came to an end.

    Args:
        sync_id: Which one it was.
        began: When it began, UTC.
        complete: Whether all of the stream was delivered.
        missing: What was not, in words; empty if nothing is missing.
    """

    sync_id: str = ""
    began: datetime
    complete: bool
    missing: str


class Database:
    """What is in it.

    Args:
        reader: The database itself.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.memory = reader.memory
        self.columns = reader.columns()
        """Table to the names of its columns."""
        self.raw_states = self._raw_states()
        """Stream to its state; None if the states cannot be read at all."""
        self.syncs = self._syncs()
        """Stream to its last sync; None if no sync has been written down."""
        self.has_loads = {"sync_id", "stream", "load_id", "kept_rows"} <= self.columns.get(LOADS_TABLE, set())
        self.loads = self._loads()
        """Of each sync and stream, the packages and how many rows of each it left."""
        self._packages: dict[str, dict[str | None, int]] = {}
        self._when_packages_came()

    def table(self, name: str) -> str:
        """A table's name as SQL takes it."""
        return self._reader.table(name)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask the database itself, in SQL that every kind of it understands."""
        return self._reader.rows(sql, values)

    def bring(self, into: str, sql: str, values: Sequence[Any] = ()) -> None:
        """As `rows`, into a table that is in memory."""
        self._reader.bring(into, sql, values)

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Ask the DuckDB in memory."""
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        rows: list[tuple[Any, ...]] = self.memory.execute(sql, given).fetchall()
        return rows

    # -- what there is

    def _raw_states(self) -> Mapping[str, Any] | None:
        wanted = {"state", "pipeline_name", "_dlt_load_id"}
        if not wanted <= self.columns.get(STATES_TABLE, set()) or PACKAGES_TABLE not in self.columns:
            return None
        rows = self.rows(
            f"SELECT state FROM {self.table(STATES_TABLE)} s"  # noqa: S608 - names of our own
            f" JOIN {self.table(PACKAGES_TABLE)} l ON l.load_id = s._dlt_load_id"
            " WHERE s.pipeline_name = ? AND l.status = 0 ORDER BY l.load_id DESC LIMIT 1",
            [NAME],
        )
        if not rows:
            return {}
        from dlt.common.versioned_state import decompress_state

        try:
            streams = decompress_state(rows[0][0])["sources"][NAME]["streams"]
        except (KeyError, TypeError, ValueError, zlib.error):
            return None
        return streams if isinstance(streams, Mapping) else None

    def _syncs(self) -> Mapping[str, StreamSync] | None:
        wanted = {"sync_id", "started_at", "stream", "complete", "missing"}
        if not wanted <= self.columns.get(SYNCS_TABLE, set()):
            return None
        rows = self.rows(
            f"SELECT sync_id, stream, started_at, complete, missing FROM {self.table(SYNCS_TABLE)}"  # noqa: S608
            " WHERE started_at IS NOT NULL ORDER BY started_at"
        )
        self.memory.execute("CREATE TEMP TABLE syncs (sync_id VARCHAR, stream VARCHAR, started_at TIMESTAMP)")
        if rows:
            self.memory.executemany("INSERT INTO syncs VALUES (?, ?, ?)", [row[:3] for row in rows])
        return {
            stream: StreamSync(
                sync_id=sync_id, began=began.replace(tzinfo=UTC), complete=bool(complete), missing=missing or ""
            )
            for sync_id, stream, began, complete, missing in rows
        }

    def _loads(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        self.memory.execute(
            "CREATE TEMP TABLE loads (sync_id VARCHAR, stream VARCHAR, load_id VARCHAR, kept_rows BIGINT)"
        )
        found: dict[tuple[str, str], dict[str, int]] = {}
        if self.has_loads:
            columns = "sync_id, stream, load_id, kept_rows"
            self.bring("loads", f"SELECT {columns} FROM {self.table(LOADS_TABLE)}")  # noqa: S608
            for sync_id, stream, load_id, kept in self.query(f"SELECT {columns} FROM loads"):  # noqa: S608
                found.setdefault((sync_id, stream), {})[load_id] = kept or 0
        return found

    def _when_packages_came(self) -> None:
        """Make `reads`: package to when its sync began (UTC), or to when it was loaded if that sync never ended."""
        self.memory.execute("CREATE TEMP TABLE reads (load_id VARCHAR, read_at TIMESTAMP)")
        if self.has_loads and self.syncs is not None:
            self.memory.execute(
                "INSERT INTO reads SELECT load_id, max(started_at) FROM loads JOIN syncs USING (sync_id, stream)"
                " GROUP BY load_id"
            )
        if "load_id" in self.columns.get(PACKAGES_TABLE, set()):
            self.memory.execute("CREATE TEMP TABLE packages (load_id VARCHAR)")
            self.bring("packages", f"SELECT load_id FROM {self.table(PACKAGES_TABLE)}")  # noqa: S608
            self.memory.execute(
                "INSERT INTO reads SELECT load_id, make_timestamp((try_cast(load_id AS DOUBLE) * 1e6)::BIGINT)"
                " FROM packages"
                " WHERE try_cast(load_id AS DOUBLE) IS NOT NULL AND load_id NOT IN (SELECT load_id FROM reads)"
            )

    def packages(self, stream: Stream) -> Mapping[str | None, int]:
        """How many rows of each package its table has; None for rows that name none."""
        if stream.name not in self._packages:
            sql = f"SELECT {_LOAD_ID}, count(*) FROM {self.table(stream.name)} GROUP BY 1"  # noqa: S608
            self._packages[stream.name] = dict(self.rows(sql))
        return self._packages[stream.name]

    def streams(self) -> tuple[AnyStream, ...]:
        """The streams that were ever loaded into it, or begun to be."""
        known = {*self.columns, *(self.raw_states or ()), *(self.syncs or ())}
        return tuple(stream for stream in STREAMS if stream.name in known)

    def is_usable(self, stream: Stream) -> bool:
        """Whether its table has the columns by which rows are told apart, placed and added up."""
        return not self.lacks(stream)

    def lacks(self, stream: Stream) -> set[str]:
        """The columns that every table of the stream has and this one has not; nothing if there is no table."""
        if stream.name not in self.columns:
            return {"all columns"}
        wanted = {"advertiser_id", _LOAD_ID, *stream.row_key}
        if isinstance(stream, ReportStream):
            wanted |= set(MEASURES)
        return wanted - self.columns[stream.name]

    def cursors(self, stream: Stream) -> Cursors | None:
        """How far the stream's accounts are; None if it has no state.

        Raises:
            ConfigurationError: The state is of no known form.
        """
        raw = (self.raw_states or {}).get(stream.name)
        return None if raw is None or stream.cursor is None else read_state(stream.name, stream.cursor, raw)

    def read_at(self, stream: Stream) -> datetime | None:
        """When the stream was last read, as far as the database knows: its last sync, or a package of a later one."""
        sync = (self.syncs or {}).get(stream.name)
        moments = [sync.began] if sync else []
        if self.is_usable(stream):
            own = [load_id for load_id in self.packages(stream) if load_id is not None]
            ((latest,),) = self.query("SELECT max(read_at) FROM reads WHERE load_id = ANY(?::VARCHAR[])", [own])
            moments += [latest.replace(tzinfo=UTC)] if latest else []
        return max(moments, default=None)

    def last_read(self) -> datetime | None:
        """When anything was last read."""
        ((latest,),) = self.query("SELECT max(read_at) FROM reads")
        moments = [sync.began for sync in (self.syncs or {}).values()] + (
            [latest.replace(tzinfo=UTC)] if latest else []
        )
        return max(moments, default=None)

    def count(self, stream: Stream) -> int | None:
        """Rows of its table; None if there is none."""
        if stream.name not in self.columns:
            return None
        return int(self.rows(f"SELECT count(*) FROM {self.table(stream.name)}")[0][0])  # noqa: S608

    def accounts(self, config: Config) -> list[Account]:
        """The accounts that the database knows and the configuration asks for, as the database describes them."""
        ids: dict[AdvertiserId, None] = {}
        for stream in self.streams():
            with suppress(ConfigurationError):
                cursors = self.cursors(stream)
                ids |= dict.fromkeys(cursors.accounts if cursors else ())
        wanted = {one for one in (config.advertiser_id, *config.advertiser_ids) if one}
        described = self._described()
        ids |= dict.fromkeys(described)
        return [
            described.get(one, Account(advertiser_id=one))
            for one in ids
            if (not wanted or one in wanted) and one not in config.exclude_advertiser_ids
        ]

    def _described(self) -> dict[AdvertiserId, Account]:
        wanted = {"advertiser_id", "name", "display_timezone", "timezone", "create_time"}
        described: dict[AdvertiserId, Account] = {}
        for stream in STREAMS:
            if wanted <= self.columns.get(stream.name, set()):
                for one, name, *zones, created in self.rows(
                    "SELECT advertiser_id::VARCHAR, name, display_timezone, timezone, create_time"  # noqa: S608
                    f" FROM {self.table(stream.name)} WHERE advertiser_id IS NOT NULL"
                ):
                    zone = zone_of(*zones)
                    first = earliest_day_in(zone, created.replace(tzinfo=UTC)) if created else None
                    described[one] = Account(
                        advertiser_id=one, name=name or "", zone=zone, created=first, info={} if any(zones) else None
                    )
        return described

    # -- the census

    def take_census(self, streams: Iterable[Stream], expected: Iterable[Expected]) -> None:
        """Make `days` and `expected` (what should be there).

        `days` has rows and sums of each report, account and day, and when the row that was read first was read (UTC),
        and when the last one was: a sync replaces all rows of a day that it reads again, so both are the same.
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
            if stream.cursor is not None and stream.is_report and self.is_usable(stream):
                self.bring(
                    "counted",
                    f'SELECT advertiser_id, "{stream.cursor}"::DATE, {_LOAD_ID}, count(*), sum(spend),'  # noqa: S608
                    f" sum(impressions), sum(clicks) FROM {self.table(stream.name)} GROUP BY 1, 2, 3",
                )
                self.memory.execute(
                    "INSERT INTO days SELECT ?, advertiser_id, day, sum(rows), sum(spend), sum(impressions),"
                    " sum(clicks), min(read_at), max(read_at) FROM counted LEFT JOIN reads USING (load_id)"
                    " GROUP BY ALL",
                    [stream.name],
                )
                self.memory.execute("TRUNCATE counted")
        listed = list(expected)
        self.memory.execute(
            "CREATE TEMP TABLE expected AS SELECT unnest(?::VARCHAR[]) AS stream, unnest(?::BIGINT[]) AS advertiser_id,"
            " unnest(?::DATE[]) AS first, unnest(?::DATE[]) AS settled, unnest(?::BIGINT[]) AS settles_after,"
            " unnest(?::INTEGER[]) AS longest",
            [
                [one.stream.name for one in listed],
                [int(one.account.advertiser_id) for one in listed],
                [one.first for one in listed],
                [one.settled for one in listed],
                [int(one.settles_after.total_seconds()) for one in listed],
                [one.longest for one in listed],
            ],
        )


def states_in(destination: Destination) -> Mapping[str, Any] | None:
    """The states that a sync into this database would go on from, by stream; None if no sync has filled it yet.

    Raises:
        ConfigurationError: Its states cannot be read.
        DestinationError: It cannot be read now.
    """
    try:
        with opened(destination) as database:
            states = database.raw_states
    except NothingToReadError:
        return None
    if states is None:
        raise ConfigurationError(
            f"The states in {destination.display_name} are gone or cannot be read.",
            remedy="`tiktok-marketing doctor --database …` says more; a sync with --full reads everything anew.",
        )
    return states


@contextmanager
def opened(destination: Destination) -> Iterator[Database]:
    """Open a database to look at it; others may read it meanwhile, and nothing in it changes.

    Raises:
        NothingToReadError: There is no such database, or no sync has filled it.
        DestinationError: It cannot be read now.
    """
    with reading(destination) as reader:
        _make_sure_of(reader, destination)
        yield Database(reader)


def _make_sure_of(reader: Reader, destination: Destination) -> None:
    """See whether a sync has filled it.

    Raises:
        ConfigurationError: None has.
    """
    own = {SYNCS_TABLE, STATES_TABLE, *(stream.name for stream in STREAMS)}
    ours = {schema for schema, tables in reader.schemas().items() if own & tables}
    if destination.dataset in ours:
        return
    there = f"It has what looks like one in: {', '.join(sorted(ours))} (--dataset)." if ours else ""
    raise NothingToReadError(
        f"{destination.display_name} holds no tables of a sync in the schema {destination.dataset}.",
        remedy=there or "Give the address and the dataset that the sync was given.",
    )
