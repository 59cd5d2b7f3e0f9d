"""The ad accounts of this run: which ones, and what must be known of them before anything can be planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec

from tiktok_marketing.errors import PartialAnswerError, TikTokError
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, day_in, earliest_day_in


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One ad account.

    Args:
        advertiser_id: Its id.
        name: Its name; empty if unknown.
        zone: Its time zone, which its days are in; `EARLIEST_ZONE` if it is unknown.
        created: Its first day there; None if unknown.
        info: Its record as `/advertiser/info/` gave it; None if it could not be had.
        error: Why not.
    """

    advertiser_id: str
    name: str = ""
    zone: tzinfo = ZONE_AHEAD_OF_ALL
    created: date | None = None
    info: Mapping[str, Any] | None = None
    error: TikTokError | None = None

    def today(self, now: datetime) -> date:
        """The account's date at an aware moment."""
        return day_in(self.zone, now)

    def latest_started_day(self, now: datetime) -> date:
        """The latest day that has begun for it for certain: what is before is over, and no hour of it is to come."""
        return earliest_day_in(self.zone, now)

    @property
    def zone_is_known(self) -> bool:
        """Whether TikTok has said which time zone it has, and this machine knows it."""
        return self.zone != ZONE_AHEAD_OF_ALL


class AccountList(msgspec.Struct, frozen=True):
    """The accounts that the token reaches.

    Args:
        rows: As TikTok gave them.
        incomplete: Why there may be more; None if these are all.
    """

    rows: Sequence[Mapping[str, Any]]
    incomplete: PartialAnswerError | None


class Accounts(msgspec.Struct, frozen=True):
    """What was found.

    Args:
        chosen: The accounts to read, in TikTok's order.
        listed: The token's list; None if it was not asked for.
        incomplete: Why there may be more accounts to read; None if these are all.
    """

    chosen: tuple[Account, ...]
    listed: AccountList | None = None
    incomplete: PartialAnswerError | None = None
