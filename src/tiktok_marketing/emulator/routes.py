"""The emulated API over HTTP: paths, methods, headers, and the faults of the transport."""

import asyncio
import logging
import random
import socket
import struct
import time
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from tiktok_marketing.emulator import control
from tiktok_marketing.emulator.bodies import laid_out, packed_spaces
from tiktok_marketing.emulator.endpoints.envelope import wrap
from tiktok_marketing.emulator.faults import Fault
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.platform import Platform

logger = logging.getLogger("tiktok_marketing.emulator")

PREFIX = "/open_api/v1.3/"
_MAX_URL_BYTES = 64 * 1024
"""aiohttp's usual 8 KB are too few for a report on a hundred campaigns with all metrics."""


class Server:
    """A web server on a real socket that takes its answers from a platform.

    Args:
        platform: The state that answers come from.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._closing = asyncio.Event()
        self._random = random.Random(platform.options.seed)  # noqa: S311 - spreads delays, keeps no secret
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Start to listen. Returns the port, which the system chooses if `port` is 0."""
        self._closing.clear()
        server = web.Server(self._handle, access_log=None, max_line_size=_MAX_URL_BYTES)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        chosen_port: int = self._runner.addresses[0][1]
        return chosen_port

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await control.handle(self._platform, request)
        path = request.path.removeprefix(PREFIX)
        methods = self._platform.methods
        if not request.path.startswith(PREFIX) or path not in methods:
            return web.Response(status=404, text="404 page not found")
        if request.method not in methods[path]:
            return web.Response(status=405, text="405 method not allowed")
        return await self._answer(request, path)

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        request_id = self._platform.next_request_id()
        params = await _params(request)
        await self._delay(self._platform.options.arrival_jitter)
        started = time.perf_counter()
        response = self._platform.respond(path, request.headers.get("Access-Token"), params)
        seconds = time.perf_counter() - started
        logger.debug("%s %s -> %s in %.1f ms", request.method, path, response.outcome, seconds * 1000)
        body = wrap(response.code, response.message, request_id, response.answer.data)
        headers = {
            "Date": format_datetime(self._platform.clock.now(), usegmt=True),
            "X-TT-LOGID": request_id,
            "x-tt-trace-host": "emulator",
            "x-tt-trace-id": request_id,
            **response.answer.headers,
        }
        await self._delay(self._platform.options.answer_jitter)
        return await self._send(request, body, headers, response.faults)

    async def _send(
        self, request: web.BaseRequest, body: bytes, headers: dict[str, str], faults: list[Fault]
    ) -> web.StreamResponse:
        for fault in faults:
            wait = fault.latency + (float(fault.hang) if not isinstance(fault.hang, bool) else 0.0)
            if wait:
                await self._sleep(wait)
            if fault.hang is True:
                await self._closing.wait()
            if fault.reset or fault.hang is True:
                return _abort(request)
            if fault.http is not None:
                return _page(fault)
            if fault.garbage:
                body = b"upstream connect error or disconnect/reset before headers"
            if fault.unpacks is not None:
                return await _bomb(request, fault.unpacks, headers)
            if fault.truncate:
                return await _truncated(request, body, headers)
        body = laid_out(body, faults)
        response = web.Response(body=body, content_type="application/json", headers=headers)
        if self._platform.options.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _delay(self, longest: float) -> None:
        """Wait for up to this many seconds, at random."""
        if longest:
            await self._sleep(self._random.uniform(0.0, longest))

    async def _sleep(self, seconds: float) -> None:
        """Wait, but end early when the server stops."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


async def _params(request: web.BaseRequest) -> Mapping[str, Any]:
    """The parameters of the query or, for POST, the fields of the JSON body."""
    if request.method != "POST":
        return {_text(name): _text(value) for name, value in request.query.items()}
    try:
        body = decode(await request.read() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: str) -> str:
    """A text of the query as UTF-8 can carry it."""
    return value.encode(errors="replace").decode()


def _page(fault: Fault) -> web.Response:
    """The page of a gateway, in place of an answer."""
    headers = {} if fault.location is None else {"Location": fault.location}
    return web.Response(status=fault.http or 0, text=fault.html, content_type="text/html", headers=headers)


def _abort(request: web.BaseRequest) -> web.Response:
    """Reset the connection: close it at once and discard what was not sent yet."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _truncated(request: web.BaseRequest, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """Announce the length of the whole body, send half of it, and close the connection."""
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
    response.content_length = len(body)
    response.force_close()
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


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
