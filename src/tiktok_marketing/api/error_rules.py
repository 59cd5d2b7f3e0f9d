"""What each of TikTok's return codes means: the table of codes, and the rules for answers without a code.

Whether and when a request is retried follows from its rule, and `api.retry_policy` decides it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from tiktok_marketing.api.error_messages import (
    is_about_country,
    is_about_names,
    is_too_often,
    may_pass,
    names_account,
    names_scope,
    refuses_token,
    says_account_is_gone,
    says_scope_is_missing,
    says_too_much,
)
from tiktok_marketing.api_path import path_of
from tiktok_marketing.catalog.scopes import permission_of
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
        action: What the sync does about it.
        failure_type: Who must act if it persists.
        remedy: What that person can do.
        inaccessible: Whether it means that this token has no access to the account, which
            `skip_inaccessible_advertisers` turns into a warning.
        error_class: The class of the error to raise.
        names_permission: Whether the remedy also names the permission that the endpoint needs.
    """

    action: Action
    failure_type: FailureType
    remedy: str
    inaccessible: bool = False
    error_class: type[TikTokError] = TikTokError
    names_permission: bool = False

    def error(self, tiktok_message: str, *, endpoint: str, **facts: Any) -> TikTokError:
        """The error for a failed request that this rule applies to.

        Args:
            tiktok_message: TikTok's message, or a description of what happened on the network; without the code.
            endpoint: Path below `/open_api/v1.3/`.
            facts: Other arguments of `errors.TikTokError`: `code`, `request_id`, `advertiser_id` and so on.
        """
        return self.error_class(
            tiktok_message,
            action=self.action,
            failure_type=self.failure_type,
            remedy=f"{self.remedy} {_permission_hint(endpoint)}".strip() if self.names_permission else self.remedy,
            inaccessible=self.inaccessible,
            endpoint=endpoint,
            **facts,
        )


def _permission_hint(endpoint: str) -> str:
    """The permission that an endpoint needs, as a sentence; empty if that is not known."""
    permission = permission_of(endpoint)
    return "" if permission is None else f"In the portal it is {permission}."


_WAIT = "The connector retried without success. Run it again later; a sync continues from its last state."
_SLOWER = (
    "Other programs may be using the same TikTok application. Set requests_per_second to what they leave for this one, "
    "or run it again later."
)
_REPORT = (
    "This is probably a bug in the connector or a change in TikTok's API. Report it with the code and the request_id."
)
_REAUTHORIZE = (
    "Authorize the application again in TikTok for Business, and put the new access token into the configuration."
)
_GRANT = (
    "Ask an admin of the account to grant the application access again, with the scope for this data. "
    "Or leave the account out with exclude_advertiser_ids, "
    "or set skip_inaccessible_advertisers to turn this into a warning."
)
_SCOPE = (
    "The application lacks the permission for this data. Request the scope in the TikTok developer portal, "
    "then authorize the application again."
)
_APP = "Check that app_id, secret and access_token in the configuration belong to the same TikTok application."

