"""Full refreshes that an interruption does not send back to the start: what an earlier attempt has delivered. Pure.

A platform runs a full refresh in attempts. If one fails, the next gets the last states that it wrote, and goes on from
there: accounts that were read completely are left out, and a report of days goes on after the last day that was read
without a gap. A new refresh begins from the start, whatever the states say. If it did not, the rows of the earlier
refresh would be missing from it.

A state belongs to this refresh if it was written with the same settings, and

- if the platform numbers its syncs (`sync_id`): with the same `sync_id` and `generation_id`;
- otherwise: in the refresh whose states show that it was interrupted. A runner that keeps states for ever hands over
  the states of a finished refresh too. Then no stream's state is unfinished, and everything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream, Scope, Stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import wanted_of
from tiktok_marketing.sync.plan.cursors import FULL_REFRESH, Cursor, account_in_state, read_state
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.selection import RefreshId, Selected
from tiktok_marketing.sync.plan.state_forms import excerpt

_FINISHED = "finished"
"""In a state, in place of a day: everything of the account has been delivered."""
_FIRST_JOB = 1
"""Runners that do not number their syncs write 0 or 1 for each of them; on a platform, this is the very first job."""


def is_resumable(stream: Stream) -> bool:
    """Whether an interrupted full refresh of the stream can go on; not if one request reads many accounts."""
    return stream.scope is Scope.ACCOUNT


class RefreshProgress:
    """What the attempts of one full refresh of one stream have delivered.

    Args:
        refresh_id: How the platform numbers the refresh.
        settings: The settings that decide which rows there are.
        began: When its first attempt began, in UTC.
        reached: The last day of each account that has been read without a gap; None if the account is finished.
        continued: Whether an earlier attempt wrote the state that was handed over.
        restarted: Whether the state that was handed over is not of this refresh.
    """

    def __init__(
        self,
        refresh_id: RefreshId,
        settings: Mapping[str, Any],
        began: str,
        reached: Mapping[AdvertiserId, date | None] | None = None,
        *,
        continued: bool = False,
        restarted: bool = False,
    ) -> None:
        self.refresh_id = refresh_id
        self.settings = settings
        self.began = began
        self.complete = False
        """Whether the stream has ended with everything delivered."""
        self.continued = continued
        self.restarted = restarted
        self._reached = dict(reached or {})

    def reach(self, stream: Stream, advertiser_id: AdvertiserId, cursor: Cursor) -> bool:
        """Everything of the account up to this day has been delivered. Returns whether that is news.

        A row of a report without days sums up all of them, and an object has none: they are finished or not.
        """
        if not stream.has_days or (advertiser_id in self._reached and self._reached[advertiser_id] is None):
            return False
        self._reached[advertiser_id] = date.fromisoformat(cursor[:10])
        return True

    def finish(self, advertiser_id: AdvertiserId) -> None:
        """Everything of the account has been delivered."""
        self._reached[advertiser_id] = None

    def day_of(self, advertiser_id: AdvertiserId) -> date | None:
        """The last day of the account that has been read without a gap; None if none is known, or it is finished."""
        return self._reached.get(advertiser_id)

    def forget(self, advertiser_id: AdvertiserId) -> None:
        """Read the account from the start, because no attempt can have read as far as the state says."""
        self._reached.pop(advertiser_id, None)

    def remaining(self, partitions: Iterable[Partition]) -> list[Partition]:
        """What is left to read."""
        remaining = (self._rest_of(partition) for partition in partitions)
        return [partition for partition in remaining if partition is not None and partition.size]

    def _rest_of(self, partition: Partition) -> Partition | None:
        if partition.account is None or partition.account.advertiser_id not in self._reached:
            return partition
        reached = self._reached[partition.account.advertiser_id]
        if reached is None:
            return None
        if partition.first is None or reached < partition.first or not partition.stream.has_days:
            return partition
        if reached == date.max:  # no day follows it
            return None
        return msgspec.structs.replace(partition, first=reached + timedelta(days=1))

    @property
    def estimated_bytes(self) -> int:
        """The approximate size of the state as JSON."""
        return 256 + 35 * len(self._reached)

    def to_state(self) -> dict[str, Any]:
        """The state. It has no cursor, so that no incremental sync takes it for its own."""
        return {
            FULL_REFRESH: {
                "began": self.began,
                "generation_id": self.refresh_id.generation_id,
                "sync_id": self.refresh_id.sync_id,
                "settings": self.settings,
                "complete": self.complete,
                "accounts": {
                    advertiser_id: _FINISHED if day is None else str(day)
                    for advertiser_id, day in self._reached.items()
                },
            }
        }


class _Saved(msgspec.Struct):
    """A state of a full refresh, as `RefreshProgress.to_state` writes it."""

    began: str
    generation_id: int | None
    sync_id: int | None
    settings: dict[str, Any]
    complete: bool
    accounts: dict[str, str]

    @property
    def refresh_id(self) -> RefreshId:
        return RefreshId(self.generation_id, self.sync_id)

    def reached(self) -> dict[AdvertiserId, date | None]:
        """The last day of each account; None if it is finished.

        Raises:
            ValueError: If a day or an account is not one.
        """
        reached = {}
        for name, day in self.accounts.items():
            advertiser_id = account_in_state(name)
            if advertiser_id is None:
                raise ValueError(f"{excerpt(name)} is not an account's number")
            reached[advertiser_id] = None if day == _FINISHED else date.fromisoformat(day)
        return reached


def read_refreshes(
    config: Config, selected: Sequence[Selected], states: Mapping[str, Any], now: datetime
) -> dict[str, RefreshProgress]:
    """What earlier attempts have delivered, by stream name, for every stream that is read in a resumable full refresh.

    Args:
        config: The configuration.
        selected: The streams and their modes.
        states: The state of each stream, by name, in any known form.
        now: The current time, which becomes the name of a new refresh.

    Raises:
        ConfigurationError: If a state has no known form.
    """
    wanted = {
        selection.stream.name: (selection.stream, selection.refresh)
        for selection in selected
        if selection.refresh is not None
        and not (selection.incremental and selection.stream.cursor)
        and is_resumable(selection.stream)
    }
    saved = {name: _saved(stream, states.get(name)) for name, (stream, _) in wanted.items()}
    interrupted = _interrupted(saved.values())
    settings = {name: _settings(config, stream) for name, (stream, _) in wanted.items()}
    continued = {
        name: state
        for name, state in saved.items()
        if state is not None and state.settings == settings[name] and _is_same(wanted[name][1], state, interrupted)
    }
    # A stream that begins in a later attempt belongs to the refresh that goes on: else the next attempt took it for the
    # latest refresh, and read the others from the start.
    began = max((state.began for state in continued.values()), default=f"{now:%Y-%m-%dT%H:%M:%S.%fZ}")
    progress = {}
    for name, (_, refresh_id) in wanted.items():
        if name in continued:
            state = continued[name]
            progress[name] = RefreshProgress(refresh_id, settings[name], state.began, state.reached(), continued=True)
        else:
            progress[name] = RefreshProgress(refresh_id, settings[name], began, restarted=bool(states.get(name)))
    return progress


def unreadable_states(selected: Iterable[Selected], states: Mapping[str, Any]) -> dict[str, ConfigurationError]:
    """Why the state of a stream cannot be read, by name, for the selected streams where that is so."""
    errors = {}
    for selection in selected:
        stream, raw = selection.stream, states.get(selection.stream.name)
        try:
            if selection.incremental and stream.cursor is not None:
                read_state(stream.name, stream.cursor, raw)
            elif selection.refresh is not None and is_resumable(stream):
                _saved(stream, raw)
        except ConfigurationError as error:
            errors[stream.name] = error
    return errors


def merged_refreshes(stream: Stream, states: Sequence[Any]) -> dict[str, Any]:
    """The state of one full refresh that several processes read together, each some accounts.

    Args:
        stream: The stream.
        states: The state that each of them wrote.

    Raises:
        ConfigurationError: If they are not of the same full refresh, or one has no known form.
    """
    saved = [state for state in (_saved(stream, raw) for raw in states) if state is not None]
    first = saved[0]
    if any((state.refresh_id, state.settings) != (first.refresh_id, first.settings) for state in saved):
        raise ConfigurationError(
            f"The states of stream {stream.name} are of different full refreshes, so they cannot be merged.",
            remedy="Merge the states of one refresh only, or leave the stream out to read it from the start.",
        )
    merged = RefreshProgress(first.refresh_id, first.settings, max(state.began for state in saved))
    merged.complete = all(state.complete for state in saved)
    reached: dict[AdvertiserId, date | None] = {}
    for state in saved:
        for advertiser_id, day in state.reached().items():
            before = reached.get(advertiser_id, date.min)
            reached[advertiser_id] = None if day is None or before is None else max(day, before)
    for advertiser_id, day in sorted(reached.items()):
        if day is None:
            merged.finish(advertiser_id)
        else:
            merged.reach(stream, advertiser_id, Cursor(str(day)))
    return merged.to_state()


def _is_same(refresh_id: RefreshId, state: _Saved, interrupted: str | None) -> bool:
    if refresh_id != state.refresh_id:
        return False
    if refresh_id.sync_id is not None and refresh_id.sync_id > _FIRST_JOB:
        return True
    return state.began == interrupted


def _interrupted(states: Iterable[_Saved | None]) -> str | None:
    """When the latest refresh began that a stream did not finish; None if all were finished."""
    return max((state.began for state in states if state is not None and not state.complete), default=None)


def _settings(config: Config, stream: AnyStream) -> dict[str, Any]:
    """The settings that decide which rows of an account there are, and which figures those rows have."""
    wanted = wanted_of(config, stream)
    own = {
        "report": wanted.report,
        "extra_metrics": list(wanted.extra),
        "include_deleted_rows": wanted.include_deleted,
    }
    return {
        "start_date": str(config.start_date),
        "end_date": None if config.end_date is None else str(config.end_date),
        "include_deleted": config.include_deleted,
        "sandbox": config.sandbox,
        **({"include_promote": True} if config.include_promote else {}),
        **(own if wanted.report or wanted.extra else {}),
    }


def _saved(stream: Stream, raw: Any) -> _Saved | None:
    """The state of a full refresh; None if there is none, or the state is an incremental sync's or another connector's.

    Raises:
        ConfigurationError: If it has no known form.
    """
    read_state(stream.name, stream.cursor or "", raw)  # raises if nobody wrote such a state
    if not isinstance(raw, Mapping) or FULL_REFRESH not in raw:
        return None
    try:
        state = msgspec.convert(raw[FULL_REFRESH], _Saved)
        state.reached()
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(
            f"The state of stream {stream.name} cannot be read: its `{FULL_REFRESH}` has another form ({error}).",
            remedy="Pass the state that an earlier attempt wrote, or none to read everything again.",
        ) from None
    return state
