"""smart_plus/material_report: the figures of the creatives of Smart+ ads, and of what they are combined with.

A row sums the creatives that it is about. Each shows one video or carousel, but was shown with two texts: rows by text
overlap and must not be added up.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import Account, Ad
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.delivery import ZERO_VECTOR, Figures
from tiktok_marketing.emulator.business.smart_plus import (
    Entity,
    ad_material_id,
    add_on_of,
    call_to_action_of,
    main_creative,
    smart_ads,
    texts_of,
)
from tiktok_marketing.emulator.business.status import is_deleted, operation_status, primary_status, secondary_status
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.cache import BoundedCache
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, page_info
from tiktok_marketing.emulator.endpoints.reports.metrics import Layout, Order, derive
from tiktok_marketing.emulator.endpoints.reports.rows import merge_ads, sum_days
from tiktok_marketing.emulator.endpoints.smart_plus.query import (
    ADD_ON,
    CALL,
    CREATIVE,
    METRICS,
    MULTI_NAME,
    OWNERS,
    STATUSES,
    TEXT,
    MaterialQuery,
    parse,
)
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

_MAX_PAGE = 100
_CACHED_ROWS = 20_000

Key = tuple[str, tuple[Entity, ...]]
"""Whose creatives a row is about, and the entities that it names."""


class _Row(msgspec.Struct):
    """A row: its key, its time, its derived values, and the creatives that it sums."""

    key: Key
    time: str
    values: list[int]
    ads: list[Ad]


class MaterialReports:
    """Answers requests for the two reports, and remembers the rows between the pages of one query.

    Args:
        options: The settings of the emulator.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._known: BoundedCache[list[_Row]] = BoundedCache(_CACHED_ROWS)

    def answer(self, account: Account, figures: Figures, params: Mapping[str, Any], *, overview: bool) -> Answer:
        """One page of a report.

        Raises:
            Refusal: The request is wrong.
        """
        query = parse(params, overview=overview)
        page, size = read.integer(params, "page", 1, 1, None), read.integer(params, "page_size", 10, 1, _MAX_PAGE)
        rows = self._sorted(query, account, figures)
        layout = Layout([name for name in query.metrics if name in METRICS], account.template.currency, secondary=False)
        shown = [_record(query, row, layout, figures.now) for row in rows[(page - 1) * size : page * size]]
        return encode({"list": shown, "page_info": page_info(page, size, len(rows))})

    def _sorted(self, query: MaterialQuery, account: Account, figures: Figures) -> list[_Row]:
        """All rows of a query in the order that it asks for. Equal ones are in an order that means nothing."""
        known = self._known.at(figures.now)
        key = (account.id, msgspec.json.encode(query))
        rows = known.get(key)
        if rows is None:
            rows = list(_rows(query, account, figures, zero_rows=self._options.zero_rows))
            seed = keyed(self._options.seed, account.key)
            rows.sort(key=lambda row: keyed(seed, *f"{row.time}|{row.key[0]}".encode(), *_numbers(row.key[1])))
            order = Order(query.sort_field, account.template.currency)
            rows.sort(key=lambda row: order.number(row.values), reverse=not query.ascending)
            known.put(key, rows, len(rows) + 1)
        return rows


def _numbers(entities: tuple[Entity, ...]) -> list[int]:
    return [int(entity.id) for entity in entities]


def _rows(query: MaterialQuery, account: Account, figures: Figures, *, zero_rows: bool) -> Iterator[_Row]:
    begin = local_ordinal(account.zone, account.created)
    first = query.start.toordinal() if query.start else begin
    last = min(query.end.toordinal() if query.end else figures.last_day, figures.last_day)
    for key, ads in _subjects(query, account, figures.now).items():
        groups = _by_time(query.time, ads, figures, first, last)
        if not groups and zero_rows and not query.time:
            yield _Row(key, "", derive(ZERO_VECTOR, 0), ads)
        for time, days in groups.items():
            values = derive(*days[0]) if len(days) == 1 else sum_days(days)
            yield _Row(key, _time_text(account, query.time, time), values, ads)


def _subjects(query: MaterialQuery, account: Account, now: int) -> dict[Key, list[Ad]]:
    """The creatives of each key that passes the filters."""
    subjects: dict[Key, list[Ad]] = {}
    for smart_ad in smart_ads(account, now):
        ids = (account.id, smart_ad.campaign.id, smart_ad.group.id, smart_ad.id)
        owners = dict(zip(OWNERS, map(str, ids), strict=True))
        if any(owners[name] not in allowed for name, allowed in query.owner_ids.items()):
            continue
        for ad in smart_ad.all_creatives(now):
            entities = _entities(ad)
            if not _passes(query, entities):
                continue
            for named in product(*(_allowed(query, name, entities[name]) for name in query.entities)):
                subjects.setdefault((owners.get(query.owner, ""), named), []).append(ad)
    return subjects


