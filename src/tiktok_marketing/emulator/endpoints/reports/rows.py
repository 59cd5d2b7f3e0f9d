"""The rows of a report, and their text. Only the rows of the requested page are built."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import add
from typing import TypeVar
from zlib import crc32

import msgspec

from tiktok_marketing.emulator.business.business import FOREVER, Account, Ad, AdGroup, Campaign, Item
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.delivery import VECTOR_INDEX, ZERO_VECTOR, Figures
from tiktok_marketing.emulator.endpoints.reports.attributes import attributes
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES
from tiktok_marketing.emulator.endpoints.reports.metrics import Layout, Order, derive
from tiktok_marketing.emulator.endpoints.reports.query import ReportQuery, filters_by_id, passes_filters
from tiktok_marketing.emulator.endpoints.reports.size import check_size, size_of
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed, mix

_BLOCK = 8
"""How many objects' rows stand in one another's places. Larger blocks make the first answer slower."""
_BLOCKS_KEPT = 4
SUBJECTS_KEPT = _BLOCK * _BLOCKS_KEPT
"""Of how many objects a report keeps the rows."""

_REACH = VECTOR_INDEX["reach"]
_ALL_DAYS = (1, FOREVER)

Key = tuple[int, tuple[str, ...]]
"""A time (a day's ordinal, an hour's label, or 0), and the values of the breakdown, if there is one."""

Row = tuple[Key, list[int]]
"""A row's key and its derived values."""

ANSWER_NAMES = {"interest_category": "interest_category_v2"}
"""Dimensions that an answer names otherwise than the request."""

KeyT = TypeVar("KeyT", int, Key)


class Subject:
    """The subject of some rows: one object of the report's level, and the ads whose figures its rows sum."""

    __slots__ = ("ads", "id", "item")

    def __init__(self, subject_id: int, item: Account | Item, ads: list[Ad]) -> None:
        self.id = subject_id
        self.item = item
        self.ads = ads


