"""From a return code, an HTTP status or a transport failure to what must happen next."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from source_tiktok_marketing.errors import ConnectorError


class Consequence(StrEnum):
    """What a failed request means for the rest of the sync."""

    RETRY = "retry"
    """The same request may succeed in a while."""
    SLOW_DOWN = "slow down"
    """The same request may succeed once fewer are sent to this endpoint."""
    SLOW_ACCOUNT = "slow this account down"
    """The same request may succeed once fewer are sent to this endpoint about this advertiser account."""
    SPLIT = "split"
    """Only a smaller request (fewer days, fewer ids) can succeed."""
    ACCOUNT = "account"
    """This advertiser account's part fails; the others go on."""
    STREAM = "stream"
    """This stream fails; the others go on."""
    SYNC = "sync"
    """Nothing can succeed; the sync stops."""


class Verdict(StrEnum):
    """Whose turn it is to act, once nothing here can: Airbyte's failure types."""

    CONFIG = "config_error"
    SYSTEM = "system_error"
    TRANSIENT = "transient_error"


class Ruling:
    """What one return code means.

    Args:
        consequence: What it means for the sync.
        verdict: Who has to act if it stays.
        remedy: What that person can do.
        inaccessible: Whether it says that the account is out of this token's reach, which
            `skip_inaccessible_advertisers` turns into a warning.
    """

    __slots__ = ("consequence", "inaccessible", "remedy", "verdict")

    def __init__(self, consequence: Consequence, verdict: Verdict, remedy: str, *, inaccessible: bool = False) -> None:
        self.consequence = consequence
        self.verdict = verdict
        self.remedy = remedy
        self.inaccessible = inaccessible


_WAIT = "It did not pass within the time given to retries: run the sync again later; it goes on from its last state."
_SLOWER = (
    "Other programs may be using the same TikTok application: set requests_per_second to what is left for this one, "
    "or run it again later."
)
_REPORT = "This is likely a fault of the connector or a change at TikTok: report it with the code and request_id."
_REAUTHORIZE = (
    "Authorize the application again in TikTok for Business and put the new access token into the configuration."
)
_GRANT = (
    "Ask an admin of the account to grant it (and the scope for this data) to the application again, or leave it out "
    "with exclude_advertiser_ids; "
    "skip_inaccessible_advertisers makes this a warning."
)
_SCOPE = (
    "The application lacks the permission for this data: request the scope in the TikTok developer portal, "
    "then authorize it again."
)
_APP = "Check that app_id, secret and access_token in the configuration belong to the same TikTok application."

_RETRY = Ruling(Consequence.RETRY, Verdict.TRANSIENT, _WAIT)
_NO_WAY_THERE = Ruling(
    Consequence.RETRY,
    Verdict.TRANSIENT,
    "Check the network, the proxy's settings and TIKTOK_API_URL, then run it again.",
)
_NO_SUCH_NAME = Ruling(
    Consequence.RETRY,
    Verdict.TRANSIENT,
    "Check the spelling of the address (TIKTOK_API_URL, HTTPS_PROXY) and that this machine can look up names (DNS), "
    "then run it again.",
)
_SLOW = Ruling(Consequence.SLOW_DOWN, Verdict.TRANSIENT, _SLOWER)
_SLOW_ACCOUNT = Ruling(Consequence.SLOW_ACCOUNT, Verdict.TRANSIENT, _SLOWER)
_SMALLER = Ruling(
    Consequence.SPLIT, Verdict.TRANSIENT, "Set report_granularity to fewer days, or run the sync again later."
)
_ACCOUNT_GONE = Ruling(Consequence.ACCOUNT, Verdict.CONFIG, _GRANT, inaccessible=True)
_REFUSED = Ruling(Consequence.ACCOUNT, Verdict.SYSTEM, _REPORT)
_REFUSED_TO_USER = Ruling(
    Consequence.ACCOUNT, Verdict.CONFIG, "Leave the stream or the account out of the sync, or ask TikTok's support why."
)
_OTHER_COMPANY = Ruling(
    Consequence.ACCOUNT,
    Verdict.CONFIG,
    "The application's developer and the account belong to different companies: "
    "authorize an application of the account's own company, or leave the account out with exclude_advertiser_ids.",
    inaccessible=True,
)
_STREAM_SCOPE = Ruling(Consequence.STREAM, Verdict.CONFIG, _SCOPE)
_STREAM_ABSENT = Ruling(
    Consequence.STREAM,
    Verdict.CONFIG,
    "This data does not exist for the application or the sandbox: leave the stream out of the sync.",
)
_TOKEN = Ruling(Consequence.SYNC, Verdict.CONFIG, _REAUTHORIZE)
_APPLICATION = Ruling(Consequence.SYNC, Verdict.CONFIG, _APP)
_COUNTRY = Ruling(Consequence.SYNC, Verdict.CONFIG, "Run the sync from a network in a country that TikTok serves.")

