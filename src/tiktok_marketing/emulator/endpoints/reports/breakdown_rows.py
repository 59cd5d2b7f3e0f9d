"""Reports with a breakdown: the rows of each object, day and value."""

from collections.abc import Iterable

from tiktok_marketing.emulator.business.breakdowns import Split, Value, hourly
from tiktok_marketing.emulator.business.business import Ad
from tiktok_marketing.emulator.business.delivery import LEAST_IMPRESSIONS, Numbers
from tiktok_marketing.emulator.endpoints.reports.metrics import derive
from tiktok_marketing.emulator.endpoints.reports.rows import AccountReport, Row, Subject, merge, total_of
from tiktok_marketing.emulator.randomness import mix


class BreakdownReport(AccountReport):
    """A report on one account whose figures are split by an audience dimension or by country.

    There is a row where a value has data; without a time dimension there are no rows of zeros, as no value is known
    that they could name.
    """

    def _count(self, subject: Subject) -> int:
        masks: dict[Value, int] = {}
        for ad in subject.ads:
            for value, mask in self._masks(ad).items():
                masks[value] = masks.get(value, 0) | mask
        return sum(mask.bit_count() for mask in masks.values()) if self._query.time else len(masks)

    def _masks(self, ad: Ad) -> dict[Value, int]:
        """For each value, the days (or hours) of the query on which the ad has data, as bits."""
        numbers, first = self._numbers, self._first
        span = numbers.span(ad, first, self._last)
        if not span:
            return {}
        split = Split(ad, self._query.breakdown)
        if self._query.time == "stat_time_hour":
            if len(split.values) == 1:
                mask = self._hours(ad)
                return {split.values[0]: mask} if mask else {}
            return _masked((label, value) for (label, value), _ in self._by_hour(ad, split))
        if len(split.values) == 1:
            mask = self._days(ad)
            return {split.values[0]: mask} if mask else {}
        whole = range(0)
        if not ad.trickles and split.certain(LEAST_IMPRESSIONS):
            whole = range(span.start, min(span.stop, ad.last_day + 1, numbers.today))
        taken = set(numbers.days_taken_back(ad, whole))
        masks = _masked((day - first, value) for day in whole if day not in taken for value in split.values)
        rest = max(span.start, whole.stop)
        if rest <= ad.last_day or numbers.model(ad).conversion_rate:
            for ordinal, vector in numbers.series(ad, rest, span.stop - 1):
                for value in split.present(vector, mix(ad.key ^ ordinal)):
                    masks[value] = masks.get(value, 0) | 1 << ordinal - first
        return masks

    def _by_hour(self, ad: Ad, split: Split) -> list[Row]:
        ordinal = self._first
        hours = self._numbers.hours(ad, ordinal) if ordinal <= self._last else []
        if not hours:
            return []
        days = [(value, vector) for (_, value), vector in by_day(self._numbers, ad, split, ordinal, ordinal)]
        return hourly(hours, days, mix(ad.key ^ ordinal))

    def _make(self, subject: Subject) -> list[Row]:
        query = self._query
        if query.time == "stat_time_hour":
            merged = merge(self._by_hour(ad, Split(ad, query.breakdown)) for ad in subject.ads)
            return [(key, derive(vector, reach * 6 // 5)) for key, vector, reach in merged]
        merged = merge(
            by_day(self._numbers, ad, Split(ad, query.breakdown), self._first, self._last) for ad in subject.ads
        )
        if query.time:
            return [(key, derive(vector, reach)) for key, vector, reach in merged]
        values: dict[Value, list[tuple[list[int], int]]] = {}
        for (_, value), vector, reach in merged:
            values.setdefault(value, []).append((vector, reach))
        return [((0, value), total_of(days)) for value, days in sorted(values.items())]


def by_day(numbers: Numbers, ad: Ad, split: Split, first: int, last: int) -> list[Row]:
    """The ad's days with data, each spread over the values of a breakdown."""
    return [
        ((ordinal, value), row)
        for ordinal, vector in numbers.series(ad, first, last)
        for value, row in split.spread(numbers.model(ad), vector, mix(ad.key ^ ordinal))
    ]


def _masked(places: Iterable[tuple[int, Value]]) -> dict[Value, int]:
    masks: dict[Value, int] = {}
    for place, value in places:
        masks[value] = masks.get(value, 0) | 1 << place
    return masks
