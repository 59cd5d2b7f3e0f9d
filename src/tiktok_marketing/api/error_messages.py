"""What TikTok's messages say, for codes that have several meanings or that no list has. Pure."""

from __future__ import annotations

import re

_ACCOUNT = r"(?:advertiser|ad account)s?(?:[_ ]?ids?)?"
_ACCOUNT_GONE_TEXT = re.compile(
    _ACCOUNT
    + r"[\s:=#'\"\d,()\[\]]*(?:(?:doesn['\u2019]?t|does not|do not|no longer) exist|(?:has|have) been deleted)",
    re.IGNORECASE,
)
_ACCOUNT_DENIED_TEXT = re.compile(
    r"permission (?:to operate|for|on) (?:the |this )?" + _ACCOUNT + r"(?:[\s:=#'\"(\[]*\d|[\s.!]*$)", re.IGNORECASE
)
_DENIED = re.compile(r"permission|permit|grant|authori[sz]|den(?:y|ied)|no access|forbidden", re.IGNORECASE)
_LACKING = re.compile(r"insufficient|missing|lack|required?\b", re.IGNORECASE)
_SCOPE_WORD = re.compile(r"\bscopes?\b", re.IGNORECASE)
_NO_SCOPE = re.compile(r"\b(?:no|not|invalid|without|outside|wrong)\s+(?:\w+\s+)?scopes?\b", re.IGNORECASE)
_OF_ACCOUNT = r"(?!\W*(?:(?:to \w+|for|on|of|over)\s+)?(?:\w+\s+)?(?:advertiser|ad account)s?\b(?! management))"
_PERMISSION_KIND = re.compile(
    r"\bpermissions?\b[^.]*\b(?:management|reporting|measurement)\b"
    rf"|\bpermissions?\b\s*:{_OF_ACCOUNT}\s*\w"
    r"|\b(?:app|application|client|developer)\b[^.]*\b(?:lack\w*|miss\w*|needs?|requires?|without|no|not have)\b"
    rf"[^.]*\bpermissions?\b{_OF_ACCOUNT}",
    re.IGNORECASE,
)
"""A permission that has a name, or that the application lacks, rather than one for an account."""
_METRIC_WORD = re.compile(r"\b(?:metric|dimension|field)s?\b", re.IGNORECASE)
_ENDPOINT_WORD = re.compile(r"\b(?:api|endpoint|interface)s?\b", re.IGNORECASE)
_TOO_OFTEN = re.compile(
    r"too many requests|too frequent|request frequency|rate limit|temporarily restricted|throttl|\bQP[SMD]\b",
    re.IGNORECASE,
)
_TOKEN_TEXT = re.compile(
    r"access[ _]token\b[^.]*\b(?:invalid|incorrect|expired|revoked|not valid)\b"
    r"|\b(?:invalid|incorrect|expired|revoked)(?: \w+)? access[ _]token\b",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(
    r"\b(?:query|request|report|result|response|data)s?\b[^.]{0,30}\btoo (?:large|big|much)\b", re.IGNORECASE
)
_TIME_SPAN = re.compile(r"\b(?:time|date)[ _-]?(?:span|range|window)s?\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:max\w*|exceed\w*|more than|at most|longer than|up to|limit\w*|too (?:long|large|big))\b", re.IGNORECASE
)
_PASSING = re.compile(
    r"system error|internal (?:\w+ )?error|time(?:d)?[ -]?out|try (?:it )?again|retry|\bbusy\b|unavailable|maintenance",
    re.IGNORECASE,
)
"""What messages say, whatever their code."""
_BANNED_COUNTRY = re.compile(r"banned country", re.IGNORECASE)
_NAMED_ENDPOINT = re.compile(r"(?:^|[\s'\"`(\[<])/\w+/\w|\b\w+(?:/\w+)*/(?:get|list|search|info)\b|:(?:GET|POST)\b")


def is_too_often(message: str) -> bool:
    """Whether a message says that requests come too fast."""
    return _TOO_OFTEN.search(message) is not None


def refuses_token(message: str) -> bool:
    """Whether a message says that the access token is not valid."""
    return _TOKEN_TEXT.search(message) is not None


def names_account(message: str) -> bool:
    """Whether a message is about an account."""
    return re.search(_ACCOUNT, message, re.IGNORECASE) is not None


def is_about_names(message: str) -> bool:
    """Whether a message is about metrics, dimensions or fields."""
    return _METRIC_WORD.search(message) is not None


def may_pass(message: str) -> bool:
    """Whether a message tells of trouble at TikTok that may pass."""
    return _PASSING.search(message) is not None


def is_about_country(message: str) -> bool:
    """Whether a message says that TikTok does not serve a country."""
    return _BANNED_COUNTRY.search(message) is not None


def says_too_much(message: str) -> bool:
    """Whether a message asks for a smaller request.

    Example:
        `max time span is 7 days when use stat_time_day` and `The query is too large.`, but not `Invalid date range`.
    """
    if _TOO_MUCH.search(message):
        return True
    return _TIME_SPAN.search(message) is not None and _LIMIT.search(message) is not None


def says_account_is_gone(message: str) -> bool:
    """Whether a message says that there is no such account, or that the token may not use it at all."""
    return _ACCOUNT_GONE_TEXT.search(message) is not None or _ACCOUNT_DENIED_TEXT.search(message) is not None


def says_scope_is_missing(message: str, endpoint: str) -> bool:
    """Whether a message denies a kind of data: it names an endpoint or a scope.

    Example:
        `Advertiser 7… does not grant you /pixel/list/:GET permission` and `No permission for this scope`, but not
        `No permission to operate advertiser 7…`.
    """
    if names_scope(message):
        return True
    if _DENIED.search(message) is None:
        return False
    path = endpoint.strip("/").casefold()
    if _NAMED_ENDPOINT.search(message) or _ENDPOINT_WORD.search(message):
        return True
    return bool(path) and path in message.casefold()


def names_scope(message: str) -> bool:
    """Whether a message names a scope, or a permission that is not for an account, and says that it is missing.

    Example:
        `Invalid scope`, `Your app lacks the permission for Ads Management` and `Missing permission: pixel.read`.
    """
    if _SCOPE_WORD.search(message):
        return any(pattern.search(message) for pattern in (_DENIED, _LACKING, _NO_SCOPE))
    return _PERMISSION_KIND.search(message) is not None
