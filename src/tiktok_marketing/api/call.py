"""What a request asks for, so that it can be sent again, and shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from tiktok_marketing.api.transport import Reply
from tiktok_marketing.api_path import path_of

SECRET_PARAMS = frozenset({"app_id", "secret"})


class Call(msgspec.Struct, frozen=True):
    """A request that is sent until there is an answer.

    Args:
        method: The HTTP method.
        endpoint: Path below `/open_api/v1.3/`.
        params: Its parameters, as text.
        send: Sends it once.
        advertiser_id: The account that it is for.
        is_file: Whether the answer is a file without an envelope, unless it is an error.
    """

    method: str
    endpoint: str
    params: Mapping[str, str]
    send: Callable[[], Awaitable[Reply]]
    advertiser_id: str | None
    is_file: bool = False

    def text(self, scrub: Callable[[str], str]) -> str:
        """The request as it can be shown: without secrets, and with long lists cut."""
        shown = "&".join(
            f"{name}={scrub(value)[:300]}" for name, value in self.params.items() if name not in SECRET_PARAMS
        )
        return f"{self.method} {path_of(self.endpoint)}?{shown}"


def as_text(value: Any) -> str:
    """A parameter as a request has it: lists and dictionaries are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return msgspec.json.encode(value).decode()
