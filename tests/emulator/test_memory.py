"""The emulator's memory stays bounded, whatever clients send."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest

from emulator.kit import NOW
from tiktok_marketing.emulator import Emulator, Options, throttle
from tiktok_marketing.emulator.counters import OTHER, Counters

REPORT = {
    "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "dimensions": '["campaign_id","stat_time_day"]',
    "start_date": "2026-03-01", "end_date": "2026-03-03",
}  # fmt: skip


def emulator(**options: Any) -> Emulator:
    """A small emulator without a quota."""
    return Emulator(Options(now=NOW, tier="unlimited", advertisers=2, ads_per_account=3, days=10, **options))


def growth(platform: Emulator, before: Any, after: Any) -> int:
    """How many bytes the emulator keeps after the second requests, over what it kept after the first ones."""
    tracemalloc.start()
    sizes = []
    for requests in (before, after):
        for path, token, params in requests:
            platform.respond(path, token, params)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return sizes[1] - sizes[0]


@pytest.mark.parametrize("width", [10, 2_000])
def test_unknown_accounts_and_tokens_do_not_make_it_grow(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long names of accounts that do not exist, with right and wrong tokens, leave only the newest requests behind."""
    monkeypatch.setattr(throttle, "MAX_ADVERTISERS", 1_000)
    platform = emulator(record_requests=100, advertiser_requests_per_second=1000)
    token = platform.access_token

    def requests(begin: int, count: int) -> Any:
        for number in range(begin, begin + count):
            account = f"{number}".ljust(width, "7")
            yield "campaign/get/", token, {"advertiser_id": account}
            yield "campaign/get/", f"token {account}", {"advertiser_id": account, "page": account}

    assert growth(platform, requests(0, 1_500), requests(10_000, 3_000)) < 300_000
    assert len(platform.counters.rows()) < 2_100
    assert platform.counters.total(advertiser_id=OTHER, answer=40300) >= 3_000
    assert platform.counters.total() == 9_000


def test_different_filters_do_not_make_it_grow() -> None:
    """Lists and reports that are remembered between pages are bounded by what they need, not by their number."""
    platform = emulator(record_requests=0, cache_mb=1)
    account = platform.advertiser_ids[0]

    def requests(begin: int, count: int) -> Any:
        for number in range(begin, begin + count):
            name = f"{number:06}" * 3_000
            yield "campaign/get/", platform.access_token, {
                "advertiser_id": account, "filtering": f'{{"campaign_name":"{name}"}}',
            }  # fmt: skip

    assert growth(platform, requests(0, 600), requests(1_000, 600)) < 1_000_000


def test_remembered_requests_are_bounded_by_their_size() -> None:
    """A text that many requests share counts once, so that ordinary requests are all remembered."""
    counters = Counters(1_000)
    for number in range(2_000):
        counters.count("a/", {"metrics": "m" * 20_000, "page": str(number)}, "1", "0")
    assert len(counters.requests) == 1_000
    for number in range(2_000):
        counters.count("a/", {"metrics": f"{number:05}" * 4_000}, "1", "0")
    assert len(counters.requests) < 200
    assert counters.bytes <= 3_300_000
    counters.reset()
    assert (counters.bytes, counters.total()) == (0, 0)