# The return codes of the API's appendix and those seen outside it. Whatever is not here is decided by its range.
RULINGS: dict[int, Ruling] = {
    40000: _REFUSED,
    40001: _ACCOUNT_GONE,
    40002: _REFUSED,
    40006: _REFUSED,
    40007: _REFUSED_TO_USER,
    40008: _STREAM_ABSENT,
    40009: _STREAM_ABSENT,
    40010: _REFUSED,
    40011: _SMALLER,
    40013: _ACCOUNT_GONE,
    40014: _STREAM_ABSENT,
    40016: _SLOW,
    40050: _REFUSED,
    40051: _REFUSED,
    40067: _SMALLER,
    40100: _SLOW,
    40101: _APPLICATION,
    40102: _TOKEN,
    40103: _TOKEN,
    40104: _TOKEN,
    40105: _TOKEN,
    40106: _ACCOUNT_GONE,
    40107: _TOKEN,
    40108: _APPLICATION,
    40109: _APPLICATION,
    40110: _TOKEN,
    40112: _APPLICATION,
    40113: _APPLICATION,
    40115: _TOKEN,
    40116: _APPLICATION,
    40117: _REFUSED_TO_USER,
    40118: _STREAM_SCOPE,
    40119: _OTHER_COMPANY,
    40121: _STREAM_SCOPE,
    40122: _STREAM_SCOPE,
    40124: _APPLICATION,
    40125: _APPLICATION,
    40132: _RETRY,
    40133: _SLOW_ACCOUNT,
    40200: _RETRY,
    40201: _RETRY,
    40202: _RETRY,
    40300: _ACCOUNT_GONE,
    40301: _ACCOUNT_GONE,
    40700: _RETRY,
    41000: _COUNTRY,
    41001: _STREAM_ABSENT,
    41002: _REFUSED_TO_USER,
}

MAINTENANCE = 60001
"""TikTok is down for maintenance: worth waiting for, in minutes rather than seconds."""


def ruling_of(code: int) -> Ruling:
    """What a return code other than 0 and 20001 means. Codes from 50000 on are TikTok's own trouble and may pass."""
    known = RULINGS.get(code)
    if known is not None:
        return known
    return _RETRY if code >= 50000 else _REFUSED


class TikTokError(ConnectorError):
    """TikTok refused a request, or the request or its answer was lost on the way.

    Args:
        said: What TikTok (or the network) said, without its code.
        ruling: What it means.
        endpoint: Path below `/open_api/v1.3/`.
        code: TikTok's return code; None if no envelope arrived.
        request_id: What TikTok's support asks for; empty if no envelope arrived.
        advertiser_id: The account the request was about, where there is one.
        timed_out: Whether no answer came in time: asking the very same again is punished by TikTok.
        detail: The request, for whoever debugs it, with no secret in it.
    """

    def __init__(
        self,
        said: str,
        ruling: Ruling,
        *,
        endpoint: str,
        code: int | None = None,
        request_id: str = "",
        advertiser_id: str | None = None,
        timed_out: bool = False,
        detail: str = "",
    ) -> None:
        self.said = said
        self.ruling = ruling
        self.endpoint = endpoint
        self.code = code
        self.request_id = request_id
        self.advertiser_id = advertiser_id
        self.timed_out = timed_out
        self.tries = 1
        super().__init__(self._sentence(), remedy=ruling.remedy, detail=detail)

    def _sentence(self) -> str:
        facts = [
            f"code {self.code}" if self.code is not None else "",
            f"request_id {self.request_id}" if self.request_id else "",
        ]
        facts.append(f"{self.tries} tries" if self.tries > 1 else "")
        aside = ", ".join(fact for fact in facts if fact)
        account = f" for advertiser {self.advertiser_id}" if self.advertiser_id else ""
        said = self.said.strip().rstrip(".")
        return f"/{self.endpoint} failed{account}: {said}{f' ({aside})' if aside else ''}."

    @property
    def consequence(self) -> Consequence:
        """What it means for the rest of the sync."""
        return self.ruling.consequence

    @property
    def slow(self) -> bool:
        """Whether the request was too much work for TikTok, as far as one can tell: a smaller one may succeed."""
        return self.timed_out or self.code == 50002 or 51000 <= (self.code or 0) < 52000

    def after(self, tries: int) -> Self:
        """Say how many times the request was sent."""
        self.tries = tries
        self.message = self._sentence()
        return self


def transport_error(
    said: str,
    *,
    endpoint: str,
    advertiser_id: str | None,
    timed_out: bool = False,
    connecting: bool = False,
    nameless: bool = False,
) -> TikTokError:
    """No envelope arrived: a broken connection, an HTTP error page, a body that is not JSON, silence."""
    ruling = _NO_SUCH_NAME if nameless else _NO_WAY_THERE if connecting else _RETRY
    return TikTokError(said, ruling, endpoint=endpoint, advertiser_id=advertiser_id, timed_out=timed_out)


def wrong_path(status: int, *, endpoint: str) -> TikTokError:
    """HTTP 4xx: TikTok answers errors of its logic with 200, so this address has no such API behind it."""
    ruling = Ruling(
        Consequence.SYNC,
        Verdict.SYSTEM,
        "Check the address in TIKTOK_API_URL, or whether a proxy stands in the way.",
    )
    return TikTokError(f"HTTP {status}, so nothing at this address knows the path", ruling, endpoint=endpoint)
