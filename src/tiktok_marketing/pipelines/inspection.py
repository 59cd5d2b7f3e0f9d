"""From which states a sync into a database starts, after what the user has changed in it.

The sync and `plan` both ask here, so that the plan says what the sync will do.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream, ReportStream, Stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError, ConnectorError, DestinationError, NothingToReadError
from tiktok_marketing.pipelines.contents import Damage, damage_of, describe
from tiktok_marketing.pipelines.databases.bookkeeping import LOADS_TABLE, opened_filled, stored_source
from tiktok_marketing.pipelines.databases.destination import Destination, StoreDestination, require_libraries
from tiktok_marketing.pipelines.databases.known_streams import REPORTS
from tiktok_marketing.pipelines.databases.store import Source, Store
from tiktok_marketing.sync.plan.coverage import covered_report
from tiktok_marketing.sync.plan.cursors import Cursors, read_state
from tiktok_marketing.sync.plan.refresh import unreadable_states
from tiktok_marketing.sync.plan.selection import select_for_database

_DELETED = {
    "campaigns": "CAMPAIGN_STATUS_DELETE",
    "ad_groups": "ADGROUP_STATUS_DELETE",
    "ads": "AD_STATUS_DELETE",
}
"""Streams to the status of a deleted object. TikTok lists such objects only if `include_deleted` is on."""
_STATUS = "secondary_status"


class Contents(msgspec.Struct, frozen=True):
    """What a database holds, however it was opened.

    Args:
        columns: Table to the names of its columns.
        rows: Runs a query, with `?` for each value, and returns its rows.
        table: Returns the name of a table as SQL accepts it.
    """

    columns: Mapping[str, Collection[str]]
    rows: Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]
    table: Callable[[str], str]

    def non_empty(self, names: Iterable[str]) -> set[str]:
        """The tables that have rows."""
        queries = [f"SELECT '{name}', EXISTS (SELECT 1 FROM {self.table(name)})" for name in names]  # noqa: S608 - our own names
        return {name for name, filled in self.rows(" UNION ALL ".join(queries), ()) if filled} if queries else set()


def is_incremental(stream: Stream) -> bool:
    """Whether a sync into a database reads the stream from its state on."""
    return stream.is_report and stream.cursor is not None


def filled_at_last_sync(contents: Contents, source: Mapping[str, Any]) -> set[str]:
    """The reports that had rows at the end of the last sync, as far as that is known.

    Args:
        contents: The database.
        source: What the last sync has left beside its rows (`bookkeeping.stored_source`).
    """
    if (names := source.get("filled")) is not None:
        return set(names)
    if not {"stream", "kept_rows"} <= set(contents.columns.get(LOADS_TABLE, ())):
        return set(source.get("streams", {}))
    sql = f"SELECT stream FROM {contents.table(LOADS_TABLE)} GROUP BY stream HAVING sum(kept_rows) > 0"  # noqa: S608
    return {name for (name,) in contents.rows(sql, ())}


def find_damage(
    contents: Contents, streams: Iterable[Stream], source: Mapping[str, Any], known: Mapping[str, Collection[str]]
) -> list[Damage]:
    """What is gone of streams that earlier syncs loaded.

    Args:
        contents: The database.
        streams: The streams.
        source: What the last sync has left beside its rows.
        known: The columns that each table had then, as far as that is known.
    """
    streams = list(streams)
    states = source.get("streams", {})
    filled = filled_at_last_sync(contents, source)
    non_empty = contents.non_empty(stream.name for stream in streams if stream.name in contents.columns)
    damages = (
        damage_of(
            stream,
            contents.columns.get(stream.name),
            loaded=stream.name in states or stream.name in known,
            filled=is_incremental(stream) and stream.name in filled,
            known=known.get(stream.name, ()),
            empty=stream.name not in non_empty,
        )
        for stream in streams
    )
    return [damage for damage in damages if damage is not None]


def refusals_of_states(
    streams: Iterable[AnyStream], states: Mapping[str, Mapping[str, Any]]
) -> dict[str, DestinationError]:
    """Why streams are not read whose state in a database has no known form, by name. Such a state costs its stream."""
    return {
        name: DestinationError(
            error.message,
            remedy=from_the_start(name),
        )
        for name, error in unreadable_states(select_for_database(streams), states).items()
    }


def from_the_start(name: str) -> str:
    """What to do about a state in a database that cannot be read, in sentences."""
    return (
        f"To read the stream from the start, sync it once with `--streams {name} --full`. If a newer version wrote the "
        "state, you can install that version instead."
    )


def with_coverage(
    contents: Contents, streams: Iterable[AnyStream], states: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """States that say what they cover. Earlier versions wrote none that do; the rows show what is certain.

    Args:
        contents: The database.
        streams: The streams to look at.
        states: Stream name to its state. One that has no known form stays as it is.
    """
    completed = dict(states)
    streams = list(streams)
    unreadable = unreadable_states(select_for_database(streams), states)
    deleted: bool | None = None
    for stream in streams:
        raw = states.get(stream.name)
        if (
            not isinstance(stream, ReportStream)
            or stream.cursor is None
            or raw is None
            or stream.name not in contents.columns
            or stream.name in unreadable
        ):
            continue
        cursors = read_state(stream.name, stream.cursor, raw)
        unknown = [account for account in cursors.accounts if cursors.covered_of(account) is None]
        if unknown:
            deleted = _has_deleted_objects(contents) if deleted is None else deleted
            _cover(contents, stream, cursors, unknown, deleted=deleted)
            completed[stream.name] = cursors.to_state()
    return completed


def _cover(
    contents: Contents,
    stream: ReportStream,
    cursors: Cursors,
    accounts: Sequence[AdvertiserId],
    *,
    deleted: bool,
) -> None:
    """Derive what the cursors of accounts cover from the first day that each has rows of.

    An account without rows was read from the same day as the others, if it has never had any.
    """
    sql = (
        f'SELECT advertiser_id, min("{stream.cursor}") FROM {contents.table(stream.name)}'  # noqa: S608 - names of the catalog
        f' WHERE advertiser_id IS NOT NULL AND "{stream.cursor}" IS NOT NULL GROUP BY advertiser_id'
    )
    firsts = {AdvertiserId(str(account)): _day_of(first) for account, first in contents.rows(sql, ())}
    earliest = min((first for first in firsts.values() if first is not None), default=None)
    for account in accounts:
        day = cursors.day_of(account)
        if day is None:
            continue
        first = firsts.get(account, earliest) or day
        shows = deleted or not stream.source.hides_deleted
        covered = covered_report(stream, min(first, day), include_deleted=shows)
        # The versions that wrote no coverage read no boosted posts.
        cursors.cover(account, msgspec.structs.replace(covered, boosted_posts=False))


def _day_of(value: object) -> date | None:
    """The day of a value; None if a user has changed it into something else, so that it says nothing."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _has_deleted_objects(contents: Contents) -> bool:
    """Whether an earlier sync has read deleted objects, which TikTok lists only if `include_deleted` is on."""
    queries = [
        f"SELECT EXISTS (SELECT 1 FROM {contents.table(name)} WHERE {_STATUS} = '{status}')"  # noqa: S608 - our own words
        for name, status in _DELETED.items()
        if _STATUS in contents.columns.get(name, ())
    ]
    return any(contents.rows(sql, ()) == [(True,)] for sql in queries)


