"""Calls methods of tiktok-business-api: `{"token": …, "account": …, "calls": [[service, method, arguments], …]}`.

The request is standard input. It prints for each call what the method returns, or the error that it raises.
"""

import json
import sys
from typing import Any

from tiktok.business.client import TikTokBusinessClient


def answer(client: TikTokBusinessClient, service: str, method: str, arguments: dict[str, Any]) -> Any:
    """What a method returns."""
    try:
        return getattr(getattr(client, service), method)(**arguments)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return f"{type(error).__name__}: {error}"


request = json.load(sys.stdin)
client = TikTokBusinessClient(request["token"], request["account"])
print(json.dumps([answer(client, *call) for call in request["calls"]], default=str))
