"""Requests over HTTP, and what can go wrong below TikTok's envelope."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import hdrs

from tiktok_marketing._version import __version__
from tiktok_marketing.api.bodies import ACCEPTED, UnpackError, unpacker
from tiktok_marketing.api.body_budget import BodyBudget, Reservation
from tiktok_marketing.api.network import Proxy, proxy_for, trusted_authorities
from tiktok_marketing.api_path import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from aiohttp.abc import AbstractResolver

PRODUCTION_HOST = "https://business-api.tiktok.com"
SANDBOX_HOST = "https://sandbox-ads.tiktok.com"
USER_AGENT = f"tiktok-marketing/{__version__}"
_BODY_BYTES = 16 * 2**20
"""Bytes of answers that may have arrived and wait to be processed."""
_READ_AHEAD = 2**15
"""Bytes of an answer that are read before they are reserved."""
LARGEST_BODY = 64 * 2**20
"""Bytes of an unpacked answer that are read at most. TikTok's largest pages have a tenth of it."""
_LONGEST_HEADER = 2**16
"""Bytes of a line of an answer's head. Proxies add cookies that are longer than the usual 8 kB."""
_CHUNK = 2**20
"""Bytes that may arrive before the connection pauses. With fewer, it pauses often."""
_USUAL_BODY = 4 * 2**20
"""Of bodies larger than this, one is read at a time, so that many together do not fill the memory."""


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
        certificate: OpenSSL's code of what is wrong with the server's certificate; None if nothing is known to be.
        proxy_status: The HTTP status with which a proxy refused to connect; None if none did.
        too_large: Whether the answer has more bytes than may be in memory.
        not_http: Whether something came that is not valid HTTP.
    """

    def __init__(
        self,
        message: str,
        *,
        timed_out: bool = False,
        connecting: bool = False,
        unknown_host: bool = False,
        certificate: int | None = None,
        proxy_status: int | None = None,
        too_large: bool = False,
        not_http: bool = False,
    ) -> None:
        super().__init__(message)
        self.not_http = not_http
        self.certificate = certificate
        self.proxy_status = proxy_status
        self.too_large = too_large
        self.connecting = connecting
        self.unknown_host = unknown_host
        self.message = message
        self.timed_out = timed_out


class Transport(Protocol):
    """Sends one request. Tests put a model of the API in the network's place here."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send a GET request and return the complete answer.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        ...

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str) -> Reply:
        """Send a POST request with a body in JSON, and return the complete answer.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        ...


class Silence(msgspec.Struct, frozen=True):
    """A server has not answered for a while.

    Args:
        host: The server.
        endpoint: The path of the request that has waited longest, below `/open_api/v1.3/`.
        seconds: For how long nothing has arrived.
    """

    host: str
    endpoint: str
    seconds: float

    def __str__(self) -> str:
        return f"Still waiting for {self.host}, which has not answered /{self.endpoint} for {self.seconds:.0f} s."


class HttpTransport:
    """Sends requests with aiohttp, over connections that stay open, and through the proxy of the environment.

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
        self._proxy: Proxy | None = None
        self._unanswered: dict[object, tuple[str, float]] = {}
        """The endpoint of each request that waits for the server, and since when."""
        self._latest_arrival = 0.0
        self._large_body = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._proxy = proxy_for(self.host)
        authorities = trusted_authorities() if urlsplit(self.host).scheme == "https" else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, ttl_dns_cache=60, resolver=self._resolver, ssl=authorities or True
            ),
            timeout=self._timeout,
            headers={hdrs.USER_AGENT: USER_AGENT, hdrs.ACCEPT_ENCODING: ACCEPTED},
            # The environment is read once, above: aiohttp would read it before each request, and leave out ALL_PROXY.
            trust_env=False,
            auto_decompress=False,  # `_read` does it, and stops where it becomes too much
            read_bufsize=_READ_AHEAD,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
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
        return await self._exchange("GET", endpoint, params=params, headers={"Access-Token": token})

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str = "") -> Reply:
        """Send a POST request with a body in JSON and read its complete answer. Only `login` needs no token.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        headers = {"Access-Token": token} if token else {}
        return await self._exchange("POST", endpoint, json=body, headers=headers)

    async def _exchange(self, method: str, endpoint: str, **content: Any) -> Reply:
        """Send a request and read its complete answer."""
        if self._session is None:
            raise RuntimeError("the transport is used outside its `async with`")
        proxy = self._proxy
        request = self._session.request(
            method,
            self.host + path_of(endpoint),
            **content,
            allow_redirects=False,
            proxy=None if proxy is None else proxy.address,
            proxy_auth=None if proxy is None else proxy.authorization,
        )
        try:
            async with asyncio.timeout(self._longest) as deadline, AsyncExitStack() as stack:
                with self._waiting_for_server(endpoint):
                    response = await stack.enter_async_context(request)
                deadline.reschedule(None)
                reservation = await self.budget.reserve(endpoint, _announced(response))
                try:
                    deadline.reschedule(asyncio.get_running_loop().time() + self._longest)
                    with self._waiting_for_server(endpoint):
                        body = await self._read(response, reservation)
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
        except aiohttp.ClientPayloadError as error:
            raise TransportFailure("the connection closed before the answer was complete") from error
        except UnpackError as error:
            raise TransportFailure(f"the answer is damaged: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._connection_failure(error) from error
        except ValueError as error:  # an address that no library should have let pass
            message = f"the address {self._name} cannot be used ({error})"
            raise TransportFailure(message, connecting=True, unknown_host=True) from error

    async def _read(self, response: aiohttp.ClientResponse, reservation: Reservation) -> bytes:
        """Read and unpack the body of an answer.

        Raises:
            TransportFailure: If it is too large.
            UnpackError: If it cannot be unpacked, unless its status shows that it is a page.
        """
        unpack = unpacker(response.headers.get(hdrs.CONTENT_ENCODING, ""))
        pieces: list[bytes] = []
        try:
            async with AsyncExitStack() as stack:
                size = 0
                async for chunk in response.content.iter_chunked(_CHUNK):
                    for piece in unpack.feed(chunk):
                        pieces.append(piece)
                        if size <= _USUAL_BODY < size + len(piece):
                            await stack.enter_async_context(self._large_body)
                        size += len(piece)
                        if size > LARGEST_BODY:
                            message = f"the answer has more than {LARGEST_BODY // 2**20} MB"
                            raise TransportFailure(message, too_large=True)
                        if size > reservation.size:
                            reservation.resize(size)
            unpack.finish()
            return b"".join(pieces)
        except UnpackError:
            if response.status < 300:
                raise
            return b"".join(pieces)  # the status says what it is, whatever the page is packed with
        finally:
            pieces.clear()  # an error keeps this frame, and would keep them

    def silence(self) -> Silence | None:
        """For how long nothing has arrived although a request waits; None if none does."""
        if not self._unanswered:
            return None
        endpoint, since = next(iter(self._unanswered.values()))  # the oldest
        return Silence(self._name, endpoint, time.monotonic() - max(since, self._latest_arrival))

    @property
    def _name(self) -> str:
        """The server, for people."""
        return urlsplit(self.host).netloc.rpartition("@")[2]

    @contextmanager
    def _waiting_for_server(self, endpoint: str) -> Iterator[None]:
        """Remember that a request waits for the server, and not for its turn or for memory."""
        request = object()
        self._unanswered[request] = endpoint, time.monotonic()
        try:
            yield
            self._latest_arrival = time.monotonic()
        finally:
            del self._unanswered[request]

    def _connection_failure(self, error: aiohttp.ClientError | OSError) -> TransportFailure:
        """What happened to a connection, in words. What happened on the way to a proxy, or at it, names the proxy."""
        host = self._name
        through = "" if self._proxy is None else f" through the proxy {self._proxy.name}"
        match error:
            case aiohttp.ClientConnectorCertificateError():
                return _certificate_failure(self._opposite(error), error.certificate_error)
            case aiohttp.ClientHttpProxyError():
                reason = f"HTTP {error.status} {error.message}".strip()
                name = "" if self._proxy is None else f" {self._proxy.name}"
                message = f"the proxy{name} does not open a connection to {host} ({reason})"
                return TransportFailure(message, connecting=True, proxy_status=error.status)
            case aiohttp.ClientConnectorDNSError():
                subject = f"the name {error.host}" + (" of the proxy" if self._is_proxy(error) else "")
                message = f"{subject} cannot be resolved ({_reason(error.os_error)})"
                return TransportFailure(message, connecting=True, unknown_host=True)
            case aiohttp.ClientConnectorSSLError():
                reason = _tls_reason(error.os_error)
                message = f"no encrypted connection to {self._opposite(error)} could be opened ({reason})"
            case aiohttp.ClientProxyConnectionError():
                message = f"cannot connect to the proxy {error.host}:{error.port} ({_reason(error.os_error)})"
            case aiohttp.ClientConnectorError():
                message = f"cannot connect to {host}{through} ({_reason(error.os_error)})"
            case aiohttp.ClientResponseError():
                return TransportFailure(f"{_what_came(error.message)} from {host}{through}", not_http=True)
            case _:
                return TransportFailure(f"the connection to {host}{through} {_fate(error)}")
        return TransportFailure(message, connecting=True)

    def _is_proxy(self, error: aiohttp.ClientConnectorError) -> bool:
        """Whether an error is about the connection to the proxy, and not about one to TikTok through it."""
        return self._proxy is not None and self._proxy.is_at(error.host, error.port)

    def _opposite(self, error: aiohttp.ClientConnectorError) -> str:
        """The server at the other end of a connection, for people."""
        return f"the proxy {error.host}:{error.port}" if self._is_proxy(error) else self._name


def _certificate_failure(host: str, error: Exception) -> TransportFailure:
    reason, code = str(error), 0
    if isinstance(error, ssl.SSLCertVerificationError):
        reason, code = error.verify_message.rstrip("."), error.verify_code
    return TransportFailure(f"the certificate of {host} is not valid ({reason})", connecting=True, certificate=code)


def _what_came(reason: str) -> str:
    """What came in place of HTTP, in the words of the library that reads it, without the bytes that it quotes."""
    reason = reason.strip().partition("\n")[0].partition(" b'")[0].rstrip(" :")
    if reason.startswith("Got more than"):
        return f"headers that are too long came (a line of more than {_LONGEST_HEADER // 1024} kB)"
    if "many headers" in reason:
        return "too many headers came"
    if reason.startswith("Bad status line"):
        return "something that is not HTTP came"
    return f"an answer that is not valid HTTP came ({reason})"


def _tls_reason(error: OSError) -> str:
    """Why no encrypted connection came about, in OpenSSL's words without its brackets: `wrong version number`."""
    reason = getattr(error, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else _reason(error)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _fate(error: aiohttp.ClientError | OSError) -> str:
    """How an open connection ended, in the system's words. A library's would have the whole address of the request."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "closed before an answer came"
    number = error.errno if isinstance(error, OSError) else None
    return f"failed ({os.strerror(number) if number else type(error).__name__})"


def _announced(response: aiohttp.ClientResponse) -> int | None:
    """The body's length in bytes; None if unknown, for a compressed answer announces its compressed length."""
    return None if hdrs.CONTENT_ENCODING in response.headers else response.content_length
