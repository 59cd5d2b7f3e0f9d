"""Checks whether TikTok accepts requests at the configured rate."""

from __future__ import annotations

import asyncio
import math

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.api.envelope import no_data
from tiktok_marketing.config import Config
from tiktok_marketing.doctor.findings import Finding, Severity, error_finding
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.plan.accounts import Account
from tiktok_marketing.sync.read.accounts import INFO_ENDPOINT

QUOTA = "quota"

_HIGHEST_TIER = 50
_BURST_SECONDS = 1.3
_LONGEST_BURST = 10.0
"""Seconds after which requests that were not answered are given up."""
_BETWEEN_BURSTS = 1.0
"""Seconds after a burst until the next one; a second's limit is over then."""
_ALMOST_FULL = 0.85
"""If the limiter sends this fraction of the configured rate, it has found no lower limit."""
REFUSED_BY_CHANCE = 0.15
"""The fraction of requests that may be refused although nobody else uses the quota."""


class _Burst(msgspec.Struct, frozen=True):
    """The outcome of requests that left at the configured rate for about a second."""

    accepted: int
    refused: int
    failure: ConnectorError | None = None

    @property
    def shows_a_limit(self) -> bool:
        """Whether so many were refused that requests which met on their way cannot be the cause."""
        return self.refused > REFUSED_BY_CHANCE * (self.accepted + self.refused)


async def try_quota(config: Config, api: Client, account: Account) -> list[Finding]:
    """Send requests to a cheap endpoint, as fast as a sync may, and see whether TikTok accepts them.

    A single refusal says nothing: requests can meet on their way, and another program may need the quota for a moment.
    So after a second with many refusals, another one is tried.
    """
    if config.sandbox:
        return []  # its quota is fixed and small
    rate = config.requests_per_second
    first = await _burst(rate, api, account)
    if first.failure is not None and not first.refused:
        return [msgspec.structs.replace(error_finding(first.failure, QUOTA), severity=Severity.NOTE)]
    if not first.shows_a_limit:
        return []
    await asyncio.sleep(_BETWEEN_BURSTS)
    second = await _burst(rate, api, account)
    if not second.shows_a_limit and api.limiters.rate(INFO_ENDPOINT) >= _ALMOST_FULL * rate:
        return []
    return [quota_finding(rate, max(first.accepted, second.accepted))]


async def _burst(rate: float, api: Client, account: Account) -> _Burst:
    count = max(2, math.ceil(min(rate, _HIGHEST_TIER) * _BURST_SECONDS))
    refused_before = api.stats.refused
    accepted = 0

    async def ask() -> None:
        nonlocal accepted
        await api.get(
            INFO_ENDPOINT,
            {"advertiser_ids": [account.advertiser_id], "fields": ["advertiser_id"]},
            no_data,
            advertiser_id=account.advertiser_id,
            partial_ok=True,
        )
        accepted += 1

    tasks = [asyncio.create_task(ask()) for _ in range(count)]
    try:
        # Refused requests are sent again, which must not use up what others may need.
        # A closed endpoint would keep them for minutes.
        until = asyncio.get_running_loop().time() + _LONGEST_BURST
        while (
            api.stats.refused - refused_before < count // 3 + 1
            and not all(task.done() for task in tasks)
            and asyncio.get_running_loop().time() < until
        ):
            await asyncio.wait(tasks, timeout=0.05)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    failure = next((outcome for outcome in outcomes if isinstance(outcome, ConnectorError)), None)
    return _Burst(accepted, api.stats.refused - refused_before, failure)


def quota_finding(rate: float, accepted: int) -> Finding:
    """Return the finding for requests at the configured rate of which TikTok refused many.

    Args:
        rate: The configured requests per second.
        accepted: How many requests TikTok accepted within about a second before that.
    """
    if accepted:
        text = f"TikTok refuses many requests at the configured rate of {rate:g} per second (code 40100) and accepted "
        text += f"about {accepted} within a second. A sync adapts to that, but it takes longer."
        advice = f"Set requests_per_second to {accepted} or less"
    else:
        text = f"TikTok refuses every request at the configured rate of {rate:g} per second (code 40100), so a sync "
        text += "cannot read anything now."
        advice = "Wait five minutes and run the doctor again. If it finds the same, lower requests_per_second"
    return Finding(
        severity=Severity.WARNING if accepted else Severity.WRONG,
        check=QUOTA,
        message=f"{text} Either the application's tier is lower, or other programs use the same application.",
        remedy=f"{advice}, or look up the application's tier in the TikTok developer portal.",
    )
