"""A fault: its fields, and the text it is written in.

A fault is written as `name=value` pairs, separated by commas. Selectors say which requests it applies to. All of them
must match; a fault without selectors applies to every request:

    path=report/integrated/get/   this endpoint; a leading slash or `open_api/v1.3/` is ignored
    advertiser=7000000000000000001  requests whose advertiser_id or advertiser_ids name this account
    contains=2026-01-31           requests whose decoded query contains this text: a date, a level, `contains=page=2`
    days_over=7                   requests from a start_date to an end_date of more than seven days
    day=2026-03-10                requests from a start_date to an end_date, if this day is one of them
    ids_over=5                    report requests whose filters do not limit them to five ids or fewer
    since=2026-03-10T12:00        requests from this time of the emulator's clock on; UTC without a zone
    until=2026-03-11              requests before this time
    nth=3                         only the third matching request
    first=2                       only the first two matching requests
    skip=2                        all matching requests except the first two
    every=5                       every fifth matching request
    share=0.1                     a tenth of the matching requests, drawn from the seed
    times=4                       no more requests after it made four fail

A fault has at most one effect that replaces the answer:

    code=50000                    an envelope with this return code; `message=...` replaces its text
    code=20001, keep=0.8          a partial answer: four fifths of its records (half without `keep`). Its `page_info`
                                  counts only those
    http=502                      an HTML page with this HTTP status (200 to 999), as a gateway sends it. `page=...`
                                  replaces the page, `page_hex=...` gives it as bytes in hexadecimal digits, `type=...`
                                  is its content type, and `location=...` says where a redirect leads
    withdraw=placement_type       a report request that asks for this metric is refused with 40002, which names it.
                                  Several metrics are separated by `|`. `message=...` replaces the text; `{names}` in
                                  it stands for the metrics
    reset                         the connection is reset without an answer
    close                         the connection is closed without an answer
    truncate                      the real answer, cut off in the middle
    stall                         half of the real answer, and then silence
    garbage                       HTTP 200 with a body that is not JSON
    hang, hang=30                 no answer at all, or the real answer after 30 seconds
    unpacks=6000000000            a few megabytes of gzip that unpack to so many spaces

It can also have any of the effects that only change the answer:

    latency=0.8                   the answer comes 0.8 seconds later
    jitter=2                      the answer comes up to two seconds later, at random
    drip=30                       the bytes of the answer come little by little, over 30 seconds
    advance=3600                  the emulator's clock moves an hour ahead before it answers, so that objects appear
                                  and change between two pages
    status=503                    the real answer has this HTTP status
    headers=X-Id: 7|-Date         the answer has this header, and the other one is missing. As JSON also
                                  `{"X-Id": "7", "Date": null}`
    edit=spend, value=<5          each record's field (or each row's metric) of this name has this value. If the records
                                  have no such field, they get it. Without a value the field is removed. For a dimension
                                  of a row, write `edit=dimensions.stat_time_day`
    edit=$.data.page_info.page, json=null
                                  the same for any place of the answer: a path from the envelope, `$`, with `.name`,
                                  `[3]`, `[-1]`, `[*]` and `.*` for all, and `..name` for a name at any depth
    edit=..., json={"a":[1e400]}  the value is this JSON, to the letter
    edit=ad_name, raw=22EDA0BD22  the value is given as the bytes of its JSON, in hexadecimal digits: invalid UTF-8, too
    edit=..., records=2           only two records or places of the answer are edited; records whatever their order
    keys=reversed                 the keys of all objects are in this order: `reversed`, `sorted` or `shuffled`
    layout=spaced                 the JSON has blanks behind commas and colons; `pretty` and `wide` have line ends, too,
                                  and `padded` has white space before and behind it
    encoding=utf-16               the body is encoded so: `utf-8-sig` puts a byte order mark in front
    accounts=1                    a request about several accounts is answered for the first one only; `accounts=0` for
                                  none of them
    lack=0.5                      half of the records are missing, and its `page_info` counts only the others
    cap=200                       a page has at most 200 records, and its `page_info` says so
    total_number=null, total_page=1, page_size=0
                                  the counts of `page_info` have these values; `total_page=missing` removes one
    double=copy                   a record of a page is a copy of another one, in place of its own
    double=other                  a record of a page has the ids (or dimensions) of another one, and its own values
    double=added                  the same as one more record, which `page_info` counts

Examples: `path=ad/get/,advertiser=7000000000000000001,nth=3,code=50000`,
`path=report/integrated/get/,share=0.1,http=502`, `latency=0.8`. In this form every value except `json` is text, and a
message, page or value cannot contain a comma. The control path accepts a fault as JSON, which has neither limit.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from tiktok_marketing.emulator.faults.paths import parse_path
from tiktok_marketing.emulator.json_text import decode

PARTIAL_SUCCESS = 20001
_MESSAGES = {
    PARTIAL_SUCCESS: "Partially successful.",
    40001: "No permission to operate the advertiser.",
    40002: "Invalid parameter.",
    40016: "Request too frequent.",
    40067: "The query is too large. Please narrow the date range or reduce the number of IDs.",
    40100: "Due to too many requests, requests from App are temporarily restricted.",
    40102: "Access token has expired.",
    40105: "Access token is incorrect or has been revoked.",
    40118: "The app or the advertiser is not on the allowlist.",
    40133: "Advertiser's QPS reaches QPS limit for current path, request is temporarily restricted.",
    40201: "Task is not ready.",
    40300: "The advertiser does not exist or has been deleted.",
    40700: "Internal service validation error.",
    50000: "System error.",
    50002: "Internal service error, please retry.",
    51001: "Internal service timed out.",
    51010: "Internal service timed out.",
    60001: "System under maintenance.",
}

REPLACEMENTS = ("code", "http", "withdraw", "reset", "close", "truncate", "stall", "garbage", "hang", "unpacks")
"""The effects that replace the answer."""
COUNTS = ("total_number", "total_page", "page_size")
"""The counts of page_info that a fault can change."""
SECONDS = ("latency", "jitter", "drip", "advance")
CHANGES = (
    *SECONDS, "status", "headers", "edit", "keys", "layout", "encoding", "accounts", "lack", "cap", *COUNTS, "double",
)  # fmt: skip
"""The effects that change the answer, or when it comes."""
_WORDS = {
    "double": ("copy", "other", "added"),
    "keys": ("reversed", "sorted", "shuffled"),
    "layout": ("spaced", "pretty", "wide", "padded"),
    "encoding": ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"),
}
_LEAST = {
    "nth": 1, "first": 1, "skip": 0, "every": 1, "times": 1, "days_over": 0, "ids_over": 0, "records": 1, "unpacks": 1,
    "accounts": 0, "cap": 1,
}  # fmt: skip
_SWITCHES = ("reset", "close", "truncate", "stall", "garbage", "hang")
_NEEDS = {
    "value": ("edit",), "json": ("edit",), "raw": ("edit",), "records": ("edit",), "message": ("code", "withdraw"),
    "page": ("http",), "page_hex": ("http",), "type": ("http",), "location": ("http",),
}  # fmt: skip
"""Fields that have no meaning without one of some others."""
_LONGEST = 10 * 366 * 86_400
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    forbid_unknown_fields=True,
):
    """An effect, and the requests that it applies to. The module's docstring explains each field."""

    path: str | None = None
    advertiser: str | None = None
    contains: str | None = None
    days_over: int | None = None
    day: str | None = None
    ids_over: int | None = None
    since: str | None = None
    until: str | None = None
    nth: int | None = None
    first: int | None = None
    skip: int = 0
    every: int | None = None
    share: float | None = None
    times: int | None = None
    code: int | None = None
    message: str | None = None
    keep: float | None = None
    http: int | None = None
    page: str | None = None
    page_hex: str | None = None
    type: str | None = None
    location: str | None = None
    withdraw: str | None = None
    reset: bool = False
    close: bool = False
    truncate: bool = False
    stall: bool = False
    garbage: bool = False
    hang: float | bool = False
    latency: float = 0.0
    jitter: float = 0.0
    drip: float = 0.0
    advance: float = 0.0
    status: int | None = None
    headers: str | dict[str, str | None] | None = None
    edit: str | None = None
    value: Any = msgspec.UNSET
    json: str | None = None
    raw: str | None = None
    records: int | None = None
    keys: str | None = None
    layout: str | None = None
    encoding: str | None = None
    unpacks: int | None = None
    accounts: int | None = None
    lack: float | None = None
    cap: int | None = None
    total_number: Any = msgspec.UNSET
    total_page: Any = msgspec.UNSET
    page_size: Any = msgspec.UNSET
    double: str | None = None

    def __post_init__(self) -> None:
        """Check that there is an effect, that no two effects replace the answer, and that the values are in range."""
        effects = [name for name in REPLACEMENTS if getattr(self, name)]
        if len(effects) > 1:
            raise ValueError(f"Only one effect can replace the answer, not {len(effects)}: {', '.join(effects)}.")
        if not effects and not any(self._changes(name) for name in CHANGES):
            raise ValueError(_NO_EFFECT)
        self._check_numbers()
        self._check_words()
        self._check_edit()
        self._check_dependent_fields()

    def _changes(self, name: str) -> bool:
        """Whether it has this change of the answer. A count may become null or 0, and an answer may be about nobody."""
        value = getattr(self, name)
        if name in COUNTS:
            return value is not msgspec.UNSET
        return bool(value) if name in SECONDS else value is not None

    def _check_numbers(self) -> None:
        for name in ("http", "status"):
            status = getattr(self, name)
            if status is not None and not 200 <= status <= 999:
                raise ValueError(f"{name}={status} is not the HTTP status of an answer. Use 200 to 999.")
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(f"share={self.share} must be greater than 0 and at most 1.")
        if self.lack is not None and not 0 <= self.lack <= 1:
            raise ValueError(f"lack={self.lack} must be a share from 0 to 1.")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name}={value} must be {least} or more.")
        for name in (*SECONDS, "hang"):
            if not 0 <= getattr(self, name) <= _LONGEST:
                raise ValueError(f"{name}={getattr(self, name)} is not a number of seconds from 0 to {_LONGEST:,}.")

    def _check_words(self) -> None:
        for name, known in _WORDS.items():
            if getattr(self, name) not in {None, *known}:
                raise ValueError(f"{name}={getattr(self, name)} is not one of {', '.join(known)}.")
        if self.day is not None:
            date.fromisoformat(self.day)
        since, until = _time("since", self.since), _time("until", self.until)
        if since is not None and until is not None and until <= since:
            raise ValueError(f"until={self.until} must be later than since={self.since}.")
        for name, value in self.header_changes.items():
            if not _HEADER.fullmatch(name) or (value is not None and not value.isprintable()):
                raise ValueError(f"headers: {name!r} with {value!r} is not a header. Write Name: value|-Other-Name.")
        for text in (self.type, self.location):
            if text is not None and not text.isprintable():
                raise ValueError(f"{text!r} cannot be in a header.")

    def _check_edit(self) -> None:
        given = [name for name in ("json", "raw") if getattr(self, name) is not None]
        if self.value is not msgspec.UNSET:
            given.append("value")
        if len(given) > 1:
            raise ValueError(f"An edited field has one value, not {' and '.join(given)}.")
        for name in ("raw", "page_hex"):
            if getattr(self, name) is not None:
                bytes.fromhex(getattr(self, name))
        if self.json is not None:
            _check_json(self.json)
        if self.edit is not None and not self.edit.strip():
            raise ValueError("edit needs the name of a field, or a path that begins with $.")
        if self.edit is not None and self.edit.startswith("$"):
            parse_path(self.edit)

    def _check_dependent_fields(self) -> None:
        """Refuse fields that have no meaning without another field."""
        for name, others in _NEEDS.items():
            if getattr(self, name) in (None, msgspec.UNSET):
                continue
            if all(getattr(self, other) is None for other in others):
                raise ValueError(f"{name}=… has no meaning without {' or '.join(f'{other}=…' for other in others)}.")
        if self.page is not None and self.page_hex is not None:
            raise ValueError("page=… and page_hex=… are two ways to give a page. Use one of them.")
        if self.keep is not None and (self.code != PARTIAL_SUCCESS or not 0 <= self.keep <= 1):
            raise ValueError(f"keep={self.keep} needs code={PARTIAL_SUCCESS} and must be a share from 0 to 1.")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a fault from its text form.

        Raises:
            ValueError: The text is not a fault. The message gives the reason in one line.
        """
        fields: dict[str, object] = {}
        for name, value in _pairs(text):
            if name not in cls.__struct_fields__:
                raise ValueError(f"A fault has no field {name!r}. Its fields are {', '.join(cls.__struct_fields__)}.")
            if name in fields:
                raise ValueError(f"{name!r} appears twice.")
            if value is None and name not in _SWITCHES:
                raise ValueError(f"{name!r} needs a value: {name}=….")
            fields[name] = True if value is None else _count(value) if name in COUNTS else value
        if not fields:
            raise ValueError(_NO_EFFECT)
        try:
            return msgspec.convert(fields, cls, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"{text!r} is not a fault: {error}") from None

    @property
    def endpoint(self) -> str | None:
        """The endpoint in `path`, as requests name it."""
        if self.path is None:
            return None
        return self.path.strip("/").removeprefix("open_api/").removeprefix("v1.3/").strip("/") + "/"

    @property
    def partial(self) -> bool:
        """Whether its effect is a partial answer."""
        return self.code == PARTIAL_SUCCESS

    def in_force(self, now: datetime) -> bool:
        """Whether a time of the emulator's clock is between `since` and `until`."""
        since, until = _time("since", self.since), _time("until", self.until)
        return (since is None or since <= now) and (until is None or now < until)

    def withdrawn(self, params: Mapping[str, Any]) -> list[str]:
        """The metrics that it withdraws, of those that a request asks for."""
        names = set((self.withdraw or "").replace("|", " ").split())
        try:
            asked = decode(str(params.get("metrics", "[]")))
        except ValueError:
            return []
        return [name for name in asked if str(name) in names] if isinstance(asked, list) else []

    @property
    def body(self) -> bytes:
        """The page that it sends."""
        if self.page_hex is not None:
            return bytes.fromhex(self.page_hex)
        default = f"<html><head><title>{self.http}</title></head><body><h1>{self.http}</h1></body></html>"
        return (default if self.page is None else self.page).encode(errors="surrogateescape")

    @property
    def text(self) -> str:
        """The text of its return code."""
        return self.message or _MESSAGES.get(self.code or 0, "Request failed.")

    @property
    def header_changes(self) -> dict[str, str | None]:
        """The headers that it sets, and with None those that it removes."""
        if not isinstance(self.headers, str):
            return self.headers or {}
        changes: dict[str, str | None] = {}
        for entry in filter(None, map(str.strip, self.headers.split("|"))):
            name, sign, value = entry.partition(":")
            if not sign and entry.startswith("-"):
                changes[entry.removeprefix("-")] = None
            else:
                changes[name.strip()] = value.strip() if sign else "\n"
        return changes


