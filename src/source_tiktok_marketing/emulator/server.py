"""The emulator: a web server on a real socket, and the handles to look into it and to make it fail."""

import asyncio
import contextlib
import logging
import socket
import struct
import time
from collections.abc import Callable, Mapping
from datetime import date
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

from source_tiktok_marketing.emulator import control
from source_tiktok_marketing.emulator import params as read
from source_tiktok_marketing.emulator.access import Access
from source_tiktok_marketing.emulator.asset_lists import AssetLists
from source_tiktok_marketing.emulator.business import Business
from source_tiktok_marketing.emulator.clock import Clock
from source_tiktok_marketing.emulator.counters import Asked, Counters
from source_tiktok_marketing.emulator.envelope import Answer, Refusal, refuse, wrap
from source_tiktok_marketing.emulator.faults import Fault, FaultRegister, edited, part_of
from source_tiktok_marketing.emulator.noise import keyed
from source_tiktok_marketing.emulator.objects import ObjectLists
from source_tiktok_marketing.emulator.options import Options
from source_tiktok_marketing.emulator.reports import Reports
from source_tiktok_marketing.emulator.throttle import Throttle
from source_tiktok_marketing.emulator.truth import truth

logger = logging.getLogger("source_tiktok_marketing.emulator")

PREFIX = "/open_api/v1.3/"
_OBJECTS = {"campaign/get/": "campaign", "adgroup/get/": "adgroup", "ad/get/": "ad"}
_REPORT = "report/integrated/get/"
_METHODS = {
    "oauth2/access_token/": ("POST",),
    "oauth2/revoke_token/": ("POST",),
    "oauth2/advertiser/get/": ("GET",),
    "advertiser/info/": ("GET",),
    "user/info/": ("GET", "POST"),
    _REPORT: ("GET",),
    **dict.fromkeys(_OBJECTS, ("GET",)),
}
_WITHOUT_TOKEN = ("oauth2/access_token/", "oauth2/revoke_token/")
_MOST_REPORT_ACCOUNTS = 5
_LONGEST_URL = 64 * 1024
"""A report on a hundred campaigns with all metrics does not fit into the usual 8 KB."""
_SECRETS = ("secret", "auth_code", "access_token")