_RETRY = ErrorRule(Action.RETRY, FailureType.TRANSIENT, _WAIT)
_UNREACHABLE = ErrorRule(
    Action.RETRY,
    FailureType.TRANSIENT,
    "Check the network, the proxy settings and TIKTOK_API_URL, then run it again.",
)
_UNKNOWN_HOST = ErrorRule(
    Action.RETRY,
    FailureType.TRANSIENT,
    "Check the spelling of the address (TIKTOK_API_URL, HTTPS_PROXY), and that this machine can resolve names (DNS), "
    "then run it again.",
)
_NOT_HTTP = ErrorRule(
    Action.RETRY,
    FailureType.TRANSIENT,
    "Check what answers in TikTok's place or changes its answers: a proxy (HTTPS_PROXY), or another server at the "
    "address in TIKTOK_API_URL. Then run it again.",
)
_UNTRUSTED = ErrorRule(
    Action.STOP_SYNC,
    FailureType.CONFIG,
    "Who signed this certificate is not trusted here. If a proxy of your network opens encrypted connections, put the "
    "certificate of its authority into a file and set REQUESTS_CA_BUNDLE to it.",
)
_CERTIFICATE_TIME = ErrorRule(
    Action.STOP_SYNC,
    FailureType.CONFIG,
    "Check the clock of this machine. If it is right, the certificate has to be renewed where it is used: by your "
    "network's proxy, or by the server at this address.",
)
_CERTIFICATE_NAME = ErrorRule(
    Action.STOP_SYNC,
    FailureType.CONFIG,
    "Another server answers at this address. Check TIKTOK_API_URL, and whether a proxy or the login page of a network "
    "answers instead.",
)
_CERTIFICATE_RULES = {9: _CERTIFICATE_TIME, 10: _CERTIFICATE_TIME, 62: _CERTIFICATE_NAME, 64: _CERTIFICATE_NAME}
"""OpenSSL's codes: not valid yet, expired, another host name, another IP address. All others are about trust."""
_PROXY_USER = ErrorRule(
    Action.STOP_SYNC,
    FailureType.CONFIG,
    "The proxy asks for a user and a password, or refuses those that it got. Write them into HTTPS_PROXY as "
    "http://user:password@host:port. Other ways to identify oneself to a proxy (NTLM, Kerberos) are not supported.",
)
_SLOW = ErrorRule(Action.SLOW_DOWN, FailureType.TRANSIENT, _SLOWER, error_class=RateLimitError)
_SLOW_ACCOUNT = ErrorRule(Action.SLOW_ACCOUNT, FailureType.TRANSIENT, _SLOWER, error_class=RateLimitError)
_SMALLER = ErrorRule(
    Action.SPLIT, FailureType.TRANSIENT, "Set report_granularity to fewer days, or run it again later."
)
_TOO_LARGE = ErrorRule(
    Action.SPLIT,
    FailureType.SYSTEM,
    "TikTok's answers have a few megabytes, so check whether something else answers in its place (a proxy, "
    "TIKTOK_API_URL). Otherwise leave the stream out of the sync.",
)
_ACCOUNT_GONE = ErrorRule(Action.FAIL_ACCOUNT, FailureType.CONFIG, _GRANT, inaccessible=True, error_class=AccountError)
_REFUSED = ErrorRule(Action.FAIL_ACCOUNT, FailureType.SYSTEM, _REPORT)
_REFUSED_TO_USER = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "Leave the stream or the account out of the sync, or ask TikTok's support for the reason.",
)
_OTHER_COMPANY = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "The application's developer and the account belong to different companies. "
    "Authorize an application of the account's own company, or leave the account out with exclude_advertiser_ids.",
    inaccessible=True,
    error_class=AccountError,
)
_STREAM_SCOPE = ErrorRule(Action.FAIL_STREAM, FailureType.CONFIG, _SCOPE, error_class=PermissionDeniedError)
_STREAM_ABSENT = ErrorRule(
    Action.FAIL_STREAM,
    FailureType.CONFIG,
    "This data is not available to the application or the sandbox. Leave the stream out of the sync.",
)
_TOKEN = ErrorRule(Action.STOP_SYNC, FailureType.CONFIG, _REAUTHORIZE, error_class=AuthError)
_APPLICATION = ErrorRule(Action.STOP_SYNC, FailureType.CONFIG, _APP, error_class=AuthError)
_SCOPE_MISSING = ErrorRule(
    Action.FAIL_ACCOUNT, FailureType.CONFIG, _SCOPE, error_class=PermissionDeniedError, names_permission=True
)
"""Another account may have granted the scope, so the other accounts are tried."""
_REFUSED_ALONE = ErrorRule(
    Action.FAIL_ACCOUNT,
    FailureType.CONFIG,
    "TikTok answers other requests of this token, so it refuses this one alone. Leave the stream or the account out of "
    "the sync, or ask TikTok's support for the reason.",
    error_class=PermissionDeniedError,
)
_OWN_ADDRESS = ErrorRule(
    Action.STOP_SYNC,
    FailureType.SYSTEM,
    "Check the address in TIKTOK_API_URL, and whether a proxy answers instead. "
    "Unset TIKTOK_API_URL to use TikTok's own address.",
)
_NOTHING_ANSWERS = ErrorRule(
    Action.STOP_SYNC,
    FailureType.SYSTEM,
    "Check whether a proxy (HTTPS_PROXY), a firewall or the login page of a network answers instead of TikTok, "
    "then run it again.",
)
_DOWN = ErrorRule(Action.STOP_SYNC, FailureType.TRANSIENT, _WAIT)
_DAILY_QUOTA = ErrorRule(
    Action.FAIL_STREAM,
    FailureType.TRANSIENT,
    "Run it again after 00:00 UTC; a sync continues from its last state.",
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
    50002: _RETRY,  # TikTok also gives this code for requests that are too heavy: see `TikTokError.slow`
    51001: _RETRY,  # as well as this one and all others of 51xxx
    51002: _RETRY,
    51010: _RETRY,
    51039: _RETRY,
    51305: _RETRY,
    60001: _RETRY,  # maintenance, which takes minutes rather than seconds
}
"""The return codes of the API's appendix, and codes seen outside it; `rule_for` decides all others by their range."""

