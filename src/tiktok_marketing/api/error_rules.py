"""What each of TikTok's return codes means: the table of codes, and the rules for answers without a code.

Whether and when a request is sent again follows from its rule and is decided in `api.retry_policy`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tiktok_marketing.errors import (
    AccountError,
    Action,
    AuthError,
    FailureType,
    PermissionDeniedError,
    RateLimitError,
    TikTokError,
)


class ErrorRule(msgspec.Struct, frozen=True):
    """What one return code means.

    Args:
        action: What the sync does.
        failure_type: Who has to act if it stays.
        remedy: What that person can do.
        inaccessible: Whether it says that the account is out of this token's reach, which
            `skip_inaccessible_advertisers` turns into a warning.
        error_class: The class by which it can be caught.
    """

    action: Action
    failure_type: FailureType
    remedy: str
    inaccessible: bool = False
    error_class: type[TikTokError] = TikTokError

    def error(self, tiktok_message: str, *, endpoint: str, **facts: Any) -> TikTokError:
        """The error of a request that failed by this rule.

        Args:
            tiktok_message: What TikTok (or the network) said, without its code.
            endpoint: Path below `/open_api/v1.3/`.
            facts: What else `errors.TikTokError` takes: `code`, `request_id`, `advertiser_id` and so on.
        """
        return self.error_class(
            tiktok_message,
            action=self.action,
            failure_type=self.failure_type,
            remedy=self.remedy,
            inaccessible=self.inaccessible,
            endpoint=endpoint,
            **facts,
        )


_WAIT = "It did not pass while the connector retried: run the sync again later. It goes on from its last state."
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

_RETRY = ErrorRule(Action.RETRY, FailureType.TRANSIENT, _WAIT)
_UNREACHABLE = ErrorRule(
    Action.RETRY,
    FailureType.TRANSIENT,
    "Check the network, the proxy's settings and TIKTOK_API_URL, then run it again.",
)
_UNKNOWN_HOST = ErrorRule(
    Action.RETRY,
    FailureType.TRANSIENT,
    "Check the spelling of the address (TIKTOK_API_URL, HTTPS_PROXY) and that this machine can look up names (DNS), "
    "then run it again.",
)
_SLOW = ErrorRule(Action.SLOW_DOWN, FailureType.TRANSIENT, _SLOWER, error_class=RateLimitError)
_SLOW_ACCOUNT = ErrorRule(Action.SLOW_ACCOUNT, FailureType.TRANSIENT, _SLOWER, error_class=RateLimitError)
_SMALLER = ErrorRule(
    Action.SPLIT, FailureType.TRANSIENT, "Set report_granularity to fewer days, or run the sync again later."
)
_ACCOUNT_GONE = ErrorRule(Action.FAIL_ACCOUNT, FailureType.CONFIG, _GRANT, inaccessible=True, error_class=AccountError)
_REFUSED = ErrorRule(Action.FAIL_ACCOUNT, FailureType.SYSTEM, _REPORT)
_REFUSED_TO_USER = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "Leave the stream or the account out of the sync, or ask TikTok's support why.",
)
_OTHER_COMPANY = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "The application's developer and the account belong to different companies: "
    "authorize an application of the account's own company, or leave the account out with exclude_advertiser_ids.",
    inaccessible=True,
    error_class=AccountError,
)
_STREAM_SCOPE = ErrorRule(Action.FAIL_STREAM, FailureType.CONFIG, _SCOPE, error_class=PermissionDeniedError)
_STREAM_ABSENT = ErrorRule(
    Action.FAIL_STREAM,
    FailureType.CONFIG,
    "This data does not exist for the application or the sandbox: leave the stream out of the sync.",
)
_TOKEN = ErrorRule(Action.STOP_SYNC, FailureType.CONFIG, _REAUTHORIZE, error_class=AuthError)
_APPLICATION = ErrorRule(Action.STOP_SYNC, FailureType.CONFIG, _APP, error_class=AuthError)
_WRONG_ADDRESS = ErrorRule(
    Action.STOP_SYNC, FailureType.SYSTEM, "Check the address in TIKTOK_API_URL, or whether a proxy stands in the way."
)
_DAILY_QUOTA = ErrorRule(
    Action.FAIL_STREAM,
    FailureType.TRANSIENT,
    "Run the sync again after 00:00 UTC; it goes on from its last state.",
    error_class=RateLimitError,
)
_COUNTRY = ErrorRule(
    Action.STOP_SYNC, FailureType.CONFIG, "Run the sync from a network in a country that TikTok serves."
)

ERROR_RULES: dict[int, ErrorRule] = {
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
    50000: _RETRY,
    50002: _RETRY,  # also given for requests that are too heavy: `TikTokError.slow`
    51001: _RETRY,  # this and all of 51xxx likewise
    51002: _RETRY,
    51010: _RETRY,
    51039: _RETRY,
    51305: _RETRY,
    60001: _RETRY,  # maintenance: waited for in minutes rather than seconds
}
"""The return codes of the API's appendix and those seen outside it; `rule_for` decides the others by their range."""

MAINTENANCE = 60001


def rule_for(code: int) -> ErrorRule:
    """What a return code other than 0 and 20001 means.

    Example:
        An unknown code from 50000 on is TikTok's own trouble and may pass; an unknown code below fails the account.
    """
    known = ERROR_RULES.get(code)
    if known is not None:
        return known
    return _RETRY if code >= 50000 else _REFUSED


def transport_error(
    message: str,
    *,
    endpoint: str,
    advertiser_id: str | None,
    timed_out: bool = False,
    connecting: bool = False,
    unknown_host: bool = False,
) -> TikTokError:
    """No envelope arrived: a broken connection, an HTTP error page, a body that is not JSON, silence."""
    rule = _UNKNOWN_HOST if unknown_host else _UNREACHABLE if connecting else _RETRY
    return rule.error(message, endpoint=endpoint, advertiser_id=advertiser_id, timed_out=timed_out)


def wrong_path(status: int, *, endpoint: str) -> TikTokError:
    """HTTP 4xx: TikTok answers errors of its logic with 200, so this address has no such API behind it."""
    return _WRONG_ADDRESS.error(f"HTTP {status}, so nothing at this address knows the path", endpoint=endpoint)


def daily_quota_spent(per_day: int, *, endpoint: str, advertiser_id: str | None) -> RateLimitError:
    """The day's requests to an endpoint are used up."""
    message = f"the day's {per_day:,} requests to this endpoint are used up"
    error = _DAILY_QUOTA.error(message, endpoint=endpoint, advertiser_id=advertiser_id)
    assert isinstance(error, RateLimitError)  # noqa: S101 - narrows the type: the rule says so
    return error
