"""What a complete read of an account must yield, from the figures alone: no queries, no pages, no limits."""

from collections.abc import Sequence
from datetime import date
from operator import add
from typing import Any

from tiktok_marketing.emulator.business.breakdown_values import Value
from tiktok_marketing.emulator.business.breakdowns import DAILY, Distribution
from tiktok_marketing.emulator.business.business import Account, Ad, Item
from tiktok_marketing.emulator.business.delivery import ZERO_VECTOR, Figures
from tiktok_marketing.emulator.business.status import has_vanished, is_deleted
from tiktok_marketing.emulator.endpoints.reports.metrics import LEVELS, MONEY, Values, additive, derive, money_text
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import mix


def truth(
    account: Account,
    figures: Figures,
    start: date,
    end: date,
    options: Options,
    *,
    include_deleted: bool = True,
    hourly: bool = True,
    breakdowns: bool = False,
    details: bool = False,
) -> dict[str, Any]:
    """The sums, objects and rows of an account.

    Args:
        account: The account.
        figures: Its figures as of some time.
        start: First day, in the account's time zone.
        end: Last day, inclusive.
        options: Say whether reports without a time dimension list objects without data.
        include_deleted: Whether the reports include deleted objects, as with the filter STATUS_ALL.
        hourly: Whether to count the hourly rows, which takes most of the time. They are 0 otherwise.
        breakdowns: Whether to count the rows of daily reports by audience dimensions and by country.
        details: Whether to add the sums per object, hour of the day and value of a breakdown.

    Returns:
        `metrics`: for each level, the sums of the additive metrics over all rows. Counts are whole numbers, money is
        text with the decimals of the currency. `rows`: for each level, how many rows a report has by day, by hour,
        over the whole window and over the account's lifetime. `objects`: how many campaigns, ad groups and ads can be
        listed, and how many of them are deleted. `breakdowns`, on request: for each level, how many rows a daily report
        by `gender+age`, `country_code` and so on has. By country, a BASIC report has as many rows as an AUDIENCE
        report, and the rows of zeros of an unknown country are among them. At the advertiser level, deleted ads always
        count. `details`, on request: for each level, the sums of the additive metrics by `object` (its id), by `hour`
        (00 to 23) and by each breakdown (its values, joined by `+`).
    """
    now = figures.now
    first, last = start.toordinal(), min(end.toordinal(), figures.last_day)
    ads = account.ads(now)
    keys: dict[str, dict[str, set[tuple[int, int, int]]]] = {
        level: {"daily": set(), "hourly": set()} for level in LEVELS
    }
    sums = dict.fromkeys(LEVELS, ZERO_VECTOR)
    with_data: dict[str, set[int]] = {level: set() for level in LEVELS}
    for ad in ads:
        owners = _owners(account, ad, now, include_deleted=include_deleted)
        for ordinal, vector in figures.series(ad, first, last):
            hours = [label for label, _ in figures.hours(ad, ordinal)] if hourly else []
            for level, owner in owners.items():
                sums[level] = list(map(add, sums[level], vector))
                with_data[level].add(owner)
                keys[level]["daily"].add((owner, ordinal, 0))
                keys[level]["hourly"].update((owner, ordinal, label) for label in hours)
    vanish = options.deleted_ads_vanish_after
    lists: dict[str, Sequence[Item]] = {"campaign": account.campaigns(now), "adgroup": account.adgroups(now), "ad": ads}
    listed = {
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
        "metrics": {level: _metrics(sums[level], account.template.currency) for level in LEVELS},
        "rows": {
            level: {
                "daily": len(keys[level]["daily"]),
                "hourly": len(keys[level]["hourly"]),
                "window": listed[level] if options.zero_rows else len(with_data[level]),
                "lifetime": listed[level]
                if options.zero_rows
                else _count_delivered(account, figures, level, include_deleted=include_deleted),
            }
            for level in LEVELS
        },
        "objects": {
            f"{level}s": {
                "total": len(visible),
                "deleted": sum(1 for item in visible if is_deleted(item, now)),
            }
            for level, items in lists.items()
            for visible in [[item for item in items if vanish is None or not has_vanished(item, now, vanish)]]
        },
        **(
            {"breakdowns": _breakdowns(account, figures, first, last, include_deleted=include_deleted)}
            if breakdowns
            else {}
        ),
        **({"details": _details(account, figures, first, last, include_deleted=include_deleted)} if details else {}),
    }


