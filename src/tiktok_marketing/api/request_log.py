"""A transport that tells of each request: what was asked, what came back, and how long it took. Without secrets."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.api.transport import Reply, Transport, TransportFailure
from tiktok_marketing.api_path import path_of
from tiktok_marketing.text import shown_line

_SECRET_PARAMS = frozenset({"app_id", "secret", "access_token"})
_LONGEST = 300
"""Characters of a parameter that are shown."""


class _Envelope(msgspec.Struct):
    """What an answer says of itself, whatever its types."""

    code: Any = None
    request_id: Any = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class LoggedTransport:
    """Sends requests with another transport, and logs each one when it has ended.

    Args:
        transport: Sends the requests.
        log: Called with a line for each request.
    """

    def __init__(self, transport: Transport, log: Callable[[str], None]) -> None:
        self._transport = transport
        self._log = log

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Send the request and return the complete answer.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        return await self._logged(self._transport.send(endpoint, params, token), _request("GET", endpoint, params))

    async def post(self, endpoint: str, body: Mapping[str, Any], token: str) -> Reply:
        """Send a POST request with a body in JSON, and return the complete answer.

        Raises:
            TransportFailure: If no complete answer arrived.
        """
        shown = {name: str(value) for name, value in body.items()}
        return await self._logged(self._transport.post(endpoint, body, token), _request("POST", endpoint, shown))

    async def _logged(self, sending: Awaitable[Reply], request: str) -> Reply:
        began = time.perf_counter()
        outcome = "cancelled"
        try:
            reply = await sending
            outcome = _describe(reply)
        except TransportFailure as failure:
            outcome = f"no answer ({failure.message})"
            raise
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            self._log(shown_line(f"{request}: {outcome}, {milliseconds:,.0f} ms"))
        return reply


def _request(method: str, endpoint: str, params: Mapping[str, str]) -> str:
    shown = "&".join(f"{name}={'***' if name in _SECRET_PARAMS else _cut(value)}" for name, value in params.items())
    return f"{method} {path_of(endpoint)}{'?' if shown else ''}{shown}"


def _cut(value: str) -> str:
    # Mask the whole value first: half of a secret would not be recognized as one.
    value = shown_line(value)
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _describe(reply: Reply) -> str:
    try:
        envelope = _ENVELOPE.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"HTTP {reply.status}, no envelope, {len(reply.body):,} bytes"
    return f"HTTP {reply.status}, code {envelope.code}, request_id {envelope.request_id}, {len(reply.body):,} bytes"