class Start(msgspec.Struct, frozen=True):
    """From where the next sync into a database starts.

    Args:
        states: Stream name to its state.
        notices: What the sync will say about the database before it reads.
    """

    states: Mapping[str, Any]
    notices: tuple[str, ...] = ()


def next_start(destination: Destination, streams: Iterable[AnyStream]) -> Start | None:
    """From where a sync of these streams would start; None if no sync has filled the database yet.

    Raises:
        DestinationError: The database cannot be read now.
    """
    streams = list(streams)
    if isinstance(destination, StoreDestination):
        return _next_start_in_store(destination, streams)
    try:
        with opened_filled(destination) as database:
            contents = Contents(database.columns_by_table(), database.rows, database.table)
            source = stored_source(database)
            if source is None:
                lost = f"The states in {destination.display_name} are gone or cannot be read"
                return Start({}, (f"{lost}, so all is read from the start.",))
            damages = find_damage(contents, streams, source, {})
            gone = {damage.stream.name for damage in damages}
            states = {name: state for name, state in source.get("streams", {}).items() if name not in gone}
            notices = (describe(damages),) if damages else ()
            return Start(with_coverage(contents, streams, states), notices)
    except NothingToReadError:
        return None


def source_in(destination: Destination) -> Source | None:
    """Return what the last sync left beside its rows in a database; None if no sync has filled it yet.

    Raises:
        ConfigurationError: The states cannot be read.
        DestinationError: The database cannot be read now.
    """
    if isinstance(destination, StoreDestination):
        with _opened_store(destination) as (_, left):
            return left
    try:
        with opened_filled(destination) as database:
            source = stored_source(database)
    except NothingToReadError:
        return None
    if source is None:
        raise ConfigurationError(
            f"The states in {destination.display_name} are gone or cannot be read.",
            remedy="Run a sync: it reads everything again, and writes new states.",
        )
    return Source(source.get("streams", {}), source.get("filled") or (), source.get(REPORTS) or {})


