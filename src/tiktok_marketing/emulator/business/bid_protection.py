"""Bid protection: the ad credits that TikTok owes when a campaign costs more than its bid promised."""

from datetime import date

import msgspec

from tiktok_marketing.emulator.business.business import DAY, AdGroup, Campaign
from tiktok_marketing.emulator.business.delivery import VECTOR_INDEX, Figures
from tiktok_marketing.emulator.randomness import keyed

SCALE = 100_000
"""The credits of a record are in this part of the currency, whatever decimals it has."""

_SPEND = VECTOR_INDEX["spend"]
_FIRST_DAYS = 3
_CONFIRMING_DAYS = 3
_NOTES = {
    "UNDER_PROTECTION": "The day is not over.",
    "CONFIRMING": "The result is being confirmed.",
    "PAYMENT_COMPLETE": "The ad credits were paid.",
    "TARGET_MET": "The cost was within the target.",
    "INELIGIBLE": "Too few conversions on this day.",
}


class DayRecord(msgspec.Struct, frozen=True):
    """Bid protection on one day.

    Attributes:
        day: The day of the account.
        status: UNDER_PROTECTION and CONFIRMING change later; INELIGIBLE, TARGET_MET and PAYMENT_COMPLETE are final.
        detail: The status in words.
        credit: The ad credits, in minor units of the currency.
    """

    day: date
    status: str
    detail: str
    credit: int


def is_protected(item: Campaign | AdGroup) -> bool:
    """Whether a campaign, or the campaign of an ad group, has bid protection."""
    campaign = item if isinstance(item, Campaign) else item.campaign
    usual = campaign.buying_type == "AUCTION" and campaign.profile in {"web", "app", "lead", "shop"}
    return usual and keyed(campaign.key, 66) % 3 > 0


def protection_status(item: Campaign | AdGroup, now: int) -> str:
    """ACTIVE, INACTIVE, or INVALID if it was paused or deleted within its first three days."""
    if not is_protected(item):
        return "INACTIVE"
    stopped = min(item.paused_at, item.deleted_at)
    if stopped <= now and stopped < item.created + _FIRST_DAYS * DAY:
        return "INVALID"
    campaign = item if isinstance(item, Campaign) else item.campaign
    return "INACTIVE" if min(stopped, campaign.stops_at) <= now else "ACTIVE"


def compensation_category(item: Campaign | AdGroup) -> str:
    """THREE_DAY for the first three days only, or FULL_LIFE_CYCLE."""
    campaign = item if isinstance(item, Campaign) else item.campaign
    return "THREE_DAY" if keyed(campaign.key, 70) % 4 == 0 else "FULL_LIFE_CYCLE"


def day_records(item: Campaign | AdGroup, figures: Figures, first: int, last: int) -> list[DayRecord]:
    """The records of the days (ordinals) on which something with bid protection spent money.

    The credits of a campaign are the sum of those of its ad groups.
    """
    if not is_protected(item):
        return []
    if compensation_category(item) == "THREE_DAY":
        campaign = item if isinstance(item, Campaign) else item.campaign
        last = min(last, figures.account.ordinal(campaign.created) + _FIRST_DAYS)
    groups = item.groups if isinstance(item, Campaign) else [item]
    records = []
    for ordinal in range(first, min(last, figures.last_day) + 1):
        spends = {group: _spend(group, figures, ordinal) for group in groups}
        if any(spends.values()):
            records.append(_record(spends, figures, ordinal))
    return records


def _spend(group: AdGroup, figures: Figures, ordinal: int) -> int:
    rows = (row for ad in group.ads if ad.created <= figures.now for row in figures.series(ad, ordinal, ordinal))
    return sum(vector[_SPEND] for _, vector in rows)


def _record(spends: dict[AdGroup, int], figures: Figures, ordinal: int) -> DayRecord:
    age = figures.today - ordinal
    campaign = next(iter(spends)).campaign
    dice = keyed(campaign.key, ordinal, 71)
    credit = sum(_credit(group, spend, ordinal) for group, spend in spends.items())
    if age < 1:
        status = "UNDER_PROTECTION"
    elif age <= _CONFIRMING_DAYS + dice % 6:
        status = "CONFIRMING"
    elif dice % 7 == 0:
        status = "INELIGIBLE"
    else:
        status = "PAYMENT_COMPLETE" if credit else "TARGET_MET"
    return DayRecord(
        day=date.fromordinal(ordinal),
        status=status,
        detail=_NOTES[status],
        credit=credit if status == "PAYMENT_COMPLETE" else 0,
    )


def _credit(group: AdGroup, spend: int, ordinal: int) -> int:
    """What an ad group is owed for a day: a part of its spend on one day in three."""
    dice = keyed(group.key, ordinal, 72)
    return spend * (5 + dice // 3 % 20) // 100 if dice % 3 == 0 else 0
