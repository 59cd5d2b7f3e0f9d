"""Exchanges an auth code for an access token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tiktok_marketing.api.error_rules import rule_for, transport_error
from tiktok_marketing.api.transport import HttpTransport, TransportFailure
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.text import Mask

ENDPOINT = "oauth2/access_token/"
_REMEDIES = {
    40101: "Check the application's id and secret on its page in TikTok's developer portal (TIKTOK_APP_ID, "
    "TIKTOK_SECRET or the configuration), then run the login again.",
    40110: "A code works once, and for an hour. Run `tiktok-marketing login` again.",
}
_SAME_REMEDY = {40113: 40101, 40112: 40101, 40124: 40101}


class Grant(msgspec.Struct, frozen=True):
    """What TikTok granted.

    Args:
        access_token: The token.
        scopes: The scopes; empty if TikTok does not say.
        advertiser_ids: The accounts that were chosen; the list is a snapshot.
    """

    access_token: str
    scopes: frozenset[int]
    advertiser_ids: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Grant(access_token=***, scopes={sorted(self.scopes)}, advertiser_ids={self.advertiser_ids})"


async def exchange(transport: HttpTransport, *, app_id: str, secret: str, code: str) -> Grant:
    """Exchange an auth code. The request is sent once, because a code is used up even if the answer is lost.

    Raises:
        TikTokError: If TikTok refuses it, or no answer arrives.
    """
    mask = Mask((secret, code, app_id))
    try:
        reply = await transport.post(ENDPOINT, {"app_id": app_id, "secret": secret, "auth_code": code})
    except TransportFailure as failure:
        raise transport_error(
            mask(failure.message),
            endpoint=ENDPOINT,
            advertiser_id=None,
            timed_out=failure.timed_out,
            connecting=failure.connecting,
            unknown_host=failure.unknown_host,
            certificate=failure.certificate,
            proxy_status=failure.proxy_status,
            too_large=failure.too_large,
        ) from failure
    if reply.reservation is not None:
        reply.reservation.release()
    try:
        answer = msgspec.json.decode(reply.body)
        number = int(answer["code"])
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, TypeError, KeyError):
        raise _unreadable(f"HTTP {reply.status}, with a page that is not an answer of TikTok's API") from None
    if number != 0:
        raise _refused(number, mask(str(answer.get("message") or "")), mask(str(answer.get("request_id") or "")))
    return _grant(answer.get("data"))


def _refused(code: int, message: str, request_id: str) -> TikTokError:
    error = rule_for(code, message, ENDPOINT).error(
        message or "no reason was given", endpoint=ENDPOINT, code=code, request_id=request_id
    )
    error.remedy = _REMEDIES.get(_SAME_REMEDY.get(code, code), error.remedy)
    return error


def _unreadable(reason: str) -> TikTokError:
    error = transport_error(reason, endpoint=ENDPOINT, advertiser_id=None)
    error.remedy = "Check whether a proxy or TIKTOK_API_URL answers instead of TikTok, then run the login again."
    return error


def _grant(data: Any) -> Grant:
    token = data.get("access_token") if isinstance(data, Mapping) else None
    if not isinstance(token, str) or not token:
        raise _unreadable("the answer has no access_token")
    return Grant(token, frozenset(_numbers(data.get("scope"))), tuple(map(str, data.get("advertiser_ids") or ())))


def _numbers(scopes: Any) -> list[int]:
    """The numbers in `scope`, which may be a list of numbers or texts, or a list as text."""
    if isinstance(scopes, str):
        scopes = scopes.strip("[] ").split(",")
    items = scopes if isinstance(scopes, list) else []
    return [int(item) for item in map(str, items) if item.strip().isdigit()]
