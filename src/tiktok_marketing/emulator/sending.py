"""Sends an answer, or what the faults of its request make of it: late, in another form, in part, or not at all."""

import asyncio
import random
import socket
import struct

import msgspec
from aiohttp import web

from tiktok_marketing.emulator.bodies import laid_out, packed_spaces, pieces_of
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.emulator.packing import LEAST_BYTES, Packer

_OK = 200
_DRIPS = 50
"""Into how many pieces an answer that drips is cut."""


class Sender:
    """Sends answers.

    Args:
        seed: Decides how late answers with jitter are.
        gzip: Whether to compress answers for clients that accept it.
    """

    def __init__(self, seed: int, *, gzip: bool) -> None:
        self._random = random.Random(seed)  # noqa: S311 - spreads delays, keeps no secret
        self._gzip = gzip
        self._packer = Packer()
        self._closing = asyncio.Event()

    def open(self) -> None:
        """Begin to send."""
        self._closing.clear()

    def close(self) -> None:
        """End all waiting: the server stops."""
        self._closing.set()

    async def delay(self, longest: float) -> None:
        """Wait for up to this many seconds, at random."""
        if longest:
            await self._sleep(self._random.uniform(0.0, longest))

    async def send(
        self,
        request: web.BaseRequest,
        body: bytes,
        content_type: str,
        headers: dict[str, str],
        faults: list[Fault],
        data: bytes = b"",
    ) -> web.StreamResponse:
        """Send an answer as the faults of its request say. `data` is the part of the body that other answers share."""
        for fault in faults:
            await self._wait(fault)
        if any(fault.reset or fault.hang is True for fault in faults):
            return _abort(request)
        if any(fault.close for fault in faults):
            return _end(request)
        page = next((fault for fault in faults if fault.http is not None), None)
        if page is not None:
            reply = _Reply(page.http or 0, page.body, _page_headers(page))
        else:
            if any(fault.garbage for fault in faults):
                body = b"upstream connect error or disconnect/reset before headers"
            reply = _Reply(_OK, laid_out(body, faults), {**headers, "Content-Type": content_type})
            reply.shared = data
            reply.compressed = self._compresses(request, len(reply.body), faults)
        for fault in faults:
            reply.status = reply.status if fault.status is None else fault.status
            for name, value in fault.header_changes.items():
                reply.change_header(name, value)
        return await self._deliver(request, reply, faults)

    def _compresses(self, request: web.BaseRequest, size: int, faults: list[Fault]) -> bool:
        """Whether to compress an answer. A fault that sets the encoding itself gets the plain body."""
        accepted = "gzip" in request.headers.get("Accept-Encoding", "")
        named = any(name.lower() == "content-encoding" for fault in faults for name in fault.header_changes)
        return self._gzip and accepted and size >= LEAST_BYTES and not named

    async def _wait(self, fault: Fault) -> None:
        if fault.latency:
            await self._sleep(fault.latency)
        await self.delay(fault.jitter)
        if fault.hang is True:
            await self._closing.wait()
        elif fault.hang:
            await self._sleep(fault.hang)

    async def _deliver(self, request: web.BaseRequest, reply: "_Reply", faults: list[Fault]) -> web.StreamResponse:
        """Send a reply at once, little by little, in part, or as gzip that unpacks to very much."""
        size = next((fault.unpacks for fault in faults if fault.unpacks is not None), None)
        if size is not None:
            return await _bomb(request, reply, size)
        if any(fault.truncate or fault.stall for fault in faults):
            return await self._half(request, reply, stall=any(fault.stall for fault in faults))
        seconds = sum(fault.drip for fault in faults)
        if seconds:
            return await self._drip(request, reply, seconds)
        body, headers = reply.body, reply.headers
        if reply.compressed:
            body = self._packer.pack(body, reply.shared)
            headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        response = _Whole(status=reply.status, body=body, headers=headers)
        response.removed = reply.removed
        return response

    async def _drip(self, request: web.BaseRequest, reply: "_Reply", seconds: float) -> web.StreamResponse:
        response = _stream(reply, len(reply.body))
        await response.prepare(request)
        try:
            for piece in pieces_of(reply.body, _DRIPS):
                await self._sleep(seconds / _DRIPS)
                await response.write(piece)
        except ConnectionError:
            return response  # the client has lost its patience
        await response.write_eof()
        return response

    async def _half(self, request: web.BaseRequest, reply: "_Reply", *, stall: bool) -> web.StreamResponse:
        """Announce the length of the whole body, send half of it, and close the connection, at once or at the end."""
        response = _stream(reply, len(reply.body))
        response.force_close()
        await response.prepare(request)
        await response.write(reply.body[: len(reply.body) // 2])
        if stall:
            await self._closing.wait()
        if request.transport is not None:
            request.transport.close()
        return response

    async def _sleep(self, seconds: float) -> None:
        """Wait, but end early when the server stops."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


class _Reply(msgspec.Struct):
    """What a client gets, as the faults have changed it.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: The headers.
        removed: Headers that the web server must not add.
        compressed: Whether the body is sent as gzip.
        shared: The part of the body that other answers share.
    """

    status: int
    body: bytes
    headers: dict[str, str]
    removed: tuple[str, ...] = ()
    compressed: bool = False
    shared: bytes = b""

    def change_header(self, name: str, value: str | None) -> None:
        """Set a header, or with None remove it."""
        self.headers = {known: text for known, text in self.headers.items() if known.lower() != name.lower()}
        if value is None:
            self.removed = (*self.removed, name)
        else:
            self.headers[name] = value


class _Lacking(web.StreamResponse):
    """A response that can lack headers which the web server would add."""

    removed: tuple[str, ...] = ()

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in self.removed:
            self.headers.popall(name, None)


class _Whole(_Lacking, web.Response):
    """A response that is sent at once."""


def _stream(reply: _Reply, length: int | None) -> _Lacking:
    """The beginning of a response whose body is sent in pieces."""
    response = _Lacking(status=reply.status, headers=reply.headers)
    response.removed = reply.removed
    response.content_length = length
    return response


def _page_headers(fault: Fault) -> dict[str, str]:
    """The headers of a gateway's page."""
    headers = {"Content-Type": fault.type or "text/html; charset=utf-8"}
    return headers if fault.location is None else headers | {"Location": fault.location}


def _abort(request: web.BaseRequest) -> web.Response:
    """Reset the connection: close it at once and discard what was not sent yet."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def _end(request: web.BaseRequest) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _bomb(request: web.BaseRequest, reply: _Reply, size: int) -> web.StreamResponse:
    """Send a little gzip that unpacks to very much."""
    reply.change_header("Content-Encoding", "gzip")
    response = _stream(reply, None)
    await response.prepare(request)
    try:
        for packed in packed_spaces(size):
            await response.write(packed)
            await asyncio.sleep(0)  # others are served meanwhile
    except ConnectionError:
        return response  # the client has seen enough
    await response.write_eof()
    return response
