"""The ad accounts of this run: which ones they are, and the facts about them that planning needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

import msgspec

from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import IncompleteReadError, TikTokError
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, day_in, earliest_day_in


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One ad account.

    Args:
        advertiser_id: Its id.
        name: Its name; empty if unknown.
        zone: The fixed offset of its days and hours; `ZONE_AHEAD_OF_ALL` if unknown.
        created: The day it was created, in its time zone; None if unknown.
        place: Its place, whose clocks may change in spring and autumn; None if unknown.
        info: Its record from `/advertiser/info/`; None if TikTok did not give it.
        error: Why TikTok did not give the record.
    """

    advertiser_id: AdvertiserId
    name: str = ""
    zone: tzinfo = ZONE_AHEAD_OF_ALL
    created: date | None = None
    place: tzinfo | None = None
    info: Mapping[str, Any] | None = None
    error: TikTokError | None = None

    def today(self, now: datetime) -> date:
        """The account's date at an aware time."""
        return day_in(self.zone, now)

    def latest_started_day(self, now: datetime) -> date:
        """The latest day that has certainly begun, by the account's offset and at its place, or anywhere."""
        return earliest_day_in(self.zone, now, self.place)

    @property
    def zone_is_known(self) -> bool:
        """Whether TikTok gave the account's time zone, and this machine knows it."""
        return self.zone is not ZONE_AHEAD_OF_ALL


class AccountList(msgspec.Struct, frozen=True):
    """The accounts that the token has access to.

    Args:
        rows: The accounts as TikTok lists them.
        incomplete: Why there may be more accounts; None if these are all.
    """

    rows: Sequence[Mapping[str, Any]]
    incomplete: IncompleteReadError | None


class Accounts(msgspec.Struct, frozen=True):
    """The accounts of this run.

    Args:
        chosen: The accounts to read, in TikTok's order.
        listed: The token's list; None if it was not requested.
        incomplete: Why there are or may be more accounts to read; None if these are all.
    """

    chosen: tuple[Account, ...]
    listed: AccountList | None = None
    incomplete: IncompleteReadError | None = None
