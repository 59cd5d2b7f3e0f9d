"""What the tests of the pure rooms are made of."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, cast

from hypothesis import strategies as st

from tiktok_marketing.api.client import Client, Waiting
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import Tier, tier_of
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import AnyStream, ReportSource, report_stream, stream_named
from tiktok_marketing.config import Config
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.read.report_parts import DaysRead
from tiktok_marketing.sync.read.reports import ReportWindow

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TOKEN = "tok-5f1c9a"
SECRET = "sec-77aa01"
APP_ID = "7123456789012345678"
OAUTH = {"auth_type": "oauth2.0", "app_id": APP_ID, "secret": SECRET, "access_token": TOKEN}
SANDBOX = {"auth_type": "sandbox_access_token", "advertiser_id": "7001", "access_token": TOKEN}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Anything that a JSON file can hold."""


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.text('"\\:-,{}[]u002d \n', max_size=12)
"""Any text, and texts that look like JSON around a null."""

any_value = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | texts | st.lists(texts, max_size=2)
"""A value that a field may have, whatever its type."""


def config(**fields: Any) -> Config:
    """A production configuration that starts on 1 January 2026."""
    return Config(
        **{"access_token": TOKEN, "app_id": APP_ID, "secret": SECRET, "start_date": date(2026, 1, 1)} | fields
    )


def account(
    advertiser_id: str = "7001", *, zone: tzinfo = UTC, created: date | None = None, place: tzinfo | None = None
) -> Account:
    """An account whose days are UTC's."""
    return Account(advertiser_id=advertiser_id, zone=zone, created=created, place=place)


def stream(name: str) -> AnyStream:
    """A stream of the catalog."""
    found = stream_named(name)
    assert found is not None
    return found


def report_source(name: str) -> ReportSource:
    """How a report of the catalog is asked for."""
    return report_stream(name).source


def page(rows: Sequence[Any], *, total: int | None = None, list_key: str = "list") -> bytes:
    """A page as TikTok sends it: compact JSON, text as it is."""
    number = len(rows) if total is None else total
    data = {list_key: rows, "page_info": {"page": 1, "page_size": 1000, "total_number": number, "total_page": 1}}
    answer = {"code": 0, "message": "OK", "request_id": "r1", "data": data}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def refusal(code: int, message: str = "no", request_id: str = "r-9") -> Reply:
    """TikTok's envelope around a return code that is not 0."""
    body = {"code": code, "message": message, "request_id": request_id, "data": {}}
    return Reply(200, {}, json.dumps(body).encode())


def success(value: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
    """TikTok's envelope around data."""
    body = {"code": 0, "message": "OK", "request_id": "r-0", "data": value}
    return Reply(200, headers or {}, json.dumps(body, separators=(",", ":")).encode())


class FakeClock:
    """Hours pass as fast as they are slept."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self.seconds = 1000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The start, and what was slept since."""
        return self._start + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        """A thousand, and what was slept since."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let time jump."""
        assert seconds >= 0
        self.slept.append(seconds)
        self.seconds += seconds


class FakeTransport:
    """Answers as it is told: replies and exceptions in turn, the last one for ever."""

    def __init__(self, clock: FakeClock, *script: Reply | Exception, takes: float = 0.0) -> None:
        self._clock = clock
        self._script = list(script)
        self.takes = takes
        self.sent: list[tuple[str, dict[str, str], str]] = []
        self.sent_at: list[float] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Take the next of the script."""
        self.sent.append((endpoint, dict(params), token))
        self.sent_at.append(self._clock.seconds)
        self._clock.seconds += self.takes
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Exception):
            raise step
        return step


def client(
    transport: FakeTransport,
    clock: FakeClock,
    *,
    tier: Tier | None = None,
    policy: RetryPolicy | None = None,
    on_wait: Callable[[Waiting], None] = lambda _: None,
) -> Client:
    """A client whose waits are spread by the same dice each time."""
    return Client(
        transport,
        TOKEN,
        RateLimiters(tier or tier_of(10), clock),
        clock,
        policy=policy,
        secrets=(SECRET, APP_ID),
        on_wait=on_wait,
        rng=random.Random(7),
    )


async def delivered_by(report: ReportWindow, seen: list[str] | None = None) -> list[str]:
    """What a window delivers: the ad of each row, days with `whole` or `partial`, and notices.

    Args:
        report: The window.
        seen: Receives them as well, for a test that expects an error.
    """
    seen = [] if seen is None else seen
    async for delivery in report.deliveries():
        if isinstance(delivery, DaysRead):
            seen.append(f"{delivery.days} {'whole' if delivery.whole else 'partial'}")
        elif isinstance(delivery, Notice):
            seen.append(delivery.text)
        else:
            seen += [str(each.dimensions.ad_id) for each in cast(RecordList, delivery.records)]
    return seen
