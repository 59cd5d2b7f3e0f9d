"""Bytes over HTTP, and what can go wrong below TikTok's envelope."""

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
_ROOM = 16 * 2**20
"""Bytes of answers that may have arrived without being taken."""
_UNREAD = 2**15
"""Bytes of an answer that are read before there is room for it."""


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer that arrived whole.

    Args:
        status: HTTP status.
        headers: Its headers.
        body: Decompressed.
        reservation: The room it takes until it is taken; None if it takes none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    reservation: Reservation | None = None


class TransportFailure(Exception):  # noqa: N818 - what happened to a request, before anybody judged it
    """No whole answer arrived.

    Args:
        message: What happened, in a sentence's tail.
        timed_out: Whether it was silence.
        connecting: Whether there was no connection yet.
        unknown_host: Whether the name of the server could not be resolved.
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
    """Sends one GET request. A model of the API can take the network's place here."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send it and return the whole answer.

        Raises:
            TransportFailure: If no whole answer arrived.
        """
        ...


class HttpTransport:
    """aiohttp with keep-alive.

    Args:
        host: Scheme, host and port.
        connect_timeout: Seconds to get a connection.
        read_timeout: Seconds of silence after which an answer is given up.
        connections: How many at once.
        budget: Where answers wait until they are taken; None for one of its own.
        resolver: What names are looked up with; None for the system's way.
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
        # The time that an answer waits for room is not the server's, so the limit on the whole is kept below.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, sock_read=read_timeout)
        self._longest = read_timeout * 4
        self._connections = connections
        self._resolver = resolver
        self.budget = budget or BodyBudget(_ROOM)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=60, resolver=self._resolver),
            timeout=self._timeout,
            headers={hdrs.USER_AGENT: USER_AGENT},
            # HTTPS_PROXY and NO_PROXY are how many networks are left. Where there are none, not to look for them before
            # each request saves a tenth of a millisecond.
            trust_env=bool(getproxies()),
            auto_decompress=True,
            read_bufsize=_UNREAD,
        )
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send a GET request and read its whole answer."""
        if self._session is None:
            raise RuntimeError("the transport is used outside its `async with`")
        try:
            async with (
                asyncio.timeout(self._longest) as patience,
                self._session.get(
                    self.host + VERSION_PATH + endpoint,
                    params=params,
                    headers={"Access-Token": token},
                    allow_redirects=False,
                ) as response,
            ):
                patience.reschedule(None)
                place = await self.budget.reserve(endpoint, _announced(response))
                try:
                    patience.reschedule(asyncio.get_running_loop().time() + self._longest)
                    body = await response.read()
                except BaseException:
                    place.release()
                    raise
                self.budget.observe(endpoint, len(body))
                place.resize(len(body))
                return Reply(response.status, response.headers, body, place)
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            said = "no connection was made in time" if connecting else "no answer came in time"
            raise TransportFailure(said, timed_out=not connecting, connecting=connecting) from error
        except aiohttp.ClientConnectorDNSError as error:
            reason = error.os_error.strerror or str(error.os_error)
            said = f"the name {error.host} cannot be resolved ({reason})"
            raise TransportFailure(said, connecting=True, unknown_host=True) from error
        except aiohttp.ClientConnectorError as error:
            where = urlsplit(self.host).netloc.rpartition("@")[2]
            reason = error.os_error.strerror or str(error.os_error)
            raise TransportFailure(f"cannot connect to {where} ({reason})", connecting=True) from error
        except aiohttp.ClientPayloadError as error:
            raise TransportFailure("the answer broke off") from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransportFailure(f"the connection failed ({type(error).__name__})") from error


def _announced(response: aiohttp.ClientResponse) -> int | None:
    """Bytes that the body will have; None if that is not said: what is compressed says its compressed length."""
    return None if hdrs.CONTENT_ENCODING in response.headers else response.content_length