def states_in(destination: Destination) -> Mapping[str, Any] | None:
    """Return the states that the last sync left in a database; None if no sync has filled it yet.

    Raises:
        ConfigurationError: The states cannot be read.
        DestinationError: The database cannot be read now.
    """
    source = source_in(destination)
    return None if source is None else source.streams


def last_syncs_in_store(destination: StoreDestination) -> dict[str, datetime]:
    """When the last sync of each stream into a destination without load jobs of our own ended, in UTC.

    Raises:
        DestinationError: It cannot be read now.
    """
    with _opened_store(destination) as (store, left):
        return {} if left is None else dict(store.last_syncs())


def _next_start_in_store(destination: StoreDestination, streams: Sequence[AnyStream]) -> Start | None:
    with _opened_store(destination) as (store, source):
        if source is None:
            return None
        damages = damage_in_store(store, streams, source)
        gone = {damage.stream.name for damage in damages}
        states = {name: state for name, state in source.streams.items() if name not in gone}
        return Start(states, (describe(damages),) if damages else ())


@contextmanager
def _opened_store(destination: StoreDestination) -> Iterator[tuple[Store, Source | None]]:
    """Open a destination to look at it, with what the last sync left there."""
    require_libraries(destination, "Reading from")
    with tempfile.TemporaryDirectory() as folder:
        try:
            store = destination.store(Path(folder))
            with store.opened():
                yield store, store.begin()
        except ConnectorError:
            raise
        except Exception as error:
            raise destination.describe_error(error, reading=True) from error


def damage_in_store(store: Store, streams: Sequence[AnyStream], source: Source) -> list[Damage]:
    """What is gone of streams that earlier syncs loaded into a destination without load jobs of our own."""
    known = store.known_columns()
    tables = store.tables(streams)
    non_empty = store.non_empty([stream for stream in streams if stream.name in tables])
    damages = (
        damage_of(
            stream,
            tables.get(stream.name),
            loaded=stream.name in source.streams or stream.name in known,
            filled=is_incremental(stream) and stream.name in source.filled,
            known=known.get(stream.name, ()),
            empty=stream.name not in non_empty,
            files=store.lost_files(stream) if is_incremental(stream) else (),
        )
        for stream in streams
    )
    return [damage for damage in damages if damage is not None]
