"""Requests over HTTP, and what can go wrong below TikTok's envelope."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp
import msgspec
from aiohttp import hdrs

from tiktok_marketing._version import __version__
from tiktok_marketing.api.body_budget import BodyBudget, Reservation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from aiohttp.abc import AbstractResolver

PRODUCTION_HOST = "https://business-api.tiktok.com"
SANDBOX_HOST = "https://sandbox-ads.tiktok.com"
VERSION_PATH = "/open_api/v1.3/"
USER_AGENT = f"tiktok-marketing/{__version__}"
_BODY_BYTES = 16 * 2**20
"""Bytes of answers that may have arrived and wait to be processed."""
_READ_AHEAD = 2**15
"""Bytes of an answer that are read before they are reserved."""


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer that arrived whole.

    Args:
        status: HTTP status.
        headers: Its headers.
        body: The body, decompressed.
        reservation: The memory reserved for it until it is released; None if none is.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    reservation: Reservation | None = None


class TransportFailure(Exception):  # noqa: N818 - a fact about a request, which the client turns into an error
    """No complete answer arrived.

    Args:
        message: What happened, as a clause without a full stop.
        timed_out: Whether no answer arrived in time.
        connecting: Whether no connection could be made.
        unknown_host: Whether the server's name could not be resolved.
    """

    def __init__(
        self, message: str, *, timed_out: bool = False, connecting: bool = False, unknown_host: bool = False
    ) -> None:
        super().__init__(message)
        self.connecting = connecting
        self.unknown_host = unknown_host
        self.message = message
        self.timed_out = timed_out


class Transport(Protocol):
    """Sends one GET request. Tests put a model of the API in the network's reservation here."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send the request and return the complete answer.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        ...


class HttpTransport:
    """Sends requests with aiohttp, over connections that stay open.

    Args:
        host: Scheme, host and port.
        connect_timeout: Seconds to wait for a connection.
        read_timeout: Seconds without a byte after which the transport gives up on an answer.
        connections: How many may be open at once.
        budget: Limits the bytes of answers that wait to be processed; None for a budget of its own.
        resolver: Resolves names; None for the system's resolver.
    """

    def __init__(
        self,
        host: str,
        *,
        connect_timeout: float = 15.0,
        read_timeout: float = 90.0,
        connections: int = 512,
        budget: BodyBudget | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.host = host.rstrip("/")
        # An answer may wait for its reservation, which is not the server's fault, so `send` limits the total itself.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, sock_read=read_timeout)
        self._longest = read_timeout * 4
        self._connections = connections
        self._resolver = resolver
        self.budget = budget or BodyBudget(_BODY_BYTES)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=60, resolver=self._resolver),
            timeout=self._timeout,
            headers={hdrs.USER_AGENT: USER_AGENT},
            # Many networks can be left through HTTPS_PROXY and NO_PROXY only. Where they are not set, not looking for
            # them before each request saves a tenth of a millisecond.
            trust_env=bool(getproxies()),
            auto_decompress=True,
            read_bufsize=_READ_AHEAD,
        )
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send a GET request and read its complete answer."""
        if self._session is None:
            raise RuntimeError("the transport is used outside its `async with`")
        try:
            async with (
                asyncio.timeout(self._longest) as deadline,
                self._session.get(
                    self.host + VERSION_PATH + endpoint,
                    params=params,
                    headers={"Access-Token": token},
                    allow_redirects=False,
                ) as response,
            ):
                deadline.reschedule(None)
                reservation = await self.budget.reserve(endpoint, _announced(response))
                try:
                    deadline.reschedule(asyncio.get_running_loop().time() + self._longest)
                    body = await response.read()
                except BaseException:
                    reservation.release()
                    raise
                self.budget.observe(endpoint, len(body))
                reservation.resize(len(body))
                return Reply(response.status, response.headers, body, reservation)
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            message = "no connection was made in time" if connecting else "no answer arrived in time"
            raise TransportFailure(message, timed_out=not connecting, connecting=connecting) from error
        except aiohttp.ClientConnectorDNSError as error:
            reason = error.os_error.strerror or str(error.os_error)
            message = f"the name {error.host} cannot be resolved ({reason})"
            raise TransportFailure(message, connecting=True, unknown_host=True) from error
        except aiohttp.ClientConnectorError as error:
            host = urlsplit(self.host).netloc.rpartition("@")[2]
            reason = error.os_error.strerror or str(error.os_error)
            raise TransportFailure(f"cannot connect to {host} ({reason})", connecting=True) from error
        except aiohttp.ClientPayloadError as error:
            raise TransportFailure("the connection closed before the answer was complete") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransportFailure(f"the connection failed ({type(error).__name__})") from error


def _announced(response: aiohttp.ClientResponse) -> int | None:
    """The body's length in bytes; None if unknown, for a compressed answer announces its compressed length."""
    return None if hdrs.CONTENT_ENCODING in response.headers else response.content_length
