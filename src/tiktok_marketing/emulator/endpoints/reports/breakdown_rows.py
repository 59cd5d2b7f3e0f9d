"""Reports with a breakdown: rows per object, day and value."""

from collections.abc import Iterable

from tiktok_marketing.emulator.business.breakdown_values import Value
from tiktok_marketing.emulator.business.breakdowns import UNKNOWN_COUNTRY, Distribution, hourly
from tiktok_marketing.emulator.business.business import Ad
from tiktok_marketing.emulator.business.delivery import MIN_IMPRESSIONS, VECTOR_INDEX, Figures
from tiktok_marketing.emulator.endpoints.reports.metrics import derive
from tiktok_marketing.emulator.endpoints.reports.rows import AccountReport, Row, Subject, merge_ads, sum_days
from tiktok_marketing.emulator.randomness import mix

_IMPRESSIONS = VECTOR_INDEX["impressions"]
_FEW = 5
"""From how many impressions on a search term has a number."""


class BreakdownReport(AccountReport):
    """A report on one account whose figures are broken down by an audience dimension or by country.

    There is a row for each value with data. There are no rows of zeros, even without a time dimension, because there is
    no value that they could name.
    """

    def _count(self, subject: Subject) -> int:
        masks: dict[Value, int] = {}
        for ad in subject.ads:
            for value, mask in self._masks(ad).items():
                masks[value] = masks.get(value, 0) | mask
        return sum(mask.bit_count() for mask in masks.values()) if self._query.time else len(masks)

    def _texts(self, subject: Subject, rows: list[Row]) -> list[str]:
        """The text of rows. Few impressions of a search term are `<5`, so that nobody is recognised by it."""
        texts = super()._texts(subject, rows)
        if self._query.breakdown[0] != "search_terms" or "impressions" not in self._query.metrics:
            return texts
        hidden = [0 < values[_IMPRESSIONS] < _FEW for _, values in rows]
        return [
            text.replace(f'"impressions":"{values[_IMPRESSIONS]}"', f'"impressions":"<{_FEW}"', 1) if hide else text
            for text, (_, values), hide in zip(texts, rows, hidden, strict=True)
        ]

    def _masks(self, ad: Ad) -> dict[Value, int]:
        """For each value, the days or hours of the query on which the ad has data, as bits."""
        figures, first = self._figures, self._first
        span = figures.span(ad, first, self._last)
        if not span:
            return {}
        distribution = Distribution(ad, self._query.breakdown)
        if self._query.time == "stat_time_hour":
            if len(distribution.values) == 1:
                mask = self._hours(ad)
                return {distribution.values[0]: mask} if mask else {}
            return _masked((label, value) for (label, value), _ in self._by_hour(ad, distribution))
        if len(distribution.values) == 1:
            mask = self._days(ad)
            days = [day for day in span if mask >> day - first & 1]
            return ({distribution.values[0]: mask} if mask else {}) | self._unknown_country(ad, distribution, days)
        complete = range(0)  # the days on which every value is known to have data
        if not ad.trickles and distribution.reaches_all_values(MIN_IMPRESSIONS):
            complete = range(span.start, min(span.stop, ad.last_day + 1, figures.open_day))
        taken_back = set(figures.days_taken_back(ad, complete))
        whole_days = [day for day in complete if day not in taken_back]
        masks = _masked((day - first, value) for day in whole_days for value in distribution.values)
        masks |= self._unknown_country(ad, distribution, whole_days)
        rest = max(span.start, complete.stop)
        if rest <= ad.last_day or figures.model(ad).conversion_rate:
            for ordinal, vector in figures.series(ad, rest, span.stop - 1):
                for value in distribution.values_with_data(vector, mix(ad.key ^ ordinal)):
                    masks[value] = masks.get(value, 0) | 1 << ordinal - first
        return masks

    def _unknown_country(self, ad: Ad, distribution: Distribution, days: Iterable[int]) -> dict[Value, int]:
        """The days whose rows also name an unknown country."""
        return _masked(
            (day - self._first, UNKNOWN_COUNTRY)
            for day in days
            if distribution.names_unknown_country(mix(ad.key ^ day))
        )

    def _by_hour(self, ad: Ad, distribution: Distribution) -> list[Row]:
        ordinal = self._first
        hours = self._figures.hours(ad, ordinal) if ordinal <= self._last else []
        if not hours:
            return []
        days = [(value, vector) for (_, value), vector in by_day(self._figures, ad, distribution, ordinal, ordinal)]
        return hourly(hours, days, mix(ad.key ^ ordinal))

    def _build_rows(self, subject: Subject) -> list[Row]:
        query = self._query
        if query.time == "stat_time_hour":
            merged = merge_ads(self._by_hour(ad, Distribution(ad, query.breakdown)) for ad in subject.ads)
            return [(key, derive(vector, reach * 6 // 5)) for key, vector, reach in merged]
        merged = merge_ads(
            by_day(self._figures, ad, Distribution(ad, query.breakdown), self._first, self._last) for ad in subject.ads
        )
        if query.time:
            return [(key, derive(vector, reach)) for key, vector, reach in merged]
        values: dict[Value, list[tuple[list[int], int]]] = {}
        for (_, value), vector, reach in merged:
            values.setdefault(value, []).append((vector, reach))
        return [((0, value), sum_days(days)) for value, days in sorted(values.items())]


def by_day(figures: Figures, ad: Ad, distribution: Distribution, first: int, last: int) -> list[Row]:
    """The ad's days with data, spread over the values of a breakdown."""
    return [
        ((ordinal, value), row)
        for ordinal, vector in figures.series(ad, first, last)
        for value, row in distribution.spread(figures.model(ad), vector, mix(ad.key ^ ordinal))
    ]


def _masked(positions: Iterable[tuple[int, Value]]) -> dict[Value, int]:
    """For each value, its positions as bits."""
    masks: dict[Value, int] = {}
    for position, value in positions:
        masks[value] = masks.get(value, 0) | 1 << position
    return masks
