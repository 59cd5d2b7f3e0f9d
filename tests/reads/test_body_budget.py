from __future__ import annotations

from datetime import date

import pytest

from support import NOW, Ahead
from tiktok_marketing.api.body_budget import BodyBudget
from tiktok_marketing.api.client import Client
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import HttpTransport
from tiktok_marketing.catalog import stream_named
from tiktok_marketing.clock import FixedClock
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.read.listing import ListReader, Request, TooManyRows

PAGE = 10


def request(advertiser_id: str, *, max_rows: int | None = None) -> Request:
    """Two weeks of one account's ads in many small pages."""
    params = {
        "advertiser_id": advertiser_id,
        "service_type": "AUCTION",
        "report_type": "BASIC",
        "data_level": "AUCTION_AD",
        "dimensions": ["ad_id", "stat_time_day"],
        "metrics": ["spend", "impressions"],
        "start_date": str(date(2026, 6, 1)),
        "end_date": str(date(2026, 6, 14)),
    }
    return Request(endpoint="report/integrated/get/", params=params, page_size=PAGE, disjoint=True, max_rows=max_rows)


@pytest.mark.parametrize("gzip", [False, True])
async def test_unprocessed_answers_stay_within_the_budget(*, gzip: bool) -> None:
    """Twenty pages are requested at once, a few are admitted at a time, and none is lost. In the end all is free."""
    stream = stream_named("ads_reports_daily")
    assert stream is not None
    options = Options(now=NOW, tier="unlimited", gzip=gzip, faults=(Fault(latency=0.05),))
    limit = 2**21 if gzip else 15_000
    budget = BodyBudget(limit)
    async with Emulator(options) as emulator, HttpTransport(emulator.url, budget=budget) as transport:
        clock = FixedClock(NOW)
        api = Client(transport, emulator.access_token, RateLimiters(tier_of(1000), clock), clock)
        list_reader = ListReader(api, report_reader(stream), Ahead(20))
        row_count, sizes = 0, set()
        async for delivery in list_reader.read(request(emulator.advertiser_ids[0])):
            assert budget.reserved <= limit
            row_count += len(delivery.records)
            sizes.add(delivery.size)

        assert row_count > 20 * PAGE
        assert sum(sorted(sizes)[-3:]) < limit
        assert budget.reserved == 0
        with pytest.raises(TooManyRows):
            async for _ in ListReader(api, report_reader(stream), Ahead(20)).read(
                request(emulator.advertiser_ids[0], max_rows=5)
            ):
                pass
        assert budget.reserved == 0
        unfinished = ListReader(api, report_reader(stream), Ahead(20)).read(request(emulator.advertiser_ids[0]))
        await anext(unfinished)
        await anext(unfinished)
        await unfinished.aclose()
        assert budget.reserved == 0