_NO_EFFECT = f"A fault needs an effect: one of {', '.join((*REPLACEMENTS, *CHANGES))}."


def _pairs(text: str) -> list[tuple[str, str | None]]:
    """The names and values of a text form. A name without a sign has no value. JSON may contain commas."""
    pairs: list[tuple[str, str | None]] = []
    rest = text.strip()
    while rest:
        pair, _, after = rest.partition(",")
        name, sign, value = (part.strip() for part in pair.partition("="))
        if name == "json" and sign:
            written = rest.partition("=")[2].strip()
            value = written[: _length_of_json(written)]
            after = written[len(value) :].strip()
            if after and not after.startswith(","):
                raise ValueError(f"json={value} is followed by {after!r}, not by a comma.")
            after = after.removeprefix(",")
        if pair.strip():
            pairs.append((name, value if sign else None))
        rest = after.strip()
    return pairs


def _length_of_json(text: str) -> int:
    """How long the JSON is that a text begins with."""
    try:
        return json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"json={text} is not JSON: {error}") from None


def _check_json(text: str) -> None:
    if _length_of_json(text) != len(text):
        raise ValueError(f"json={text} is more than one JSON value.")


def _count(text: str) -> Any:
    """A count as JSON has it: a number or null, otherwise a text."""
    try:
        return decode(text)
    except ValueError:
        return text


def _time(name: str, text: str | None) -> datetime | None:
    """A time of the emulator's clock. None if it is missing."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{name}={text} is not a time. Write it as 2026-03-10T15:00.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
