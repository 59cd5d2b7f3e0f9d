"""Pages that a gateway, a firewall or a network's login sends in place of TikTok's answers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from tiktok_marketing.text import one_line

_EXCERPT = 120
"""Characters of a page that a message shows."""
_READ = 16 * 1024
"""Bytes of a page in which its text is looked for."""
_OF_ENVELOPE = frozenset({"code", "data", "request_id"})
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style|svg)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*(?:>|\Z)")


def is_page(body: bytes) -> bool:
    """Whether a body is markup or plain text rather than JSON, which may be damaged."""
    return not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[", b'"'))


def is_foreign(body: bytes) -> bool:
    """Whether a body is JSON with nothing that TikTok's answers have, such as a gateway's `{"error": "blocked"}`."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return not isinstance(answer, dict) or answer.keys().isdisjoint(_OF_ENVELOPE)


def is_file(body: bytes) -> bool:
    """Whether a body is the text of a file, neither JSON nor markup."""
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    return bool(text) and not text.startswith((b"{", b"[", b"<"))


def beginning_of(body: bytes, scrub: Callable[[str], str]) -> str:
    """The beginning of a page's text as a message can show it: one line without markup, control characters and secrets.

    Args:
        body: The page.
        scrub: Removes secrets, which a page may repeat from the request.
    """
    text = html.unescape(_TAG.sub(" ", _UNSEEN.sub(" ", body[:_READ].decode(errors="replace"))))
    return _shown(scrub(" ".join(text.split())).replace('"', "'"))


def redirect_target(location: str, scrub: Callable[[str], str]) -> str:
    """Where a redirect leads, as a message can show it: without user, query and fragment, which may hold secrets."""
    try:
        url = urlsplit(location)
    except ValueError:
        return ""
    host = url.netloc.rpartition("@")[2]
    return _shown(scrub(f"{url.scheme}://{host}{url.path}" if host else url.path))


def _shown(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rstrip()}…"


class PagesInstead:
    """Since when pages have come in place of every answer of an endpoint, and of an account there.

    Args:
        memory: Seconds after the last of these pages during which it counts.
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._seen: dict[tuple[str, str | None], tuple[float, float]] = {}
        """When the first and the latest of them came."""

    def note(self, endpoint: str, advertiser_id: str | None, at: float) -> None:
        """A page came in place of an answer."""
        for key in {(endpoint, None), (endpoint, advertiser_id)}:
            first, latest = self._seen.get(key, (at, at))
            self._seen[key] = (at if at - latest > self._memory else first), at

    def end(self, endpoint: str, advertiser_id: str | None) -> None:
        """The endpoint answered."""
        if self._seen:
            self._seen.pop((endpoint, None), None)
            self._seen.pop((endpoint, advertiser_id), None)

    def since(self, endpoint: str, advertiser_id: str | None, default: float) -> float:
        """Since when nothing else has come from the endpoint, or for the account there."""
        keys = (endpoint, None), (endpoint, advertiser_id)
        return min((self._seen[key][0] for key in keys if key in self._seen), default=default)