def _breakdowns(
    account: Account, figures: Figures, first: int, last: int, *, include_deleted: bool
) -> dict[str, dict[str, int]]:
    """How many rows a daily report has, for each level and breakdown."""
    keys: dict[str, dict[str, set[tuple[int, int, Value]]]] = {
        level: {"+".join(breakdown): set() for breakdown in DAILY} for level in LEVELS
    }
    for ad in account.ads(figures.now):
        owners = _owners(account, ad, figures.now, include_deleted=include_deleted)
        days = figures.series(ad, first, last)
        for breakdown in DAILY:
            distribution = Distribution(ad, breakdown)
            for ordinal, vector in days:
                values = distribution.values_with_data(vector, mix(ad.key ^ ordinal))
                for level, owner in owners.items():
                    keys[level]["+".join(breakdown)].update((owner, ordinal, value) for value in values)
    return {
        level: {breakdown: len(row_keys) for breakdown, row_keys in by_breakdown.items()}
        for level, by_breakdown in keys.items()
    }


def _details(
    account: Account, figures: Figures, first: int, last: int, *, include_deleted: bool
) -> dict[str, dict[str, dict[str, dict[str, int | str]]]]:
    """The sums of the additive metrics, for each level, by object, by hour of the day and by value of a breakdown."""
    sums: dict[str, dict[str, dict[str, list[int]]]] = {level: {} for level in LEVELS}

    def add_up(level: str, by: str, value: object, vector: Sequence[int]) -> None:
        values = sums[level].setdefault(by, {})
        values[str(value)] = list(map(add, values.get(str(value), ZERO_VECTOR), vector))

    for ad in account.ads(figures.now):
        owners = _owners(account, ad, figures.now, include_deleted=include_deleted)
        distributions = {"+".join(breakdown): Distribution(ad, breakdown) for breakdown in DAILY}
        for ordinal, vector in figures.series(ad, first, last):
            parts: list[tuple[str, str, Sequence[int]]] = [
                ("hour", f"{label:02}", hour) for label, hour in figures.hours(ad, ordinal)
            ]
            for breakdown, distribution in distributions.items():
                spread = distribution.spread(figures.model(ad), vector, mix(ad.key ^ ordinal))
                parts += [(breakdown, "+".join(value), part) for value, part in spread]
            for level, owner in owners.items():
                add_up(level, "object", owner, vector)
                for by, value, part in parts:
                    add_up(level, by, value, part)
    currency = account.template.currency
    return {
        level: {
            by: {value: _metrics(vector, currency) for value, vector in values.items()} for by, values in groups.items()
        }
        for level, groups in sums.items()
    }


def _owners(account: Account, ad: Ad, now: int, *, include_deleted: bool) -> dict[str, int]:
    """For each level, the id of the object whose report rows include the ad's figures."""
    owners = {"advertiser": account.id}
    items: tuple[tuple[str, Item], ...] = (("campaign", ad.group.campaign), ("adgroup", ad.group), ("ad", ad))
    for level, item in items:
        if include_deleted or not is_deleted(item, now):
            owners[level] = item.id
    return owners


def _count_delivered(account: Account, figures: Figures, level: str, *, include_deleted: bool) -> int:
    """How many objects of a level have ever delivered anything."""
    delivered: set[int] = set()
    begin = account.sandbox_days[0] if account.sandbox_days else 1
    for ad in account.ads(figures.now):
        owner = _owners(account, ad, figures.now, include_deleted=include_deleted).get(level)
        if owner is not None and figures.span(ad, max(begin, ad.first_day), figures.last_day):
            delivered.add(owner)
    return len(delivered)


def _metrics(sums: list[int], currency: str) -> dict[str, int | str]:
    values = Values(currency)
    places = {name: values.place(value) for name, value in additive().items()}
    row = values.complete(derive(sums, 0))
    return {name: money_text(row[place], currency) if name in MONEY else row[place] for name, place in places.items()}
