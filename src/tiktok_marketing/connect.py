"""From a configuration to a client that can ask."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tiktok_marketing.api.client import Client, Waiting
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import SANDBOX, tier_of
from tiktok_marketing.api.retry_policy import OWN_ADDRESS_RETRIES, RetryPolicy
from tiktok_marketing.api.transport import PRODUCTION_HOST, SANDBOX_HOST, HttpTransport
from tiktok_marketing.clock import Clock, SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError

ADDRESS_VARIABLE = "TIKTOK_API_URL"
"""Environment variable that replaces scheme, host and port of both TikTok hosts."""


def api_address(config: Config) -> str:
    """Scheme, host and port to ask.

    Raises:
        ConfigurationError: If `TIKTOK_API_URL` is no such address.
    """
    override = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if not override:
        return SANDBOX_HOST if config.sandbox else PRODUCTION_HOST
    parts = urlsplit(override)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigurationError(
            f"{ADDRESS_VARIABLE} is {override!r}, which is no address.",
            remedy="Write it as http://127.0.0.1:8080, or unset it to ask TikTok itself.",
        )
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def connect(
    config: Config,
    *,
    clock: Clock | None = None,
    policy: RetryPolicy | None = None,
    on_wait: Callable[[Waiting], None] = lambda _: None,
    address: str | None = None,
) -> AsyncIterator[Client]:
    """Open connections to TikTok, or to what `TIKTOK_API_URL` names.

    Args:
        config: Credentials and quota.
        clock: The time, and how to wait.
        policy: For how long requests are tried again; None for as long as suits a sync.
        on_wait: Told before long waits.
        address: Scheme, host and port; None for where the configuration and the environment say.
    """
    clock = clock or SystemClock()
    if policy is None and (address or os.environ.get(ADDRESS_VARIABLE)):
        policy = OWN_ADDRESS_RETRIES
    tier = SANDBOX if config.sandbox else tier_of(config.requests_per_second)
    async with HttpTransport(address or api_address(config)) as transport:
        yield Client(
            transport,
            config.access_token,
            RateLimiters(tier, clock),
            clock,
            policy=policy,
            secrets=config.secrets,
            on_wait=on_wait,
        )
