"""Sends an answer, or what the faults of its request make of it: late, in another form, in part, or not at all."""

import asyncio
import random
import socket
import struct

from aiohttp import web

from tiktok_marketing.emulator.bodies import laid_out, packed_spaces, pieces_of
from tiktok_marketing.emulator.faults import Fault

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
        self, request: web.BaseRequest, body: bytes, content_type: str, headers: dict[str, str], faults: list[Fault]
    ) -> web.StreamResponse:
        """Send an answer as the faults of its request say."""
        for fault in faults:
            await self._wait(fault)
        replacement = next((response for fault in faults if (response := _replacement(request, fault))), None)
        if replacement is None:
            for fault in faults:
                if fault.unpacks is not None:
                    return await _bomb(request, fault.unpacks, headers)
                if fault.truncate or fault.stall:
                    return await self._half(request, body, content_type, headers, fault)
                if fault.garbage:
                    body = b"upstream connect error or disconnect/reset before headers"
            replacement = _Response(body=laid_out(body, faults), content_type=content_type, headers=headers)
            if self._gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
                replacement.enable_compression(web.ContentCoding.gzip)
        return await self._finish(request, replacement, faults)

    async def _wait(self, fault: Fault) -> None:
        if fault.latency:
            await self._sleep(fault.latency)
        await self.delay(fault.jitter)
        if fault.hang is True:
            await self._closing.wait()
        elif fault.hang:
            await self._sleep(fault.hang)

    async def _finish(self, request: web.BaseRequest, response: "_Response", faults: list[Fault]) -> web.StreamResponse:
        """Change the status and the headers of an answer. Send it little by little, if a fault asks for it."""
        for fault in faults:
            if fault.status is not None:
                response.set_status(fault.status)
            for name, value in fault.header_changes.items():
                response.change_header(name, value)
        seconds = sum(fault.drip for fault in faults)
        return await self._drip(request, response, seconds) if seconds else response

    async def _drip(self, request: web.BaseRequest, whole: "_Response", seconds: float) -> web.StreamResponse:
        body = whole.body if isinstance(whole.body, bytes) else b""
        stream = web.StreamResponse(status=whole.status, headers=whole.headers)
        stream.content_length = len(body)
        await stream.prepare(request)
        try:
            for piece in pieces_of(body, _DRIPS):
                await self._sleep(seconds / _DRIPS)
                await stream.write(piece)
        except ConnectionError:
            return stream  # the client has lost its patience
        await stream.write_eof()
        return stream

    async def _half(
        self, request: web.BaseRequest, body: bytes, content_type: str, headers: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        """Announce the length of the whole body, send half of it, and close the connection, at once or at the end."""
        response = web.StreamResponse(headers={**headers, "Content-Type": content_type})
        response.content_length = len(body)
        response.force_close()
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if fault.stall:
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


class _Response(web.Response):
    """A response that can lack headers which the web server would add."""

    removed: tuple[str, ...] = ()

    def change_header(self, name: str, value: str | None) -> None:
        """Set a header, or with None remove it."""
        if value is None:
            self.removed = (*self.removed, name)
            self.headers.pop(name, None)
        else:
            self.headers[name] = value

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in self.removed:
            self.headers.pop(name, None)


def _replacement(request: web.BaseRequest, fault: Fault) -> _Response | None:
    """What a fault sends in place of the answer: a page, or nothing on a connection that ends."""
    if fault.http is not None:
        response = _Response(status=fault.http, body=fault.body)
        response.headers["Content-Type"] = fault.type or "text/html; charset=utf-8"
        if fault.location is not None:
            response.headers["Location"] = fault.location
        return response
    if fault.reset or fault.hang is True:
        return _abort(request)
    if fault.close and request.transport is not None:
        request.transport.close()
        return _Response()
    return None


def _abort(request: web.BaseRequest) -> _Response:
    """Reset the connection: close it at once and discard what was not sent yet."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return _Response()


async def _bomb(request: web.BaseRequest, size: int, headers: dict[str, str]) -> web.StreamResponse:
    """Send a little gzip that unpacks to very much."""
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json", "Content-Encoding": "gzip"})
    await response.prepare(request)
    try:
        for packed in packed_spaces(size):
            await response.write(packed)
            await asyncio.sleep(0)  # others are served meanwhile
    except ConnectionError:
        return response  # the client has seen enough
    await response.write_eof()
    return response
