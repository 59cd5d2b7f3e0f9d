"""When figures appear, when they are corrected, and how long conversions grow: all from the seed and the clock.

TikTok shows an hour half an hour to two hours after its end, and counts of people, cash and vouchers about sixteen
hours after it. Until an hour is complete, it may show a part of it. About noon UTC it corrects the day before, spend
included. What an account's figures show at a time is the same at every level, by hour and by breakdown, so that they
add up at any moment.
"""

from collections.abc import Callable
from datetime import tzinfo

import msgspec

from tiktok_marketing.emulator.business.business import FOREVER, Account, Ad, AdGroup
from tiktok_marketing.emulator.business.days import local_day, local_ordinal
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

_MINUTE = 60
_DAY = 86_400
_NOON = 12 * 3600

_HOUR, _PEOPLE, _CORRECTION, _ITEM_COST = 0x40C2, 0x9E0B, 0xC022, 0x17E7


class Movement(msgspec.Struct, frozen=True):
    """Which figures come late or change.

    Attributes:
        late_hours: Whether an hour appears some time after its end.
        late_people: Whether counts of people, cash, vouchers and billed costs come about sixteen hours late, and net
            costs of GMV Max and the costs of its products and posts up to eleven.
        corrections: Whether yesterday is corrected about noon UTC.
        late_conversions: Whether conversions grow for days.
        taken_back: The percentage of ad days whose figures disappear two days later.
    """

    late_hours: bool
    late_people: bool
    corrections: bool
    late_conversions: bool
    taken_back: int

    @classmethod
    def of(cls, options: Options) -> "Movement":
        """What the options switch on. `settled` switches everything off."""
        moves = not options.settled
        return cls(
            late_hours=moves and options.late_hours,
            late_people=moves and options.late_people,
            corrections=moves and options.corrections,
            late_conversions=moves and options.late_conversions,
            taken_back=options.taken_back if moves else 0,
        )


class Extent(msgspec.Struct, frozen=True):
    """How far an account's figures reach.

    Attributes:
        day: The first day (ordinal) that is not shown completely.
        hours: How many labelled hours of it are shown. The last of them may be shown in part.
        weight: The weight of what is shown of it; of the whole day it is the day's `total`.
    """

    day: int
    hours: int
    weight: int

    def weight_of(self, ordinal: int, total: int) -> int:
        """The weight of what is shown of a day whose weight is `total`."""
        if ordinal < self.day:
            return total
        return self.weight if ordinal == self.day else 0