MAINTENANCE = 60001

_AMBIGUOUS = frozenset({40000, 40001, 40002})
"""Codes that mean a wrong request, an inaccessible account or a missing scope: their message decides."""
_INSTEAD_OF_SCOPE = frozenset({40006, 40007, 40106, 40300, 40301})
"""Codes that have another meaning, and yet may come with a message about a missing scope."""


_BY_MESSAGE = (
    (is_too_often, _SLOW),
    (says_account_is_gone, _ACCOUNT_GONE),
    (refuses_token, _TOKEN),
    (says_too_much, _SMALLER),
    (is_about_names, _REFUSED),
    (may_pass, _RETRY),
)
"""What the message of a code means that no list has: TikTok has more codes than it documents."""


def rule_for(code: int, message: str = "", endpoint: str = "") -> ErrorRule:
    """The rule for a return code other than 0 and 20001.

    Args:
        code: The return code.
        message: TikTok's message, which decides where one code has several meanings.
        endpoint: The path of the request below `/open_api/v1.3/`.

    Example:
        An unknown code from 50000 up is a fault at TikTok that may pass. The message of one below decides what it
        means. If it does not, the code fails the account.
    """
    by_message = _rule_by_message(code, message, endpoint) if message else None
    if by_message is not None:
        return by_message
    known = ERROR_RULES.get(code)
    if known is not None:
        return known
    # TikTok's errors have five digits from 40000 on. Anything else is of a gateway, or is not documented at all.
    return _REFUSED if 40000 <= code < 50000 else _RETRY


def _rule_by_message(code: int, message: str, endpoint: str) -> ErrorRule | None:
    """The rule that a message shows, where the code has several meanings or is unknown; None if it shows none."""
    rule = None
    if is_about_country(message):  # comes with the code -1
        rule = _REFUSED_TO_USER if names_account(message) else _COUNTRY
    elif code in _AMBIGUOUS:
        rule = _rule_of_ambiguous(code, message, endpoint)
    elif code in _INSTEAD_OF_SCOPE and names_scope(message):
        rule = _SCOPE_MISSING
    elif code not in ERROR_RULES and code < 50000:
        says = (rule for applies, rule in _BY_MESSAGE if applies(message))
        rule = _SCOPE_MISSING if says_scope_is_missing(message, endpoint) else next(says, None)
        if rule is _SLOW and names_account(message):
            rule = _SLOW_ACCOUNT
    return rule


def _rule_of_ambiguous(code: int, message: str, endpoint: str) -> ErrorRule | None:
    if says_account_is_gone(message):
        return _ACCOUNT_GONE
    if says_scope_is_missing(message, endpoint):
        return _SCOPE_MISSING
    if code == 40001:
        return _REFUSED_TO_USER if is_about_names(message) else None
    return _SMALLER if says_too_much(message) else None


