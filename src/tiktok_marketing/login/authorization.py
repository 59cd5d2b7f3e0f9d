"""The address of TikTok's authorization page, and what comes back from it. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from tiktok_marketing.errors import ConfigurationError, LoginError

PORTAL_PATH = "/portal/auth"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CODE = re.compile(r"[A-Za-z0-9._~-]{6,512}")
_AGAIN = "Run `tiktok-marketing login` again, and open only the address that it prints."


def page_address(host: str, *, app_id: str, state: str, redirect_uri: str) -> str:
    """The address of the page on which the owner of the accounts authorizes the application.

    Args:
        host: Scheme, host and port of TikTok's site.
        app_id: The application's id.
        state: A text that nobody can guess. The redirect has it, too.
        redirect_uri: Where the page sends the browser. It must be registered for the application.
    """
    return f"{host}{PORTAL_PATH}?{urlencode({'app_id': app_id, 'state': state, 'redirect_uri': redirect_uri})}"


def check_redirect(address: str) -> None:
    """Refuse a redirect address that no page can send a browser to.

    Raises:
        ConfigurationError: If it is not an address.
    """
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isascii() or not address.isprintable() or " " in address:
        raise ConfigurationError(
            f"--redirect-uri is {address!r}, which is not an address.",
            remedy="Give the redirect address that is registered for the application, "
            "for example https://example.com/callback.",
        )


def is_answer(query: Mapping[str, str]) -> bool:
    """Whether the parameters of an address are an answer of the authorization page, good or bad."""
    return bool(_code_in(query)) or "error" in query or "error_description" in query


def code_of(query: Mapping[str, str], state: str) -> str:
    """The auth code in the parameters of a redirect.

    Args:
        query: The parameters.
        state: The state that this login has sent.

    Raises:
        LoginError: If the redirect belongs to another login, or the owner refused.
    """
    if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise LoginError(
            "The redirect does not have the state that this login sent, so it belongs to another login. "
            "Nothing was exchanged.",
            remedy=_AGAIN,
        )
    code = _code_in(query)
    if code:
        return code
    raise LoginError(
        "The authorization was refused on TikTok's page, so there is no token.",
        remedy="Run `tiktok-marketing login` again and confirm, with a user who is an admin of the ad accounts.",
    )


def pasted_code(text: str, state: str) -> str:
    """The auth code in what a person pasted: the address of the redirect, a part of it, or the code alone.

    Blanks, line breaks and quotes from copying do not matter.

    Raises:
        LoginError: If there is no code in it, or the address belongs to another login.
    """
    plain = re.sub(r"[\s<>\"'`\u200b\ufeff]", "", text)
    if re.search(r"[?&#=/]", plain):
        query = _parameters(plain)
        if is_answer(query):
            return code_of(query, state)
    elif _CODE.fullmatch(plain) and len(text.split()) == 1:  # a sentence is not a code
        return plain
    raise LoginError(
        "What was pasted has no auth_code.",
        remedy="After you confirm on TikTok's page, copy the whole address that the browser shows. "
        "It contains auth_code=...",
    )


def _parameters(text: str) -> dict[str, str]:
    """The parameters of an address, in its query or its fragment, or those of a query alone."""
    _, mark, behind = text.partition("?")
    query, _, fragment = (behind if mark else text).partition("#")
    return dict(parse_qsl(query)) | dict(parse_qsl(fragment.partition("?")[2] or fragment))


def _code_in(query: Mapping[str, str]) -> str:
    """The code; empty if there is none. Some applications get it as `code` as well."""
    return (query.get("auth_code") or query.get("code") or "").strip()
