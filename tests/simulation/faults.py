"""The network to the API and back, and everything that can happen there."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any

from simulation.api import SECRET, TOKEN, Api
from simulation.limits import RESTRICTED, TOO_MUCH, Slow
from simulation.loop import VirtualLoop
from tiktok_marketing.api.transport import Reply, TransportFailure

SILENCE = 90.0
"""Seconds after which the connector gives up waiting for an answer."""
RETRIABLE = (40016, 40100, 40132, 40133, 40200, 40201, 40202, 40700)
OVER_THE_QUOTA = (40016, 40100)
SERVICE = (50000, 50002, 51001, 51002, 51010, 51039, 51305)
MAINTENANCE = 60001
TOO_LARGE = (40011, 40067)
PARTLY_OK = 20001
STATUSES = (429, 408, 500, 502, 503, 504)
LYING = ("lack", "double", "short")
"""Answers that look whole: a list of objects to split a report by lacks half of them, a row stands twice in place of
another, a row that is counted is missing."""
BROKEN = ("reset", "half", "cut", "garbage", "hang", "lookup")
_KINDS = {
    "campaign/get/": "campaign",
    "adgroup/get/": "adgroup",
    "ad/get/": "ad",
    "file/image/ad/search/": "image",
    "dmp/custom_audience/list/": "audience",
    "AUCTION_CAMPAIGN": "campaign",
    "AUCTION_ADGROUP": "adgroup",
    "AUCTION_AD": "ad",
}
"""What is listed, by endpoint or data level."""
_OF_SHOPS = ("gmv_max/", "campaign/gmv_max/")
"""The beginnings of the endpoints that are about campaigns of stores."""
_LONG = frozenset({"metrics", "app_id", "secret", "service_type"})
_PAGE = b"<html><head><title>%d</title></head><body><h1>Gateway</h1></body></html>"


@dataclass
class Fault:
    """One fault that lasts for a while.

    Args:
        kind: A return code, an HTTP status, or one of `BROKEN`.
        start: When it begins, in seconds of the simulation.
        end: When it ends.
        share: The fraction of the requests that it hits.
        endpoint: Which ones; None for all.
        account: The account whose requests it hits; None for all.
        each: How often faults of this kind may hit the very same request.
    """

    kind: int | str
    start: float
    end: float
    share: float
    endpoint: str | None = None
    account: str | None = None
    each: int = 10**9


class Broken(Exception):  # noqa: N818 - what happened
    """A promise that must hold at every time was broken."""


class _Sent:
    """A request that was sent."""

    __slots__ = ("at", "refused")

    def __init__(self, at: float) -> None:
        self.at = at
        self.refused = False
        """Whether the connector knows that TikTok refused it for its rate."""


class Network:
    """Sends requests to the API model, as a transport does.

    Args:
        api: The API model.
        loop: The event loop, which has the time.
        rng: Decides latencies and which requests are hit.
        latency: Seconds that an answer usually takes.
    """

    def __init__(self, api: Api, loop: VirtualLoop, rng: random.Random, latency: float) -> None:
        self._api = api
        self._loop = loop
        self._rng = rng
        self._latency = latency
        self.faults: list[Fault] = []
        self.note: Callable[[str], None] | None = None
        """Told of every request, if somebody wants to know."""
        self.moving = 0
        """How many changes of lively accounts may still happen."""
        self.requests = 0
        self.hits: Counter[str] = Counter()
        """Faults that the schedule put in the way, by kind."""
        self.limits: Counter[str] = Counter()
        """What the model refused or left out by itself, as TikTok always does, by kind."""
        self.slow_repeats = 0
        self.per_second = self.per_minute = 10.0**9
        self.broken: list[str] = []
        """Promises that hold at every moment, and did not."""
        self._later: list[Fault] = []
        self._began = 0.0
        self._dated = False
        self._left: dict[str, deque[_Sent]] = {}
        self._again: Counter[str] = Counter()
        self._silent: dict[str, list[float]] = {}

    def begin(self, faults: list[Fault], *, after_contact: bool, per_second: float, moving: int, dated: bool) -> None:
        """A new sync begins, which knows nothing of the requests before it.

        Args:
            faults: What goes wrong, as if the sync began now.
            after_contact: Whether it goes wrong so long after the first answer, rather than after now.
            per_second: Requests that the sync may send to an endpoint a second.
            moving: Changes of lively accounts that may happen.
            dated: Whether answers tell TikTok's time.
        """
        self.faults = [] if after_contact else faults
        self._later = faults if after_contact else []
        self._began = self._loop.time()
        self.moving = moving
        self._dated = dated
        self.per_second, self.per_minute = per_second, per_second * 60
        self._left.clear()
        self._again.clear()
        self._silent.clear()

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send a request to the API, and return its answer."""
        if self.note is None:
            return await self._carry(endpoint, params, token)
        left, outcome = self._loop.time(), "given up"
        try:
            reply = await self._carry(endpoint, params, token)
            outcome = f"{reply.status} {reply.body[:120]!r}"
        except TransportFailure as failure:
            outcome = failure.message
            raise
        finally:
            shown = "&".join(f"{name}={value}" for name, value in params.items() if name not in _LONG)
            self.note(f"  {left:.3f} /{endpoint}?{shown}: {outcome}")
        return reply

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str) -> Reply:
        """Send a request with a body to the API, and return its answer."""
        params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
        return await self.send(endpoint, params, token)

    async def _carry(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        self.requests += 1
        sent = _Sent(self._loop.time())
        self._count(endpoint, sent)
        reply = await self._delayed(endpoint, params, token)
        head = reply.body[:200].replace(b" ", b"")
        sent.refused = reply.status == 429 or any(b'"code":%d,' % code in head for code in OVER_THE_QUOTA)
        return reply

    async def _delayed(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        account = params.get("advertiser_id")
        seconds = self._seconds(account)
        if seconds >= SILENCE:
            await asyncio.sleep(SILENCE)
            raise TransportFailure("no answer arrived in time", timed_out=True)
        # The answer is made somewhere on the way: half of all delays are before it and half behind it.
        if self._rng.random() < 0.5:
            await asyncio.sleep(seconds)
            return await self._reply(endpoint, params, token, account)
        reply = await self._reply(endpoint, params, token, account)
        await asyncio.sleep(seconds)
        return reply

    def _seconds(self, account: str | None) -> float:
        known = self._api.world.by_id.get(account or "")
        slowness = known.slowness if known is not None else 1.0
        return self._latency * slowness * (0.5 + self._rng.random())

    async def _reply(self, endpoint: str, params: Mapping[str, str], token: str, account: str | None) -> Reply:
        self._move(account, endpoint, params)
        fault = self._fault(endpoint, params, account)
        if fault is not None:
            if fault.kind in LYING:
                return self._lie(str(fault.kind), params, await self._ask(endpoint, params, token))
            self.hits[str(fault.kind)] += 1
            if isinstance(fault.kind, str):
                return await self._break(fault.kind, endpoint, params, token)
            return self._refuse(fault.kind, endpoint, params, token)
        reply = await self._ask(endpoint, params, token)
        if self._later:
            passed = self._loop.time() - self._began
            self.faults = [replace(fault, start=fault.start + passed, end=fault.end + passed) for fault in self._later]
            self._later = []
        return reply

    async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        try:
            body = self._api.answer(endpoint, params, token, self._loop.time())
        except Slow:
            self._note_silence(endpoint, params)
            self.limits[f"{TOO_MUCH} (silence)"] += 1
            await asyncio.sleep(SILENCE)
            raise TransportFailure("no answer arrived in time", timed_out=True) from None
        if body.headers:
            self.limits["ads left out"] += 1
        if body.limited:
            self.limits[body.limited] += 1
        if body.denied:
            self.hits[body.denied] += 1
        headers = body.headers
        if self._dated:
            headers = headers | {"Date": format_datetime(self._api.world.time_at(self._loop.time()), usegmt=True)}
        return Reply(body.status, headers, body.body)

    def _refuse(self, kind: int, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        if kind in STATUSES:
            return Reply(kind, {}, _PAGE % kind)
        if kind == PARTLY_OK:
            try:
                body = self._api.answer(endpoint, params, token, self._loop.time())
            except Slow:
                return Reply(504, {}, _PAGE % 504)
            return Reply(200, body.headers, self._part_of(body.body))
        message = RESTRICTED if kind == 40100 else f"Trouble {kind} of {TOKEN} with {SECRET}."
        return Reply(200, {}, self._api.envelope(kind, message))

    def _lie(self, kind: str, params: Mapping[str, str], reply: Reply) -> Reply:
        """The same answer as if it was another one, where nothing but the rest of the data can show it."""
        if not reply.body.startswith(b"{"):
            return reply  # a file
        answer = json.loads(reply.body)
        data = answer["data"]
        records = next((value for value in data.values() if isinstance(value, list)), [])
        if "page_info" not in data or len(records) < 2 or (kind == "lack" and not _is_list_to_split_by(params)):
            return reply
        if not data["page_info"]["total_number"] or data["page_info"]["total_number"] < 0:
            return reply
        missing = records[len(records) // 2 :]
        if kind == "lack" and not any(_has_figures(record["metrics"]) for record in missing):
            return reply  # no figure of the account shows that objects without figures are missing
        self.hits[kind] += 1
        if kind == "lack":
            del records[len(records) // 2 :]
            data["page_info"]["total_number"] = len(records)
        elif kind == "double":
            records[-1] = records[0]
        else:
            del records[self._rng.randrange(len(records))]
        return Reply(reply.status, reply.headers, json.dumps(answer, separators=(",", ":")).encode())

    def _part_of(self, body: bytes) -> bytes:
        """The answer with another return code, usually without some of its records, with or without adjusted counts."""
        if not body.startswith(b"{"):
            return body  # a file
        answer = json.loads(body)
        if answer["code"]:
            return body
        answer |= {"code": PARTLY_OK, "message": "Part of it."}
        data = answer["data"]
        share = self._rng.choice((0.0, 0.5, 0.9, 1.0))
        parts = [
            (name, value) for name, value in data.items() if name != "page_info" and isinstance(value, (list, dict))
        ]
        if not parts:
            return json.dumps(answer, separators=(",", ":")).encode()
        name, records = parts[0]
        if isinstance(records, dict):
            data[name] = {key: record for key, record in records.items() if self._rng.random() < share}
        else:
            data[name] = [record for record in records if self._rng.random() < share]
        if "page_info" in data and self._rng.random() < 0.7 and data["page_info"]["total_number"]:
            data["page_info"]["total_number"] -= len(records) - len(data[name])
        return json.dumps(answer, separators=(",", ":")).encode()

    async def _break(self, kind: str, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        match kind:
            case "reset":
                raise TransportFailure("the connection failed (ServerDisconnectedError)")
            case "half":
                raise TransportFailure("the connection closed before the answer was complete")
            case "lookup":
                raise TransportFailure(
                    "the name business-api.tiktok.com cannot be resolved (Name or service not known)",
                    connecting=True,
                    unknown_host=True,
                )
            case "hang":
                await asyncio.sleep(SILENCE)
                raise TransportFailure("no answer arrived in time", timed_out=True)
            case "garbage":
                return Reply(200, {}, b"\x00\xff not JSON, {")
            case _:
                whole = (await self._ask(endpoint, params, token)).body
                return Reply(200, {}, whole[: self._rng.randrange(len(whole))])

    def _fault(self, endpoint: str, params: Mapping[str, str], account: str | None) -> Fault | None:
        at = self._loop.time()
        for fault in self.faults:
            if not fault.start <= at < fault.end or (fault.endpoint is not None and endpoint != fault.endpoint):
                continue
            if (fault.account is not None and account != fault.account) or self._rng.random() >= fault.share:
                continue
            if fault.each < 10**9:
                key = _text(endpoint, params)
                if self._again[key] >= fault.each:
                    continue
                self._again[key] += 1
            return fault
        return None

    def _move(self, account: str | None, endpoint: str, params: Mapping[str, str]) -> None:
        """Change objects of a lively account while it is read, often in the very list that is read."""
        known = self._api.world.by_id.get(account or "")
        if known is not None and self.moving > 0 and self._rng.random() < known.lively:
            self.moving -= 1
            if endpoint.startswith(_OF_SHOPS):
                self._api.shops.change(known, self._loop.time(), self._rng)
                return
            listed = _KINDS.get(params.get("data_level", endpoint), "") if self._rng.random() < 0.7 else ""
            self._api.world.change_something(known, self._loop.time(), self._rng, listed)

    def _count(self, endpoint: str, latest: _Sent) -> None:
        """Check that requests never exceed the tier's quota, which counts no request that it refused."""
        left, at = self._left.setdefault(endpoint, deque()), latest.at
        left.append(latest)
        while left[0].at <= at - 60.0:
            left.popleft()
        in_second = sum(1 for sent in reversed(left) if sent.at > at - 0.999 and not sent.refused)
        if in_second > self.per_second or len(left) > self.per_minute:
            self.broken.append(f"{in_second} requests a second, {len(left)} a minute to {endpoint}")

    def _note_silence(self, endpoint: str, params: Mapping[str, str]) -> None:
        """Check that the same slow request is not repeated, for which TikTok blocks clients."""
        at = self._loop.time()
        times = self._silent.setdefault(_text(endpoint, params), [])
        times.append(at)
        if sum(1 for time in times if time > at - 600.0) >= 3:
            self.broken.append(f"the same slow request was sent three times in ten minutes: {endpoint}")


def _is_list_to_split_by(params: Mapping[str, str]) -> bool:
    """Whether a report is asked for the objects that it lists: with few metrics, and no dimension but their ids."""
    return params.get("dimensions") in {'["campaign_id"]', '["adgroup_id"]'} and params["metrics"].count(",") < 20


def _has_figures(metrics: Mapping[str, str]) -> bool:
    """Whether a row of such a list has figures. Those of campaigns of a store are their cost."""
    return float(metrics.get("impressions", metrics.get("cost", "0"))) > 0


def _text(endpoint: str, params: Mapping[str, str]) -> str:
    return endpoint + "&".join(f"{name}={value}" for name, value in params.items() if name != "metrics")