class AccountReport:
    """A report on one account as of one time. It counts its rows at once, and builds them when they are requested.

    TikTok promises no order. The rows come in one that follows from the seed, the query and the figures, so that it
    differs between two queries and changes when the figures do. It is the same on all pages of one moment.

    Attributes:
        total: How many rows it has.
        truncated: Whether it lacks ads because the account has too many.
        shuffle_key: The number from which its order follows.
    """

    def __init__(self, query: ReportQuery, account: Account, now: int, options: Options, figures: Figures) -> None:
        self._query = query
        self._account = account
        self._now = now
        self._options = options
        self._figures = figures
        first, last = _ALL_DAYS
        first_ever = account.sandbox_days[0] if account.sandbox_days else local_ordinal(account.zone, account.created)
        if query.start is not None and query.end is not None:
            first, last = query.start.toordinal(), query.end.toordinal()
        else:
            first = first_ever
        self._first, self._last = first, min(last, figures.last_day)
        self._zero_rows = options.zero_rows and not query.names_account
        self.truncated = False
        self.shuffle_key = keyed(options.seed, account.key, figures.version, crc32(msgspec.json.encode(query)))
        subjects = self._find_subjects()
        if options.shuffled_rows:
            subjects.sort(key=lambda subject: mix(self.shuffle_key ^ subject.id))
        self.size = size_of(query, len(subjects), max(0, self._last - max(self._first, first_ever) + 1))
        check_size(self.size, options.report_size_limit)
        self._blocks = [subjects[start : start + _BLOCK] for start in range(0, len(subjects), _BLOCK)]
        self._built: dict[int, list[tuple[str, list[int]]]] = {}
        counts = [sum(map(self._count, block)) for block in self._blocks]
        self._ends = list(accumulate(counts))
        self.total = self._ends[-1] if self._ends else 0
        metrics = list(query.metrics)
        currency = account.template.currency
        self._layouts = {
            flag: Layout(metrics, currency, secondary=flag, whole_money=query.several) for flag in (False, True)
        }

    def page(self, start: int, stop: int) -> str:
        """Rows `start` to `stop` (exclusive) as JSON, separated by commas."""
        texts: list[str] = []
        position = bisect_right(self._ends, start)
        while position < len(self._blocks) and start < stop:
            begin = self._ends[position - 1] if position else 0
            texts.extend(text for text, _ in self._block(position)[start - begin : stop - begin])
            start = self._ends[position]
            position += 1
        return ",".join(texts)

    def ordered(self) -> Iterator[tuple[int, str, list[int]]]:
        """All rows for queries with an order or totals: the number that each is ordered by, its text and its values."""
        field = self._query.order_field
        order = Order(field, self._account.template.currency) if field else None
        for position in range(len(self._blocks)):
            for text, values in self._block(position):
                yield (order.number(values) if order else 0), text, values

    @property
    def subject_count(self) -> int:
        """How many objects its rows can be about."""
        return sum(map(len, self._blocks))

    # -- the subjects, and how many rows they have

    def _find_subjects(self) -> list[Subject]:
        query, account, now = self._query, self._account, self._now
        if query.level == "advertiser":
            ads = account.ads(now, query.origins)
            if query.filters:
                ads = [ad for ad in ads if passes_filters(query, ad, now)]
            return [Subject(account.id, account, ads)]
        if query.level == "ad":
            return self._find_ads()
        items: Sequence[Campaign | AdGroup] = (
            account.campaigns(now, query.origins) if query.level == "campaign" else account.adgroups(now, query.origins)
        )
        subjects = []
        narrowed = any(
            item.field in {"ad_ids", "ad_ids_v2", "ad_status", "adgroup_ids", "adgroup_status"}
            for item in query.filters
        )
        for item in reversed(items):
            if passes_filters(query, item, now):
                ads = [ad for ad in item.ads if ad.created <= now and (not narrowed or passes_filters(query, ad, now))]
                subjects.append(Subject(item.id, item, ads))
        return subjects

    def _find_ads(self) -> list[Subject]:
        query, now, limit = self._query, self._now, self._options.ad_report_limit
        ads = list(reversed(self._account.ads(now, query.origins)))
        lifted = filters_by_id(query) and self._options.ad_report_limit_lifted_by_filter
        if not lifted and len(ads) >= limit:
            self.truncated = True
            ads = ads[:limit]
        ads = [ad for ad in ads if passes_filters(query, ad, now)]
        if lifted and len(ads) >= limit:
            self.truncated = True
            ads = ads[:limit]
        if query.id_dimension != "ad_id_v2":
            return [Subject(ad.id, ad, [ad]) for ad in ads]
        grouped: dict[int, Subject] = {}
        for ad in ads:
            grouped.setdefault(ad.v2_id, Subject(ad.v2_id, ad, [])).ads.append(ad)
        return list(grouped.values())

    def _count(self, subject: Subject) -> int:
        """How many rows a subject has, if possible without building them."""
        if not self._query.time:
            if self._zero_rows:
                return 1
            return int(any(self._days(ad) for ad in subject.ads))
        mask = 0
        for ad in subject.ads:
            mask |= self._days(ad) if self._query.time == "stat_time_day" else self._hours(ad)
        return mask.bit_count()

    def _days(self, ad: Ad) -> int:
        """The days of the query on which the ad has data, as bits. A day of delivery always has an impression."""
        span = self._figures.span(ad, self._first, self._last)
        if not span:
            return 0
        mask = 0
        delivered = min(span.stop, ad.last_day + 1) - span.start
        if delivered > 0:
            mask = (1 << delivered) - 1 << span.start - self._first
            for ordinal in self._figures.days_taken_back(ad, span[:delivered]):
                mask &= ~(1 << ordinal - self._first)
        tail = max(span.start, ad.last_day + 1)
        if tail < span.stop and self._figures.model(ad).conversion_rate:
            for ordinal, _ in self._figures.series(ad, tail, span.stop - 1):
                mask |= 1 << ordinal - self._first
        return mask

    def _hours(self, ad: Ad) -> int:
        """The hours of the query's day in which the ad has data, as bits."""
        span = self._figures.span(ad, self._first, self._last)
        if not span or self._figures.takes_back(ad, self._first):
            return 0
        if ad.trickles or self._first > ad.last_day:
            return sum(1 << label for label, _ in self._figures.hours(ad, self._first))
        labels = self._figures.day(self._first).labels[: self._figures.hours_shown(self._first)]
        return sum(1 << label for label in labels)

    # -- the rows

    def _block(self, position: int) -> list[tuple[str, list[int]]]:
        """The rows of some objects, in their order: the text and the values of each."""
        block = self._built.get(position)
        if block is None:
            if len(self._built) >= _BLOCKS_KEPT:
                self._built.clear()
            block = self._built[position] = self._build_block(position)
        return block

    def _build_block(self, position: int) -> list[tuple[str, list[int]]]:
        block: list[tuple[str, list[int]]] = []
        for subject in self._blocks[position]:
            rows = self._build_rows(subject)
            block += zip(self._texts(subject, rows), (values for _, values in rows), strict=True)
        if not self._options.shuffled_rows:
            return block
        places = sorted(range(len(block)), key=lambda row: mix(self.shuffle_key ^ (position << 32 | row)))
        return [block[place] for place in places]

    def _build_rows(self, subject: Subject) -> list[Row]:
        if self._query.time == "stat_time_hour":
            merged = merge_ads(self._figures.hours(ad, self._first) for ad in subject.ads if self._first <= self._last)
            return [((when, ()), derive(vector, reach * 6 // 5)) for when, vector, reach in merged]
        merged = merge_ads(self._figures.series(ad, self._first, self._last) for ad in subject.ads)
        if self._query.time:
            return [((when, ()), derive(vector, reach)) for when, vector, reach in merged]
        if not merged:
            return [((0, ()), derive(ZERO_VECTOR, 0))] if self._zero_rows else []
        return [((0, ()), sum_days([(vector, reach) for _, vector, reach in merged]))]

    # -- their text

    def _texts(self, subject: Subject, rows: list[Row]) -> list[str]:
        if not rows:
            return []
        query = self._query
        secondary = (
            bool(subject.ads)
            and query.level != "advertiser"
            and all(self._figures.model(ad).secondary for ad in subject.ads)
        )
        layout = self._layouts[secondary]
        attribute_values = attributes(layout.attributes, self._account, subject.item, self._now)
        if query.id_dimension == "ad_id_v2" and "ad_id_v2" in attribute_values:
            attribute_values["ad_id_v2"] = str(subject.id)
        row_dimensions = {query.time, *query.breakdown}
        ids = {"advertiser_id": self._account.id} if query.names_account else {}
        names = [
            f'"{ANSWER_NAMES.get(name, name)}":"%s"'
            if name in row_dimensions
            else f'"{name}":"{ids.get(name, subject.id)}"'
            for name in query.dimensions
        ]
        head = '{"dimensions":{' + ",".join(names) + '},"metrics":'
        tail = self._account_text() if query.several else "}"
        template = head + layout.template(attribute_values) + tail
        values = layout.values
        return [template % (*self._dimension_texts(key), *values(row)) for key, row in rows]

    def _dimension_texts(self, key: Key) -> list[str]:
        """The values of a row's time and breakdown, in the order of the query."""
        when, value = key
        query, figures = self._query, self._figures
        texts = dict(zip(query.breakdown, value, strict=True))
        if query.time == "stat_time_day":
            texts[query.time] = f"{figures.day(when).day} 00:00:00"
        elif query.time:
            texts[query.time] = f"{figures.day(self._first).day} {when:02d}:00:00"
        return [texts[name] for name in query.dimensions if name in texts]

    def _account_text(self) -> str:
        account = self._account
        fields = {
            "advertiser_id": str(account.id),
            "currency": account.template.currency,
            "timezone": account.template.zone,
        }
        return "," + msgspec.json.encode(fields).decode()[1:].replace("%", "%%")


def merge_ads(series: Iterator[list[tuple[KeyT, list[int]]]]) -> list[tuple[KeyT, list[int], int]]:
    """Merge the rows of several ads: sums, and how many different people the ads reached together.

    Some people see several ads, so the reach is less than the sum.
    """
    vectors: dict[KeyT, list[int]] = {}
    largest: dict[KeyT, int] = {}
    for rows in series:
        for key, vector in rows:
            vector_sum = vectors.get(key)
            if vector_sum is None:
                vectors[key] = vector
                largest[key] = vector[_REACH]
            else:
                vectors[key] = list(map(add, vector_sum, vector))
                largest[key] = max(largest[key], vector[_REACH])
    return [
        (key, vectors[key], largest[key] + (vectors[key][_REACH] - largest[key]) * 85 // 100) for key in sorted(vectors)
    ]


def sum_days(rows: list[tuple[list[int], int]]) -> list[int]:
    """Sum the rows of several days. People who are reached again on another day count once."""
    sums = ZERO_VECTOR
    reach = largest = 0
    for vector, reached in rows:
        sums = list(map(add, sums, vector))
        reach += reached
        largest = max(largest, reached)
    return derive(sums, largest + (reach - largest) * 45 // 100)


def total_metrics(query: ReportQuery, values: list[list[int]], currency: str) -> str:
    """The JSON of total_metrics: the sums of all rows, and quotients of these sums. Attribute metrics are left out."""
    sums = ZERO_VECTOR
    for row in values:
        sums = list(map(add, sums, row))
    metrics = [name for name in query.metrics if name not in ATTRIBUTES]
    layout = Layout(metrics, currency, secondary=False, whole_money=query.several)
    return layout.template({}) % layout.values(derive(sums, sums[_REACH] * 45 // 100))
