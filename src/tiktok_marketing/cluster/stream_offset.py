"""The offset of a stream of batches: the states of a sync, and when they were planned. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream
from tiktok_marketing.cluster.planning import ReadPlan
from tiktok_marketing.cluster.progress import Progress, Reached, advance
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.new_stores import is_by_store

_STILL_CHANGING = timedelta(minutes=10)
"""As in `plan.frontier`: objects that changed this shortly before reading began are read again next time."""
_VERSION = 1


class StreamOffset(msgspec.Struct, frozen=True, kw_only=True):
    """How far batches have read.

    Args:
        as_of: When the latest batch was planned; None before the first.
        states: The state of each stream, by name.
    """

    as_of: datetime | None = None
    states: Mapping[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """The offset as Spark keeps it: with values that are no lists."""
        return {
            "version": _VERSION,
            "as_of": "" if self.as_of is None else self.as_of.isoformat(),
            "states": msgspec.json.encode(self.states).decode(),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> StreamOffset:
        """The offset that `to_dict` made.

        Raises:
            ConfigurationError: If it is not one.
        """
        try:
            as_of = datetime.fromisoformat(raw["as_of"]) if raw["as_of"] else None
            return cls(as_of=as_of, states=msgspec.json.decode(raw["states"], type=dict[str, Any]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"The offset in the checkpoint cannot be read: {type(error).__name__}.",
                remedy="Use a new checkpoint location, with the last state in the option state.",
            ) from None


def offset_of(config: Config, stream: AnyStream, planned: ReadPlan, now: datetime) -> StreamOffset:
    """The offset once all partitions of a plan have been read.

    Args:
        config: The configuration.
        stream: The stream.
        planned: The plan.
        now: When it was made, in UTC.
    """
    reached = Progress({stream.name: _reached(stream, planned, now)}) if stream.cursor is not None else Progress()
    return StreamOffset(as_of=now, states=advance(config, planned.states, reached))


def _reached(stream: AnyStream, planned: ReadPlan, now: datetime) -> dict[AdvertiserId, Reached]:
    accounts: dict[AdvertiserId, Reached] = {}
    stores = planned.stores if is_by_store(stream) else {}
    for partition in planned.partitions:
        for account in partition.accounts:
            if not stream.has_days:
                accounts[account.advertiser_id] = Reached(cursor=f"{now - _STILL_CHANGING:%Y-%m-%d %H:%M:%S}")
            elif account.begins is not None and account.reaches is not None:
                days = ((account.begins, account.reaches),) if account.begins <= account.reaches else ()
                seen = stores.get(account.advertiser_id)
                accounts[account.advertiser_id] = Reached(begins=account.begins, days=days, stores=seen)
    return accounts