def _allowed(query: MaterialQuery, name: str, entities: list[Entity]) -> list[Entity]:
    """The entities of a dimension that its filter allows."""
    return [item for item in entities if name not in query.entity_ids or item.id in query.entity_ids[name]]


def _entities(ad: Ad) -> dict[str, list[Entity]]:
    """What a creative consists of, by dimension."""
    add_on = add_on_of(ad.group)
    return {
        CREATIVE: [main_creative(ad)],
        TEXT: texts_of(ad),
        CALL: [call_to_action_of(ad)],
        ADD_ON: [add_on] if add_on else [],
    }


def _passes(query: MaterialQuery, entities: dict[str, list[Entity]]) -> bool:
    """Whether a creative contains what the filters ask for."""
    if query.types and entities[CREATIVE][0].type not in query.types:
        return False
    return all(any(item.id in allowed for item in entities[name]) for name, allowed in query.entity_ids.items())


def _by_time(
    time: str, ads: list[Ad], figures: Figures, first: int, last: int
) -> dict[tuple[int, int], list[tuple[list[int], int]]]:
    """The vectors and the reach of some ads for each time: a day and, by hour, a label. Weeks begin on a Monday."""
    groups: dict[tuple[int, int], list[tuple[list[int], int]]] = {}
    if time == "stat_time_hour":
        for ordinal in range(first, last + 1):
            for label, vector, reach in merge_ads(figures.hours(ad, ordinal) for ad in ads):
                groups[ordinal, label] = [(vector, reach * 6 // 5)]
        return groups
    for ordinal, vector, reach in merge_ads(figures.series(ad, first, last) for ad in ads):
        begin = 0
        if time == "stat_time_day":
            begin = ordinal
        elif time == "stat_time_week":
            begin = ordinal - date.fromordinal(ordinal).weekday()
        elif time == "stat_time_month":
            begin = date.fromordinal(ordinal).replace(day=1).toordinal()
        groups.setdefault((begin, 0), []).append((vector, reach))
    return groups


def _time_text(account: Account, time: str, key: tuple[int, int]) -> str:
    """The value of a time dimension. Some accounts get days without an hour, as users have seen."""
    if not time:
        return ""
    day = date.fromordinal(key[0])
    if time != "stat_time_hour" and account.index % 2:
        return day.isoformat()
    return f"{day} {key[1]:02d}:00:00"


def _record(query: MaterialQuery, row: _Row, layout: Layout, now: int) -> dict[str, Any]:
    """A row as it is answered, its keys in the order of the alphabet."""
    owner, named = row.key
    dimensions: dict[str, str] = {query.owner: owner} if query.owner else {}
    if query.time:
        dimensions[query.time] = row.time
    for name, entity in zip(query.entities, named, strict=True):
        dimensions[name] = entity.id
        dimensions[name.removesuffix("_id") + "_type"] = entity.type
    metrics: dict[str, Any] = msgspec.json.decode(layout.template({}) % layout.values(row.values))
    metrics |= {name: value for name, value in _described(query, row, now).items() if name in query.metrics}
    return {"dimensions": dict(sorted(dimensions.items())), "metrics": dict(sorted(metrics.items()))}


def _described(query: MaterialQuery, row: _Row, now: int) -> dict[str, Any]:
    """The metrics that describe the entities of a row, and the creative in its ad."""
    named = dict(zip(query.entities, row.key[1], strict=True))
    add_on = named.get(ADD_ON)
    described: dict[str, Any] = {
        "main_material_name": named[CREATIVE].name if CREATIVE in named else "",
        "ad_text": named[TEXT].name if TEXT in named else "",
        "call_to_action": named[CALL].name if CALL in named else "",
        "interactive_add_on_name": add_on.name if add_on else "",
        "interactive_add_on_id": add_on.asset if add_on else "",
        MULTI_NAME: "_".join(entity.name for entity in row.key[1]),
    }
    if query.owner != "smart_plus_ad_id" or CREATIVE not in named:
        return described | dict.fromkeys((name for name in STATUSES if name != "material_second_status_list"), "")
    newest = next((ad for ad in reversed(row.ads) if not is_deleted(ad, now)), row.ads[-1])
    return described | {
        "ad_material_id": sorted({ad_material_id(ad) for ad in row.ads}),
        "material_primary_status": primary_status(newest, now),
        "material_second_status_list": [secondary_status(newest, now)],
        "operation_status": {"DELETE": "FROZEN"}.get(operation_status(newest, now), operation_status(newest, now)),
    }