class Emulator:
    """A local server that answers as TikTok's Business API v1.3 does.

    Use it as an asynchronous context manager; while it is open, `url` is the address to put into TIKTOK_API_URL.

    Attributes:
        options: What it was made with.
        clock: The business's time: `set(datetime)`, `advance(timedelta or seconds)`.
        faults: What goes wrong: `add(fault or text)`, `clear()`.
        counters: What was asked: `total(path=, advertiser_id=, answer=)`, `requests`, `reset()`.
        business: The accounts and all that is in them.
        access: The app and its tokens.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.clock = Clock(self.options.now)
        self.faults = FaultRegister(self.options.faults, self.options.seed)
        self.counters = Counters(self.options.record_requests)
        self.business = Business(self.options, self.clock.now())
        self.access = Access(self.business)
        self.throttle = Throttle(self.options)
        self._objects = ObjectLists(self.options)
        self._assets = AssetLists(self.options)
        self._methods = _METHODS | dict.fromkeys(self._assets.paths, ("GET",))
        self._reports = Reports(self.options)
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._served = 0
        self.port = self.options.port

    # -- what a client needs

    @property
    def url(self) -> str:
        """Scheme, host and port; the API lies below `/open_api/v1.3/`."""
        return f"http://{self.options.host}:{self.port}"

    @property
    def app_id(self) -> str:
        """The developer app's id."""
        return self.access.app_id

    @property
    def secret(self) -> str:
        """The developer app's secret."""
        return self.access.secret

    @property
    def access_token(self) -> str:
        """The token for all granted accounts."""
        return self.access.access_token

    @property
    def limited_access_token(self) -> str:
        """A token for the first account only."""
        return self.access.limited_access_token

    @property
    def sandbox_access_token(self) -> str:
        """The token for the sandbox account."""
        return self.access.sandbox_access_token

    @property
    def advertiser_ids(self) -> list[str]:
        """The accounts that `access_token` reaches."""
        return [str(account.id) for account in self.business.granted]

    @property
    def sandbox_advertiser_id(self) -> str:
        """The sandbox account."""
        return str(self.business.sandbox.id)

    def ready_line(self) -> str:
        """One line of JSON for programs that start the emulator: where it is and how to get in."""
        return msgspec.json.encode(
            {
                "url": self.url,
                "app_id": self.app_id,
                "secret": self.secret,
                "access_token": self.access_token,
                "sandbox_access_token": self.sandbox_access_token,
                "advertiser_ids": self.advertiser_ids,
                "sandbox_advertiser_id": self.sandbox_advertiser_id,
            }
        ).decode()

    def truth(
        self,
        advertiser_id: str,
        start: date,
        end: date,
        *,
        include_deleted: bool = True,
        hourly: bool = True,
        breakdowns: bool = False,
    ) -> dict[str, Any]:
        """What a complete reader of an account must end up with, as of the clock; see `truth.truth`."""
        account = self.business.by_id[advertiser_id]
        numbers = self._reports.numbers(account, self.clock.tick)
        return truth(
            account,
            numbers,
            start,
            end,
            self.options,
            include_deleted=include_deleted,
            hourly=hourly,
            breakdowns=breakdowns,
        )

    # -- running

    async def start(self) -> None:
        """Listen."""
        self._closing.clear()
        server = web.Server(self._handle, access_log=None, max_line_size=_LONGEST_URL)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.host, self.options.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        logger.info("The emulator answers at %s for %d accounts.", self.url, len(self.advertiser_ids))

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # -- answering

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await control.handle(self, request)
        path = request.path.removeprefix(PREFIX)
        if not request.path.startswith(PREFIX) or path not in self._methods:
            return web.Response(status=404, text="404 page not found")
        if request.method not in self._methods[path]:
            return web.Response(status=405, text="405 method not allowed")
        return await self._answer(request, path)

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        self._served += 1
        request_id = f"{self.clock.now():%Y%m%d%H%M%S}{keyed(self.options.seed, self._served):016X}"
        params: Mapping[str, Any] = await self._params(request)
        advertisers = _advertisers(params)
        token = request.headers.get("Access-Token")
        faults: list[Fault] = []
        code, message, answer = 0, "OK", Answer(b"{}")
        begun = time.perf_counter()
        try:
            if path not in _WITHOUT_TOKEN:
                self.access.check_token(token, path)
            first = advertisers[0] if advertisers else ""
            self.throttle.admit(self.app_id, path, first, sandbox=self.access.is_sandbox(token))
            faults = self.faults.pick(path, advertisers, params)
            self.clock.advance(sum(fault.advance for fault in faults))
            _refuse_by(faults)
            answer = self._data(path, token, params)
            answer = Answer(edited(answer.data, faults), answer.headers)
            for fault in faults:
                if fault.partly:
                    code, message = fault.code or 0, fault.text
                    answer = Answer(part_of(answer.data, fault.keep), answer.headers)
        except Refusal as refusal:
            code, message = refusal.code, refusal.message
        told = {name: str(value) for name, value in params.items() if name not in _SECRETS}
        outcome = _outcome(faults) or str(code)
        self.counters.count(Asked(path, told, advertisers[0] if advertisers else "", outcome))
        logger.debug("%s %s -> %s in %.1f ms", request.method, path, outcome, (time.perf_counter() - begun) * 1000)
        body = wrap(code, message, request_id, answer.data)
        headers = {
            "Date": format_datetime(self.clock.now(), usegmt=True),
            "X-TT-LOGID": request_id,
            "x-tt-trace-host": "emulator",
            "x-tt-trace-id": request_id,
            **answer.headers,
        }
        return await self._send(request, body, headers, faults)

    @staticmethod
    async def _params(request: web.BaseRequest) -> Mapping[str, Any]:
        """The query's parameters; for POST, the fields of the JSON body."""
        if request.method != "POST":
            return {str(name): str(value) for name, value in request.query.items()}
        try:
            body = msgspec.json.decode(await request.read() or b"{}")
        except msgspec.DecodeError:
            return {}
        return body if isinstance(body, dict) else {}

    def _data(self, path: str, token: str | None, params: Mapping[str, Any]) -> Answer:
        now = self.clock.tick
        if path == _REPORT:
            return self._report(token, params, now)
        if path in _OBJECTS or path in self._assets.paths:
            account = self.access.account(token, read.required(params, "advertiser_id"))
            if path in _OBJECTS:
                return self._objects.answer(_OBJECTS[path], account, params, now)
            return self._assets.answer(path, account, params, now)
        own: dict[str, Callable[[], Answer]] = {
            "advertiser/info/": lambda: self.access.advertiser_info(token, params, now),
            "oauth2/advertiser/get/": lambda: self.access.advertisers(token, params),
            "oauth2/access_token/": lambda: self.access.exchange(params),
            "oauth2/revoke_token/": lambda: self.access.revoke(params),
            "user/info/": self.access.user_info,
        }
        return own[path]()

    def _report(self, token: str | None, params: Mapping[str, str], now: int) -> Answer:
        if params.get("advertiser_ids"):
            ids = list(dict.fromkeys(read.texts(params, "advertiser_ids") or []))
            if len(ids) > _MOST_REPORT_ACCOUNTS:
                refuse(f"advertiser_ids: Longer than maximum length {_MOST_REPORT_ACCOUNTS}.")
        else:
            ids = [read.required(params, "advertiser_id")]
        return self._reports.answer([self.access.account(token, item) for item in ids], params, now)

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
                page = f"<html><head><title>{fault.http}</title></head><body><h1>{fault.http}</h1></body></html>"
                return web.Response(status=fault.http, text=page, content_type="text/html")
            if fault.garbage:
                body = b"upstream connect error or disconnect/reset before headers"
            if fault.truncate:
                return await _truncated(request, body, headers)
        response = web.Response(body=body, content_type="application/json", headers=headers)
        if self.options.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return


