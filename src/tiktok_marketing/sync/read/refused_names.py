"""Finds the names that TikTok refuses in its error message: metrics of a report that it has withdrawn. Pure.

Nobody documents these messages, so each known name in one counts, unless the message lists what is accepted. A name
that is left out by mistake costs a few requests: `metric_search` finds out which of them TikTok accepts. A position is
weaker: TikTok may name the same one again and again, until all metrics are gone. So it counts only without a name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tiktok_marketing.errors import Action, TikTokError

_NO_PERMISSION = 40001
_CODES = frozenset({40000, 40002, 41002})
"""Codes of a wrong parameter, and of fields no longer in use. Other refusals count if they speak of metrics."""
_ABOUT_NAMES = re.compile(r"metric|field", re.IGNORECASE)
_INDEX = re.compile(r"\bmetrics?\s*(?:\.|\[)\s*(\d+)\]?", re.IGNORECASE)
_ACCEPTED = re.compile(
    r"(?:must|should|has to) be(?: one)?(?: of)?\b"
    r"|\b(?<!not )one of\b"
    r"|\b(?:accepted|allowed|available|supported|valid)(?: \w+)?(?: are| is)?\s*[:\[(]"
    r"|\b(?:choose|select) (?:from|one|any)\b"
    r"|\buse\b",
    re.IGNORECASE,
)
"""What introduces the names that TikTok accepts."""
_NEGATION = re.compile(r"(?:\bnot?|n['\u2019]t|\bnor)\s+(?:an?\s+|the\s+)?$", re.IGNORECASE)
_NAMES = r"\w+(?:\s*(?:,|\band\b|\bor\b|&|;|/)\s*\w+)*"
_MARKED = (
    re.compile(r"\[([^\]]*)\]"),
    re.compile(r"['\"`\u2018\u201c]([\w.]+)['\"`\u2019\u201d]"),
    re.compile(
        rf"\b(?:metrics?|fields?)(?: fields?| names?)?\s*[:=(]?\s*({_NAMES})",
        re.IGNORECASE,
    ),
    re.compile(r"\b(\w+_\w+)\b"),
)
"""Names in brackets or quotes, after the word `metric` or `field`, and words that cannot be English."""
_DECLARED = re.compile(
    rf"^\W*({_NAMES})(?=\s*:|\W*\s(?:(?:is|are|was|were|has|have|does|do|can|cannot|can't|isn't|aren't)\b"
    r"|no longer\b))",
    re.IGNORECASE,
)
"""Names that a message begins with, and says something about."""

_TOO_MANY = re.compile(
    r"(?:maximum|most|exceed\w*|more than|longer than|up to|limit\w*|between)\D*(?:\d+\s*(?:and|to|-)\s*)?(\d+)",
    re.IGNORECASE,
)
"""How many metrics TikTok accepts at most. Its documents advise 100 and name no limit."""
_OF_OTHERS = re.compile(
    r"\b(?:days?|dates?|time|hours?|ids?|dimensions?|filter\w*|pages?|rows?|seconds?)\b|_", re.IGNORECASE
)
"""Words of messages whose number is about something else."""


def refused_names(error: TikTokError, asked: Sequence[str]) -> frozenset[str]:
    """The requested names that TikTok does not accept; none if the error is about something else.

    Args:
        error: The error that the request ended with.
        asked: The names that were requested, in the order of the request.

    If TikTok says how many it accepts, those beyond that number are refused: what a configuration adds comes last.

    Example:
        `Invalid metric fields: ['skan_result'].` with code 40002; or `metrics.3: not supported`, by position; or
        `metrics: Longer than maximum length 100.`
    """
    if not may_name(error):
        return frozenset()
    text = error.tiktok_message
    positions = {int(number) for number in _INDEX.findall(text)}
    names = {name.casefold(): name for name in asked}
    refused = _refused_by_name(_INDEX.sub("metric", text), names, anywhere=not positions)
    if refused or not positions:
        return refused or _beyond_limit(text, asked)
    return frozenset(asked[position] for position in positions if position < len(asked))


def may_name(error: TikTokError) -> bool:
    """Whether an error may be about the names that were requested. TikTok has no code for that alone."""
    if error.code in _CODES:
        return error.action is not Action.SPLIT
    refused = error.code is not None and error.action in {Action.FAIL_ACCOUNT, Action.FAIL_STREAM}
    refused = refused and (error.code == _NO_PERMISSION or not error.inaccessible)
    return refused and _ABOUT_NAMES.search(error.tiktok_message) is not None


def _beyond_limit(text: str, asked: Sequence[str]) -> frozenset[str]:
    """The last of the requested names, if there are more of them than the message allows."""
    limit = _TOO_MANY.search(text)
    if limit is None or _ABOUT_NAMES.search(text) is None or _OF_OTHERS.search(text):
        return frozenset()
    if not 0 < int(limit[1]) < len(asked):
        return frozenset()
    return frozenset(asked[int(limit[1]) :])


def _refused_by_name(text: str, asked: dict[str, str], *, anywhere: bool) -> frozenset[str]:
    """The requested names in a message, in the first of the places where it may have them.

    Args:
        text: The message.
        asked: The requested names, by their small letters.
        anywhere: Whether any word counts, if the message is about metrics and has no name in one of these places.
    """
    refused = _without_accepted(text)
    about_names = _ABOUT_NAMES.search(text) is not None
    # Without a word for it, a common English word such as `result` is a metric only where the message begins with it.
    places = _MARKED if about_names else (*_MARKED[:2], _DECLARED, _MARKED[-1])
    for place in places:
        found = _known(" ".join(place.findall(refused)), asked)
        if found:
            return found | _known(" ".join(_MARKED[-1].findall(refused)), asked)
    return _known(refused, asked) if about_names and anywhere else frozenset()


def _known(text: str, names: dict[str, str]) -> frozenset[str]:
    return frozenset(names[word] for word in re.findall(r"\w+", text.casefold()) if word in names)


def _without_accepted(text: str) -> str:
    """The text up to where it lists what is accepted."""
    for match in _ACCEPTED.finditer(text):
        if _NEGATION.search(text[: match.start()]) is None:
            return text[: match.start()]
    return text