def transport_error(  # noqa: PLR0913 - the facts of one failure
    message: str,
    *,
    endpoint: str,
    advertiser_id: str | None,
    timed_out: bool = False,
    connecting: bool = False,
    unknown_host: bool = False,
    certificate: int | None = None,
    proxy_status: int | None = None,
    http_status: int | None = None,
    too_large: bool = False,
    not_http: bool = False,
    not_text: bool = False,
) -> TikTokError:
    """The error if no envelope arrived: a broken connection, an HTTP error page, a body that is not JSON, a timeout."""
    if too_large:
        rule = _TOO_LARGE
    elif certificate is not None:
        rule = _CERTIFICATE_RULES.get(certificate, _UNTRUSTED)
    elif proxy_status == 407:
        rule = _PROXY_USER
    elif not_http:
        rule = _NOT_HTTP
    else:
        rule = _UNKNOWN_HOST if unknown_host else _UNREACHABLE if connecting else _RETRY
    return rule.error(
        message,
        endpoint=endpoint,
        advertiser_id=advertiser_id,
        timed_out=timed_out,
        connecting=connecting,
        http_status=http_status,
        not_text=not_text,
    )


def page_error(status: int, page: str, *, endpoint: str, advertiser_id: str | None, location: str = "") -> TikTokError:
    """The error for a page in place of TikTok's answer, which a gateway may send for a while or for one path.

    TikTok answers its own errors with HTTP 200 and an envelope.

    Args:
        status: HTTP status below 500.
        page: The beginning of the page's text, without markup, control characters and secrets; may be empty.
        endpoint: Path below `/open_api/v1.3/`.
        advertiser_id: The account that the request was for, if it was for one.
        location: Where a redirect leads; empty otherwise.
    """
    try:
        phrase = f" {HTTPStatus(status).phrase}" if status != HTTPStatus.OK else ""
    except ValueError:
        phrase = ""
    leads = f" to {location}" if location else ""
    text = f', which begins "{page}"' if page else ""
    rule = ErrorRule(Action.RETRY, FailureType.TRANSIENT, _page_remedy(status, endpoint))
    return rule.error(
        f"HTTP {status}{phrase}{leads}, with a page that is not an answer of TikTok's API{text}",
        endpoint=endpoint,
        advertiser_id=advertiser_id,
        http_status=status,
    )


def _page_remedy(status: int, endpoint: str) -> str:
    path = path_of(endpoint)
    if 300 <= status < 400:
        cause = f"If the redirect leads to the login page of your network, log in or ask for {path} to be allowed."
    elif status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}:
        cause = f"If this persists, TikTok may have moved {path}: install the newest version of this connector."
    else:
        cause = (
            f"If this persists, ask the people who run your network whether a firewall or gateway blocks {path}. "
            "If none does, ask TikTok's support."
        )
    return f"Run it again later; a sync continues from its last state. {cause} Or leave the stream out of the sync."


def nothing_answers(error: TikTokError, *, own_address: bool) -> TikTokError:
    """The error if pages came in place of every answer: the API is not at this address, or TikTok is down.

    Args:
        error: The first of these failures.
        own_address: Whether `TIKTOK_API_URL` sets the address.
    """
    rule = _OWN_ADDRESS if own_address else _NOTHING_ANSWERS if (error.http_status or 0) < 500 else _DOWN
    stopping = rule.error(
        f"{error.tiktok_message}. No request was answered by TikTok's API",
        endpoint=error.endpoint,
        http_status=error.http_status,
        detail=error.detail,
    )
    return stopping.after(error.tries)


def refused_alone(error: TikTokError) -> TikTokError:
    """The error in place of one about the token or the application, if TikTok goes on answering other requests."""
    alone = _REFUSED_ALONE.error(
        error.tiktok_message,
        endpoint=error.endpoint,
        code=error.code,
        request_id=error.request_id,
        advertiser_id=error.advertiser_id,
        detail=error.detail,
    )
    return alone.after(error.tries)


def daily_quota_spent(per_day: int, *, endpoint: str, advertiser_id: str | None) -> RateLimitError:
    """The error if the day's requests to an endpoint are used up."""
    message = f"the day's {per_day:,} requests to this endpoint are used up"
    error = _DAILY_QUOTA.error(message, endpoint=endpoint, advertiser_id=advertiser_id)
    assert isinstance(error, RateLimitError)  # noqa: S101 - narrows the type: the rule says so
    return error
