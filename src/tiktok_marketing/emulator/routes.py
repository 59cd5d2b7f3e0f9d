"""The emulated API over HTTP: paths, methods and headers."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from tiktok_marketing.emulator import control, portal
from tiktok_marketing.emulator.endpoints.envelope import NOTE_HEADER, wrap
from tiktok_marketing.emulator.endpoints.known import KNOWN
from tiktok_marketing.emulator.endpoints.media import is_media, media
from tiktok_marketing.emulator.endpoints.scopes import VERSION_2
from tiktok_marketing.emulator.faults.changes import changed_envelope, changes_envelope
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.platform import Platform
from tiktok_marketing.emulator.sending import Sender

logger = logging.getLogger("tiktok_marketing.emulator")

PREFIX = "/open_api/v1.3/"
_OTHER_VERSION = "/open_api/"
"""What stands before a path with another version."""
_SLASHES = re.compile("/+")
_MAX_URL_BYTES = 64 * 1024
"""aiohttp's usual 8 KB are too few for a report on a hundred campaigns with all metrics."""


class Server:
    """A web server on a real socket that takes its answers from a platform.

    Args:
        platform: The state that answers come from.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._sender = Sender(platform.options.seed, gzip=platform.options.gzip)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Start to listen. Returns the port, which the system chooses if `port` is 0."""
        self._sender.open()
        server = web.Server(self._handle, access_log=None, max_line_size=_MAX_URL_BYTES)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        chosen_port: int = self._runner.addresses[0][1]
        return chosen_port

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        self._sender.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await control.handle(self._platform, request)
        if request.path.rstrip("/") == portal.PATH:
            return await portal.handle(self._platform, request)
        if is_media(request.path):
            now = int(self._platform.clock.now().timestamp())
            status, content_type, body = media(request.path, request.query, now)
            return web.Response(status=status, body=body, content_type=content_type)
        path = self._path(request)
        methods = self._platform.methods
        if path not in methods:
            return self._not_served(path)
        if request.method not in methods[path]:
            note = f"{path} accepts {' and '.join(methods[path])}"
            return web.Response(status=405, text="Method Not Allowed", headers={NOTE_HEADER: note})
        return await self._answer(request, path)

    def _not_served(self, path: str) -> web.Response:
        """Answer HTTP 404, and say whether TikTok has the endpoint. Those that it has are counted."""
        known = KNOWN.get(path.strip("/") + "/")
        if known is None or path.strip("/") + "/" in self._platform.methods:
            return web.Response(status=404, text="Not Found", headers={NOTE_HEADER: "unknown endpoint"})
        self._platform.counters.count(path.strip("/") + "/", {}, "", "not served")
        text = f"TikTok has the endpoint {known} {path.strip('/')}/. The emulator does not serve it."
        return web.Response(status=404, text=text, headers={NOTE_HEADER: "known, not served"})

    def _path(self, request: web.BaseRequest) -> str:
        """The path below the prefix, with one slash at its end however many it has. Empty without the prefix.

        A path of version 2.0 begins with its version.
        """
        path = request.path
        if not self._platform.options.strict_slashes:
            path = _SLASHES.sub("/", f"{path}/")
        if path.startswith(PREFIX):
            return path.removeprefix(PREFIX)
        return path.removeprefix(_OTHER_VERSION) if path.startswith(_OTHER_VERSION + VERSION_2) else ""

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        request_id = self._platform.next_request_id()
        params = await _params(request)
        await self._sender.delay(self._platform.options.arrival_jitter)
        started = time.perf_counter()
        response = self._platform.respond(path, request.headers.get("Access-Token"), params)
        seconds = time.perf_counter() - started
        logger.debug("%s %s -> %s in %.1f ms", request.method, path, response.outcome, seconds * 1000)
        body = wrap(response.code, response.message, request_id, response.answer.data)
        if response.answer.content_type:
            body = response.answer.data
        elif changes_envelope(response.faults):
            envelope = wrap(response.code, response.message, request_id)
            body = changed_envelope(envelope, response.answer.data, response.faults)
        headers = {
            "Date": format_datetime(self._platform.clock.now(), usegmt=True),
            "X-TT-LOGID": request_id,
            "x-tt-trace-host": "emulator",
            "x-tt-trace-id": request_id,
            **response.answer.headers,
        }
        await self._sender.delay(self._platform.options.answer_jitter)
        if self._platform.options.latency:
            await self._wait(self._platform.options.latency)
        answer = response.answer
        content_type = answer.content_type or "application/json"
        return await self._sender.send(request, body, content_type, headers, response.faults, answer.data)

    async def _wait(self, seconds: float) -> None:
        """Wait for a moment."""
        await asyncio.sleep(seconds)


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
