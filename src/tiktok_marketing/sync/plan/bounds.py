"""What a bounded read asks for: some days, of some accounts. Pure.

A bounded read replaces whole days and is no step of the usual syncs. So the state moves only if the days that were due
are among those that it reads without a gap, and it never moves back (`plan.partitions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.config_values import is_advertiser_id, parse_day
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL, ZONE_BEHIND_ALL, day_in

_WORDS = {"today": 0, "yesterday": 1}
_DAYS_AGO = re.compile(r"([0-9]+)d", re.ASCII)
_LIKE_DAYS_AGO = re.compile(r"([0-9]+)\s*(?:d|days?)(?:\s+ago)?", re.ASCII | re.IGNORECASE)
_MOST_DAYS_AGO = 9999
"""TikTok has no figures that are older, and no calendar ends here."""
_FORMS = "Write a day as 2026-01-31, today, yesterday, or 30d for 30 days ago."


class DaysAgo(msgspec.Struct, frozen=True):
    """A day that depends on the account's date: this many days before its today."""

    days: int

    def __str__(self) -> str:
        return {days: word for word, days in _WORDS.items()}.get(self.days, f"{self.days} days ago")


Bound = date | DaysAgo
"""The first or the last day of a bounded read."""


def parse_bound(value: Any, name: str) -> Bound | None:
    """A bound from an option or an argument; None if it is None or an empty text.

    Args:
        value: A date, `YYYY-MM-DD`, `today`, `yesterday` or `30d`.
        name: The name of the option or argument, for errors.

    Raises:
        ConfigurationError: If it is none of these.
    """
    if not isinstance(value, str):
        return parse_day(value, name)
    text = value.strip()
    if text in _WORDS:
        return DaysAgo(_WORDS[text])
    if match := _DAYS_AGO.fullmatch(text):
        return _days_ago(match[1], name)
    try:
        return parse_day(text, name)
    except ConfigurationError as error:
        similar = _LIKE_DAYS_AGO.fullmatch(text)
        meant = f"{similar[1]}d" if similar else text.lower() if text.lower() in _WORDS else ""
        question = f"Did you mean {meant}? " if meant else ""
        raise ConfigurationError(error.message, remedy=question + _FORMS) from None


def _days_ago(digits: str, name: str) -> DaysAgo:
    digits = digits.lstrip("0")
    if not digits:
        raise ConfigurationError(f"{name} is 0d, but days are counted from 1.", remedy="Write today.")
    if len(digits) > len(str(_MOST_DAYS_AGO)):
        raise ConfigurationError(f"{name} is more than {_MOST_DAYS_AGO:,} days ago.", remedy=_FORMS)
    return DaysAgo(int(digits))


def day_of(bound: Bound, today: date) -> date:
    """The day that a bound means for an account where it is `today`."""
    return today - timedelta(days=bound.days) if isinstance(bound, DaysAgo) else bound


class Bounds(msgspec.Struct, frozen=True):
    """The days to read.

    Args:
        since: The first day of reports to read, whatever the states say; None to follow the states.
        until: The last day of reports to read; None for the configured one.
    """

    since: Bound | None = None
    until: Bound | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def __str__(self) -> str:
        if self.since is not None and self.since == self.until:
            return f"of {self.since}"
        words = [] if self.since is None else [f"from {self.since}"]
        return " ".join(words if self.until is None else [*words, f"to {self.until}"])


NO_BOUNDS = Bounds()
"""Every day that is due."""


def check_bounds(bounds: Bounds, end_date: date | None, clock: ClockReading) -> None:
    """Refuse bounds between which no account has a day: a sync would read nothing and seem to be complete.

    Args:
        bounds: The days to read.
        end_date: The last day of the configuration, which counts if the bounds have no last day.
        clock: The current time.

    Raises:
        ConfigurationError: If a bound is in the future everywhere, or no day is between them anywhere.
    """
    since, until = bounds.since, bounds.until
    todays = [day_in(zone, clock.latest) for zone in (ZONE_BEHIND_ALL, ZONE_AHEAD_OF_ALL)]
    for name, bound in (("since", since), ("until", until)):
        if isinstance(bound, date) and bound > todays[-1]:
            raise ConfigurationError(
                f"{name} is {bound}, which is in the future: nowhere is it later than {todays[-1]}.",
                remedy="Give an earlier day.",
            )
    last, what = (until, "until") if until is not None else (end_date, "end_date")
    if since is not None and last is not None and all(day_of(since, day) > day_of(last, day) for day in todays):
        raise ConfigurationError(
            f"since is {since}, which is after {what}, {last}.", remedy="Give an earlier first day or a later last day."
        )


def with_accounts(config: Config, accounts: Iterable[str] | None) -> Config:
    """The configuration, limited to these accounts; the same if None are named.

    Args:
        config: The configuration.
        accounts: Ids of accounts; a text may contain several, with commas.

    Raises:
        ConfigurationError: If one is not an id, or the configuration leaves it out.
    """
    if accounts is None:
        return config
    ids: dict[AdvertiserId, None] = {}
    for text in [accounts] if isinstance(accounts, str) else accounts:
        for part in str(text).split(","):
            if name := part.strip():
                ids[_readable(config, name)] = None
    if not ids:
        raise ConfigurationError(
            "No account is named.", remedy="Name at least one, or leave out the choice of accounts."
        )
    return msgspec.structs.replace(config, advertiser_ids=tuple(ids))


def _readable(config: Config, name: str) -> AdvertiserId:
    """An account that the configuration does not leave out.

    Raises:
        ConfigurationError: If it does, or the text is not an id.
    """
    if not is_advertiser_id(name):
        raise ConfigurationError(
            f"{name!r} is not the id of an ad account: that is a number such as 7012345678901234567.",
            remedy="`tiktok-marketing accounts` lists the accounts with their ids.",
        )
    advertiser_id = AdvertiserId(name)
    only = (config.advertiser_id,) if config.advertiser_id is not None else config.advertiser_ids
    setting = "credentials.advertiser_id" if config.advertiser_id is not None else "advertiser_ids"
    if only and advertiser_id not in only:
        raise ConfigurationError(
            f"The account {name} is not among those that {setting} selects.",
            remedy=f"Add it to {setting}, or leave it out.",
        )
    if advertiser_id in config.exclude_advertiser_ids:
        raise ConfigurationError(
            f"exclude_advertiser_ids leaves out the account {name}.", remedy="Remove it there, or do not name it."
        )
    return advertiser_id
