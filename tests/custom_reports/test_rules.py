"""The rules decide as the emulator does, which was written from TikTok's documents without them."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp
import pytest
from msgspec.structs import replace

from emulator.kit import NOW, Client
from tiktok_marketing.catalog.metric_index import metric_index
from tiktok_marketing.catalog.report_rules import (
    AUDIENCE_DIMENSIONS,
    BASIC_DIMENSIONS,
    CATALOG_DIMENSIONS,
    GRAINS,
    LEVELS,
    TIME_DIMENSIONS,
    Question,
    first_objection,
    is_documented,
)
from tiktok_marketing.catalog.stream import ReportFilter
from tiktok_marketing.emulator import Emulator, Options

_DAY = "2026-03-01"
_METRICS = tuple(metric_index())
_TRIED_GRAINS = ("hour", "day", "lifetime", "none")


class Tiktoks(NamedTuple):
    """TikTok as it may be: one that answers no more than its documents say, and one that answers what people report."""

    strict: Client
    lenient: Client


@pytest.fixture
async def tiktoks() -> AsyncIterator[Tiktoks]:
    """Two emulators without a quota."""
    lenient = Options(now=NOW, tier="unlimited", sandbox_throttle=False, latency=0, catalog_reports=True)
    strict = replace(lenient, audience_wide_metrics=False, country_wide_metrics=False)
    async with aiohttp.ClientSession() as session, Emulator(strict) as first, Emulator(lenient) as second:
        yield Tiktoks(Client(first, session), Client(second, session))


def _drawn(chance: random.Random) -> Question:
    """A report, often one that TikTok refuses."""
    report_type = chance.choice(("BASIC", "BASIC", "BASIC", "AUDIENCE", "AUDIENCE", "CATALOG"))
    dimensions_of = {"BASIC": BASIC_DIMENSIONS, "AUDIENCE": AUDIENCE_DIMENSIONS, "CATALOG": CATALOG_DIMENSIONS}
    own = dimensions_of.pop(report_type)
    other = chance.choice(tuple(dimensions_of.values()))
    level = chance.choice(tuple(LEVELS))
    dimensions: tuple[str, ...] = tuple(chance.sample(own, chance.choice((0, 1, 1, 1, 2))))
    if report_type == "AUDIENCE" and chance.random() < 0.3:
        dimensions = ("age", "gender")
    if chance.random() < 0.1:
        dimensions += (chance.choice(other),)
    if chance.random() < 0.1:
        dimensions += (chance.choice(("campaign_id", "ad_id_v2", "adgroup_id")),)
    metrics = tuple(chance.sample(_METRICS, chance.choice((1, 1, 2))))
    # A report has one filter per field. Nobody knows what TikTok makes of two.
    filters = tuple(
        {of.field: of for of in (_drawn_filter(chance) for _ in range(chance.choice((0, 0, 1, 2))))}.values()
    )
    return Question(
        report_type=report_type,
        level=level,
        dimensions=tuple(dict.fromkeys(dimensions)),
        metrics=chance.choice((metrics, ("spend",), ("spend", "clicks", *metrics[:1]), ("campaign_name", "reach"))),
        grain=chance.choice(_TRIED_GRAINS),
        filters=filters,
    )


def _drawn_filter(chance: random.Random) -> ReportFilter:
    """A filter, often one that TikTok refuses."""
    values = {
        "campaign_ids": ("1", "x"),
        "ad_ids_v2": ("1",),
        "ad_ids": ("1", "2"),
        "ad_status": ("STATUS_ALL", "DELETED"),
        "campaign_automation_type": ("MANUAL", "UPGRADED_SMART_PLUS_CREATIVE"),
        "buying_type": ("AUCTION", "BOUGHT"),
        "country_code": ("US",),
        "campaign_label": ("mine",),
        "create_time": ("2026-01-01 00:00:00", "yesterday"),
        "campaign_name": ("mine",),
    }
    field = chance.choice(tuple(values))
    kinds = ("IN", "IN", "NOT_IN") if field != "create_time" else ("GREATER_EQUAL", "BETWEEN", "IN")
    return ReportFilter(field=field, kind=chance.choice(kinds), values=(chance.choice(values[field]),))


async def _answer(client: Client, question: Question) -> tuple[int, str]:
    """What TikTok's endpoint answers: the code and the message."""
    grain = GRAINS[question.grain]
    assert grain is not None
    time = [TIME_DIMENSIONS[grain]] if grain in TIME_DIMENSIONS else []
    extra = [name for name in question.dimensions if name not in {question.id_dimension, *time}]
    days = {"query_lifetime": "true"} if question.grain == "lifetime" else {"start_date": _DAY, "end_date": _DAY}
    answer = await client.envelope(
        "report/integrated/get/",
        advertiser_id=client.emulator.advertiser_ids[0],
        service_type="AUCTION",
        report_type=question.report_type,
        data_level=LEVELS[question.level],
        dimensions=[question.id_dimension, *time, *extra],
        metrics=list(question.metrics),
        filtering=[
            {
                "field_name": of.field,
                "filter_type": of.kind,
                "filter_value": json.dumps(list(of.values) if "IN" in of.kind else of.values[0]),
            }
            for of in question.filters
        ],
        **days,
    )
    return answer["code"], answer["message"]


async def test_what_the_rules_accept_is_answered_and_what_they_refuse_is_refused(tiktoks: Tiktoks) -> None:
    """TikTok answers more than it documents: a lenient one answers what is accepted, a strict one refuses the rest."""
    chance = random.Random(20260310)
    decided = {True: 0, False: 0}
    for _ in range(700):
        question = _drawn(chance)
        objection = first_objection(question)
        settled = question.report_type == "CATALOG" or all(is_documented(name, question) for name in question.metrics)
        if objection is None and not settled:
            continue  # TikTok decides
        code, message = await _answer(tiktoks.lenient if objection is None else tiktoks.strict, question)
        assert (code == 0) is (objection is None), (question, objection, message)
        decided[objection is None] += 1
    assert min(decided.values()) > 100, decided