async def serve(options: Options, ready: "asyncio.Future[Emulator] | None" = None) -> None:
    """Run an emulator until cancelled.

    Args:
        options: Its settings.
        ready: Is given the running emulator as soon as it listens.
    """
    async with Emulator(options) as emulator:
        if ready is not None:
            ready.set_result(emulator)
        await asyncio.Event().wait()


def run(options: Options, announce: Callable[[str], None]) -> None:
    """Run an emulator until the program is interrupted.

    Args:
        options: Its settings.
        announce: Is given `Emulator.ready_line()` once it listens; a command line prints it.
    """

    async def announced() -> None:
        async with Emulator(options) as emulator:
            announce(emulator.ready_line())
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(announced())


def _advertisers(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The accounts that a request names."""
    several = params.get("advertiser_ids")
    if isinstance(several, str) and several:
        try:
            decoded = msgspec.json.decode(several)
        except msgspec.DecodeError:
            return ()
        return tuple(map(str, decoded)) if isinstance(decoded, list) else ()
    one = params.get("advertiser_id")
    return (str(one),) if one else ()


def _refuse_by(faults: list[Fault]) -> None:
    """Refuse with the return code of the fault that has one."""
    for fault in faults:
        if fault.code is not None and not fault.partly:
            raise Refusal(fault.code, fault.text)


def _outcome(faults: list[Fault]) -> str:
    for fault in faults:
        if fault.http is not None:
            return f"http {fault.http}"
        for name in ("reset", "garbage"):
            if getattr(fault, name):
                return name
        if fault.truncate:
            return "truncated"
        if fault.hang is True:
            return "hang"
    return ""


def _abort(request: web.BaseRequest) -> web.Response:
    """Reset the connection: close it at once, with what was not sent thrown away."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _truncated(request: web.BaseRequest, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """Announce the whole body, send half of it, and close."""
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/json"})
    response.content_length = len(body)
    response.force_close()
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
