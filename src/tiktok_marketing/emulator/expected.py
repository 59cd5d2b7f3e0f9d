"""What a complete reader must end up with, worked out from the figures alone: no query, no page, no limit."""

from collections.abc import Sequence
from datetime import date
from operator import add
from typing import Any

from tiktok_marketing.emulator.business.breakdowns import DAILY, Split, Value
from tiktok_marketing.emulator.business.business import Account, Ad, Item
from tiktok_marketing.emulator.business.delivery import ZERO, Numbers
from tiktok_marketing.emulator.business.status import is_deleted
from tiktok_marketing.emulator.endpoints.reports.metrics import INDEX, LEVELS, MONEY, additive, decimal_text, derive
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import mix


def truth(
    account: Account,
    numbers: Numbers,
    start: date,
    end: date,
    options: Options,
    *,
    include_deleted: bool = True,
    hourly: bool = True,
    breakdowns: bool = False,
) -> dict[str, Any]:
    """Sums, objects and rows of an account.

    Args:
        account: Whose.
        numbers: Its figures as of a time.
        start: First day, in the account's time zone.
        end: Last day, inclusive.
        options: Whether objects without data are rows of reports without a time dimension.
        include_deleted: Whether reports are thought to be asked for with STATUS_ALL.
        hourly: Whether to count the hourly rows, which takes most of the time; they are 0 otherwise.
        breakdowns: Whether to count the rows of daily reports by audience dimensions and by country.

    Returns:
        `metrics`: for each level, the sums of the additive metrics over all rows; counts are whole numbers, money is
        text with two decimals. `rows`: for each level, how many rows a report has by day, by hour, over the whole
        window and over the account's lifetime. `objects`: how many campaigns, ad groups and ads exist, and how many
        of them are deleted. `breakdowns`, if asked for: for each level, how many rows a daily report by `gender+age`,
        `country_code` and so on has; by country a BASIC report has as many as an AUDIENCE report. At the advertiser
        level deleted ads always count.
    """
    now = numbers.now
    first, last = start.toordinal(), min(end.toordinal(), numbers.last_day)
    ads = account.ads(now)
    keys: dict[str, dict[str, set[tuple[int, int, int]]]] = {
        level: {"daily": set(), "hourly": set()} for level in LEVELS
    }
    sums = dict.fromkeys(LEVELS, ZERO)
    with_data: dict[str, set[int]] = {level: set() for level in LEVELS}
    for ad in ads:
        owners = _owners(account, ad, now, include_deleted=include_deleted)
        for ordinal, vector in numbers.series(ad, first, last):
            hours = [label for label, _ in numbers.hours(ad, ordinal)] if hourly else []
            for level, owner in owners.items():
                sums[level] = list(map(add, sums[level], vector))
                with_data[level].add(owner)
                keys[level]["daily"].add((owner, ordinal, 0))
                keys[level]["hourly"].update((owner, ordinal, label) for label in hours)
    split = _breakdowns(account, numbers, first, last, include_deleted=include_deleted) if breakdowns else {}
    lists: dict[str, Sequence[Item]] = {"campaign": account.campaigns(now), "adgroup": account.adgroups(now), "ad": ads}
    shown = {
        level: sum(1 for item in items if include_deleted or not is_deleted(item, now))
        for level, items in lists.items()
    } | {"advertiser": 1}
    return {
        "advertiser_id": str(account.id),
        "display_timezone": account.template.zone,
        "currency": account.template.currency,
        "start_date": start.isoformat(),
        "end_date": end.isoformat(),
        "include_deleted": include_deleted,
        "metrics": {level: _metrics(sums[level]) for level in LEVELS},
        "rows": {
            level: {
                "daily": len(keys[level]["daily"]),
                "hourly": len(keys[level]["hourly"]),
                "window": shown[level] if options.zero_rows else len(with_data[level]),
                "lifetime": shown[level]
                if options.zero_rows
                else _alive(account, numbers, level, include_deleted=include_deleted),
            }
            for level in LEVELS
        },
        "objects": {
            f"{level}s": {
                "total": len(items),
                "deleted": sum(1 for item in items if is_deleted(item, now)),
            }
            for level, items in lists.items()
        },
        **({"breakdowns": split} if breakdowns else {}),
    }


def _breakdowns(
    account: Account, numbers: Numbers, first: int, last: int, *, include_deleted: bool
) -> dict[str, dict[str, int]]:
    """How many rows daily reports have, by level and breakdown."""
    keys: dict[str, dict[str, set[tuple[int, int, Value]]]] = {
        level: {"+".join(breakdown): set() for breakdown in DAILY} for level in LEVELS
    }
    for ad in account.ads(numbers.now):
        owners = _owners(account, ad, numbers.now, include_deleted=include_deleted)
        days = numbers.series(ad, first, last)
        for breakdown in DAILY:
            split = Split(ad, breakdown)
            for ordinal, vector in days:
                values = split.present(vector, mix(ad.key ^ ordinal))
                for level, owner in owners.items():
                    keys[level]["+".join(breakdown)].update((owner, ordinal, value) for value in values)
    return {level: {name: len(found) for name, found in split.items()} for level, split in keys.items()}


def _owners(account: Account, ad: Ad, now: int, *, include_deleted: bool) -> dict[str, int]:
    """The object of each level whose report rows hold the ad's figures."""
    owners = {"advertiser": account.id}
    held: tuple[tuple[str, Item], ...] = (("campaign", ad.group.campaign), ("adgroup", ad.group), ("ad", ad))
    for level, item in held:
        if include_deleted or not is_deleted(item, now):
            owners[level] = item.id
    return owners


def _alive(account: Account, numbers: Numbers, level: str, *, include_deleted: bool) -> int:
    found: set[int] = set()
    begin = account.sandbox_days[0] if account.sandbox_days else 1
    for ad in account.ads(numbers.now):
        owner = _owners(account, ad, numbers.now, include_deleted=include_deleted).get(level)
        if owner is not None and numbers.span(ad, max(begin, ad.first_day), numbers.last_day):
            found.add(owner)
    return len(found)


def _metrics(sums: list[int]) -> dict[str, int | str]:
    row = derive(sums, 0)
    return {
        name: decimal_text(row[INDEX[part]]) if name in MONEY else row[INDEX[part]] for name, part in additive().items()
    }