def hours_shown(account: Account, now: int, movement: Movement) -> Extent:
    """How far figures reach at `now`: each hour appears 30 to 120 minutes after its end, most of them early.

    After half an hour a part of an hour may be shown.
    """
    if not movement.late_hours:
        return _extent(account.zone, now, now, lambda _: 0)

    def delay(end: int) -> int:
        bits = keyed(account.key, end, _HOUR)
        return (30 + (bits % 91) * (bits >> 32 & 0x3F) // 63) * _MINUTE

    extent = _extent(account.zone, now, now - 120 * _MINUTE, delay)
    day = local_day(account.zone, extent.day)
    end = day.ends[extent.hours]
    if end + 30 * _MINUTE > now:
        return extent
    part = day.weights[extent.hours] * (50 + keyed(account.key, end, _HOUR, 1) % 40) // 100
    return Extent(extent.day, extent.hours + 1, extent.weight + part)


def people_shown(account: Account, now: int, shown: Extent, movement: Movement) -> Extent:
    """How far counts of people, cash, vouchers and billed costs reach: about 16 hours less.

    Args:
        account: The account.
        now: The time, in seconds since 1970.
        shown: How far the other figures reach.
        movement: Which figures come late.
    """
    if not movement.late_people:
        return shown

    def delay(end: int) -> int:
        return (15 * 60 + 30 + keyed(account.key, end, _PEOPLE) % 61) * _MINUTE

    return _extent(account.zone, now, now - 17 * 60 * _MINUTE, delay)


def item_costs_shown(account: Account, now: int, shown: Extent, movement: Movement) -> Extent:
    """How far net costs of GMV Max reach, and the costs of its products and posts: up to eleven hours less.

    Args:
        account: The account.
        now: The time, in seconds since 1970.
        shown: How far the other figures reach.
        movement: Which figures come late.
    """
    if not movement.late_people:
        return shown

    def delay(end: int) -> int:
        return (9 * 60 + 30 + keyed(account.key, end, _ITEM_COST) % 91) * _MINUTE

    return _extent(account.zone, now, now - 11 * 60 * _MINUTE, delay)


def orders_known(age: int, movement: Movement) -> int:
    """Of 1,024 orders of a day of a GMV Max campaign: how many are known when it has been over for `age` days."""
    lag = _LAG[7 if movement.late_conversions else 0]
    return lag[min(max(age, 0), len(lag) - 1)]


def corrected_until(account: Account, now: int, movement: Movement) -> int:
    """The last day (ordinal) whose figures have been corrected.

    The correction of a day comes within three quarters of an hour after the first noon UTC at which it is complete.
    """
    if not movement.corrections or account.sandbox_days:
        return FOREVER
    ordinal = local_ordinal(account.zone, now)
    while True:
        complete = local_day(account.zone, ordinal).ends[-1] + 120 * _MINUTE
        noon = -(-(complete - _NOON) // _DAY) * _DAY + _NOON
        if noon + keyed(account.key, ordinal, _CORRECTION) % 46 * _MINUTE <= now:
            return ordinal
        ordinal -= 1


def uncorrected(impressions: int, random_bits: int) -> int:
    """What a day shows before its correction, in place of `impressions`: up to 1.6 % less or 4.6 % more."""
    return impressions + impressions * ((random_bits >> 40 & 0x1F) - 8) // 500


# -- conversions

_LAG = {
    0: (1024,),
    7: (620, 780, 860, 915, 955, 985, 1005, 1024),
    14: (560, 700, 780, 832, 870, 900, 924, 944, 961, 976, 989, 1000, 1009, 1017, 1024),
    28: (
        480, 610, 690, 745, 787, 821, 849, 872, 891, 907, 921, 933, 943, 952, 960, 967, 974, 980, 985, 990, 995, 1000,
        1004, 1008, 1012, 1015, 1018, 1021, 1024,
    ),
}  # fmt: skip
"""For each window, of 1,024 conversions of a day: how many are known when it is over, one day later, and so on."""


def click_window(group: AdGroup) -> int:
    """For how many days after a click an ad group counts conversions: 7 for most, 14 or 28 for a few."""
    chance = keyed(group.key, 0xA77B) % 20
    return (28, 14)[chance] if chance < 2 else 7


def known_conversions(ad: Ad, movement: Movement) -> tuple[int, ...]:
    """Of 1,024 conversions of a day of an ad: how many are known when it is over, one day later, and so on."""
    return _LAG[click_window(ad.group) if movement.late_conversions else 0]


def _extent(zone: tzinfo, now: int, surely: int, delay: Callable[[int], int]) -> Extent:
    """How far figures reach if each hour appears `delay(end)` after its end, and none before the one before it.

    Args:
        zone: The account's zone.
        now: The time, in seconds since 1970.
        surely: All hours that are over at this time have appeared.
        delay: For the end of an hour, how many seconds later it appears.
    """
    ordinal = local_ordinal(zone, surely)
    day = local_day(zone, ordinal)
    hours = day.hours_passed(surely)
    while True:
        if hours == len(day.ends):
            ordinal, hours = ordinal + 1, 0
            day = local_day(zone, ordinal)
        if day.ends[hours] + delay(day.ends[hours]) > now:
            return Extent(ordinal, hours, day.cumulative[hours])
        hours += 1
