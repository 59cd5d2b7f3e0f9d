"""Opens a connection to TikTok's API for a configuration."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tiktok_marketing.api.client import Announcement, Client
from tiktok_marketing.api.network import address_problem, trusted_authorities
from tiktok_marketing.api.rate_limit.limiters import RateLimiters
from tiktok_marketing.api.rate_limit.tiers import SANDBOX, tier_of
from tiktok_marketing.api.request_log import LoggedTransport
from tiktok_marketing.api.retry_policy import OWN_ADDRESS_RETRIES, RetryPolicy
from tiktok_marketing.api.transport import PRODUCTION_HOST, SANDBOX_HOST, HttpTransport
from tiktok_marketing.clock import Clock, SystemClock
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError

ADDRESS_VARIABLE = "TIKTOK_API_URL"
"""Environment variable that replaces scheme, host and port of both TikTok hosts."""


def api_address(config: Config) -> str:
    """Scheme, host and port of the API.

    Raises:
        ConfigurationError: If `TIKTOK_API_URL` is not such an address.
    """
    return own_address() or (SANDBOX_HOST if config.sandbox else PRODUCTION_HOST)


def production_address() -> str:
    """Scheme, host and port of the API for production, which has the authorization page, too.

    Raises:
        ConfigurationError: If `TIKTOK_API_URL` is not such an address.
    """
    return own_address() or PRODUCTION_HOST


def own_address() -> str:
    """The address in `TIKTOK_API_URL`; empty if it is not set.

    Raises:
        ConfigurationError: If it is no address.
    """
    override = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if not override:
        return ""
    problem = address_problem(override)
    if problem or urlsplit(override).scheme not in {"http", "https"}:
        raise ConfigurationError(
            f"{ADDRESS_VARIABLE} is {override!r}, which {problem or 'is not an address'}.",
            remedy="Write it as http://127.0.0.1:8080, or unset it to use TikTok's own address.",
        )
    url = urlsplit(override)
    return f"{url.scheme}://{url.netloc}"


@asynccontextmanager
async def connect(
    config: Config,
    *,
    clock: Clock | None = None,
    policy: RetryPolicy | None = None,
    on_wait: Callable[[Announcement], None] = lambda _: None,
    address: str | None = None,
    log_request: Callable[[str], None] | None = None,
) -> AsyncIterator[Client]:
    """Open connections to TikTok, or to the address in `TIKTOK_API_URL`.

    Args:
        config: Credentials and quota.
        clock: The time, and how to wait.
        policy: For how long requests are retried; None for the policy of a sync.
        on_wait: Called before long waits, and while TikTok does not answer.
        address: Scheme, host and port; None for the address from the environment or the configuration.
        log_request: Called with a line about each request that has ended; None to log none.

    Raises:
        ConfigurationError: If the environment names an address, a proxy or certificates that cannot be used.
    """
    clock = clock or SystemClock()
    is_own = address is None and bool(os.environ.get(ADDRESS_VARIABLE, "").strip())
    if policy is None and (address or is_own):
        policy = OWN_ADDRESS_RETRIES
    tier = SANDBOX if config.sandbox else tier_of(config.requests_per_second)
    if address is None:
        trusted_authorities()  # also where the address has no use for them: a wrong setting is reported at once
    async with (
        HttpTransport(address or api_address(config)) as transport,
        announcing_silence(transport, policy or RetryPolicy(), on_wait),
    ):
        yield Client(
            transport if log_request is None else LoggedTransport(transport, log_request),
            config.access_token,
            RateLimiters(tier, clock, config.shard),
            clock,
            policy=policy,
            secrets=config.secrets,
            on_wait=on_wait,
            own_address=is_own,
        )


@asynccontextmanager
async def announcing_silence(
    transport: HttpTransport, policy: RetryPolicy, on_wait: Callable[[Announcement], None]
) -> AsyncIterator[None]:
    """Tell a person meanwhile if TikTok does not answer.

    Args:
        transport: What sends the requests.
        policy: After how many seconds a person is told, and again.
        on_wait: Called with what to say.
    """
    silence = asyncio.create_task(_announce_silence(transport, policy, on_wait))
    try:
        yield
    finally:
        silence.cancel()


async def _announce_silence(
    transport: HttpTransport, policy: RetryPolicy, on_wait: Callable[[Announcement], None]
) -> None:
    """Tell a person again and again that TikTok does not answer. Never returns."""
    due = policy.silence
    while True:
        await asyncio.sleep(min(1.0, policy.silence / 4))
        silence = transport.silence()
        if silence is None or silence.seconds < policy.silence:
            due = policy.silence
        elif silence.seconds >= due:
            due += policy.silence_again
            on_wait(silence)
