"""What the states in a database say, per stream and account, and how they are set back. The first part is pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from tiktok_marketing.catalog import ALL_STREAMS, AnyStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError, NothingToReadError
from tiktok_marketing.pipelines.databases.bookkeeping import SYNCS_TABLE, opened_filled
from tiktok_marketing.pipelines.databases.destination import Destination, StoreDestination
from tiktok_marketing.pipelines.databases.lock import reserved
from tiktok_marketing.pipelines.inspection import last_syncs_in_store
from tiktok_marketing.sync.plan.cursors import Cursor, Cursors, read_state
from tiktok_marketing.sync.plan.windows import Window


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """How far one account of one stream has been read.

    Args:
        stream: The stream's name.
        advertiser_id: The account.
        cursor: How far it has been read.
        covered_from: The first day that was read without a gap up to the cursor; None if that is not known.
        earlier: Days before it that were read too.
        gap: Days between the two that were not read.
    """

    stream: str
    advertiser_id: AdvertiserId
    cursor: str
    covered_from: date | None = None
    earlier: Window | None = None
    gap: Window | None = None


def account_states(
    states: Mapping[str, Any], streams: Collection[str] | None = None, known: Sequence[AnyStream] = ALL_STREAMS
) -> list[AccountState]:
    """What states say, in the order of the catalog and of the accounts' ids.

    Args:
        states: Stream name to its state.
        streams: The streams to look at; None for all.
        known: The streams that there are.

    Raises:
        ConfigurationError: A state has no known form.
    """
    rows = []
    for stream, cursors in _cursors_in(states, streams, known):
        for advertiser_id in _in_order(cursors.accounts):
            covered = cursors.covered_of(advertiser_id)
            earlier = None if covered is None else covered.earlier
            rows.append(
                AccountState(
                    stream=stream.name,
                    advertiser_id=advertiser_id,
                    cursor=str(cursors.of(advertiser_id)),
                    covered_from=None if covered is None else covered.start,
                    earlier=earlier,
                    gap=None if covered is None or earlier is None else covered.gap_from(earlier.start),
                )
            )
    return rows


def _in_order(accounts: Sequence[AdvertiserId]) -> list[AdvertiserId]:
    """Accounts by the number that their id is; a state has them in the order in which they were read."""
    return sorted(accounts, key=lambda advertiser_id: (len(advertiser_id), advertiser_id))


def _cursors_in(
    states: Mapping[str, Any], streams: Collection[str] | None, known: Sequence[AnyStream]
) -> list[tuple[AnyStream, Cursors]]:
    return [
        (stream, read_state(stream.name, stream.cursor, states[stream.name]))
        for stream in known
        if stream.cursor is not None and stream.name in states and (streams is None or stream.name in streams)
    ]


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """One account of one stream whose state is set back.

    Args:
        stream: The stream's name.
        advertiser_id: The account.
        cursor: How far it had been read.
        day: From which day on it is read again; None for everything from `start_date` on.
    """

    stream: str
    advertiser_id: AdvertiserId
    cursor: str
    day: date | None


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is set back.

    Args:
        streams: The names of the streams; None for all that have a state.
        accounts: The accounts; None for all.
        first: The day from which everything is read again; None for `start_date`.
    """

    streams: Collection[str] | None = None
    accounts: Collection[str] | None = None
    first: date | None = None


def plan_reset(
    states: Mapping[str, Any], request: ResetRequest, known: Sequence[AnyStream] = ALL_STREAMS
) -> tuple[list[Reset], dict[str, Mapping[str, Any] | None]]:
    """What is set back, and the states that say so. Cursors only move back.

    Returns:
        Each account that is read again, and the new state of each stream that changes; None for no state.

    Raises:
        ConfigurationError: A state has no known form.
    """
    resets: list[Reset] = []
    changed: dict[str, Mapping[str, Any] | None] = {}
    for stream, cursors in _cursors_in(states, request.streams, known):
        before = len(resets)
        for advertiser_id in _in_order(cursors.accounts):
            if request.accounts is None or advertiser_id in request.accounts:
                resets += _set_back(stream, cursors, advertiser_id, request.first)
        if len(resets) > before:
            changed[stream.name] = cursors.to_state() if cursors.accounts else None
    return resets, changed


def _set_back(stream: AnyStream, cursors: Cursors, advertiser_id: AdvertiserId, first: date | None) -> list[Reset]:
    cursor, day = cursors.of(advertiser_id), cursors.day_of(advertiser_id)
    covered = cursors.covered_of(advertiser_id)
    if cursor is None or day is None or (first is not None and first > day):
        return []
    if first is not None and covered is not None and first <= covered.start:
        first = None  # nothing of what the state covers stays
    cursors.adopt_common(advertiser_id)
    cursors.rewind(advertiser_id, None if first is None else Cursor(f"{first} 00:00:00"))
    return [Reset(stream=stream.name, advertiser_id=advertiser_id, cursor=cursor, day=first)]


def reset_states(
    destination: Destination, request: ResetRequest, known: Sequence[AnyStream] = ALL_STREAMS
) -> Sequence[Reset]:
    """Set states back in a database, in one transaction. No sync can run meanwhile.

    Returns:
        What was set back.

    Raises:
        DestinationError: Another sync is loading into the database, or it cannot be written to.
        ConfigurationError: A state has no known form.
    """
    from tiktok_marketing.pipelines.loader_of import loader_of  # with dlt and pyarrow, which only loading needs
    from tiktok_marketing.pipelines.package import LoadPackage

    with reserved(destination) as folder:
        loader = loader_of(destination, folder, lambda _: None)
        resets, changed = plan_reset(loader.open(()), request, known)
        if resets:
            package = LoadPackage(0.0)
            package.states.update(changed)
            loader.load(package)
    return resets


def last_syncs(destination: Destination) -> dict[str, datetime]:
    """When the last sync of each stream ended, in UTC, as far as the database says it.

    Raises:
        DestinationError: The database cannot be read now.
    """
    if isinstance(destination, StoreDestination):
        return last_syncs_in_store(destination)
    try:
        with opened_filled(destination) as database:
            if not {"stream", "ended_at"} <= set(database.columns_by_table().get(SYNCS_TABLE, ())):
                return {}
            table = database.table(SYNCS_TABLE)
            rows = database.rows(f"SELECT stream, max(ended_at) FROM {table} GROUP BY stream", ())  # noqa: S608 - our own names
    except NothingToReadError:
        return {}
    return {stream: ended for stream, ended in rows if isinstance(ended, datetime)}


def refuse_unknown(
    states: Mapping[str, Any],
    streams: Collection[str] | None,
    accounts: Collection[str] | None,
    known: Sequence[AnyStream] = ALL_STREAMS,
) -> None:
    """Refuse accounts that no state has.

    Raises:
        ConfigurationError: If there is one.
    """
    present = {row.advertiser_id for row in account_states(states, streams, known)}
    unknown = [account for account in accounts or () if account not in present]
    if unknown:
        raise ConfigurationError(
            f"The states in this database do not have the account {unknown[0]}.",
            remedy="`tiktok-marketing state show` lists the accounts.",
        )
