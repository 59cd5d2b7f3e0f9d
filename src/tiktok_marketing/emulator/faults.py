"""What goes wrong on demand: faults, the text they are written in, and the register that picks one for a request.

A fault is written as comma-separated `name=value` pairs. Selectors (all must match; none means every request):

    path=report/integrated/get/   the endpoint; a leading slash or `open_api/v1.3/` is ignored
    advertiser=7000000000000000001  the request's advertiser_id (or one of its advertiser_ids)
    contains=2026-01-31           a piece of the decoded query string (a date, a level, a page: `contains=page=2`)
    days_over=7                   requests from a start_date to an end_date of more than seven days
    ids_over=5                    requests that are not filtered down to five ids or fewer
    nth=3                         only the third matching request
    first=2                       only the first two matching requests
    skip=2                        all but the first two matching requests
    every=5                       every fifth matching request
    share=0.1                     a tenth of the matching requests, drawn from the seed
    times=4                       stop after four failures

and at most one effect that takes the answer's place, and any of those that only change it:

    code=50000                    an envelope with this return code; `message=…` replaces its text
    code=20001, keep=0.8          the true answer, but for a part: four fifths of its records (half of them without
                                  `keep`), which its `page_info` then counts alone
    http=502                      an HTML page with this HTTP status (5xx or 429)
    reset                         the connection is reset without an answer
    truncate                      the true answer, cut off in its middle
    garbage                       HTTP 200 with a body that is not JSON
    hang, hang=30                 no answer at all, or the true answer only after 30 seconds
    latency=0.8                   the answer comes 0.8 seconds later
    advance=3600                  the emulator's clock moves on by an hour before it answers: objects come and go
    edit=spend, value=<5          this field of each record (or metric of each row) has another value; a field that
                                  records do not have is added, and without a value it is left out; of a row also
                                  `edit=dimensions.stat_time_day`

Examples: `path=ad/get/,advertiser=7000000000000000001,nth=3,code=50000`,
`path=report/integrated/get/,share=0.1,http=502`,
`latency=0.8`. A message or value must not hold a comma in the text form, where every value is a text; use the control
path's JSON form then.
"""

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.emulator.randomness import keyed

_PARTLY_OK = 20001
_MESSAGES = {
    _PARTLY_OK: "Partially successful.",
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

_EFFECTS = ("code", "http", "reset", "truncate", "garbage", "hang")
_CHANGES = ("latency", "advance", "edit")


class Fault(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    forbid_unknown_fields=True,
):
    """One thing that goes wrong, and for which requests. See the module's text for each field."""

    path: str | None = None
    advertiser: str | None = None
    contains: str | None = None
    days_over: int | None = None
    ids_over: int | None = None
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
    reset: bool = False
    truncate: bool = False
    garbage: bool = False
    hang: float | bool = False
    latency: float = 0.0
    advance: float = 0.0
    edit: str | None = None
    value: Any = msgspec.UNSET

    def __post_init__(self) -> None:
        """Refuse a fault without an effect, or with two."""
        effects = [name for name in _EFFECTS if getattr(self, name)]
        if len(effects) > 1:
            raise ValueError(f"A fault has one effect, not {len(effects)}: {', '.join(effects)}.")
        if not effects and not any(getattr(self, name) for name in _CHANGES):
            raise ValueError(f"A fault needs an effect: one of {', '.join((*_EFFECTS, *_CHANGES))}.")
        if self.http is not None and not (self.http == 429 or 500 <= self.http <= 599):
            raise ValueError(f"http={self.http} is not a failure TikTok's gateway shows: use 429 or 500 to 599.")
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(f"share={self.share} must lie above 0 and be 1 at most.")
        for name, least in (
            ("nth", 1),
            ("first", 1),
            ("skip", 0),
            ("every", 1),
            ("times", 1),
            ("days_over", 0),
            ("ids_over", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name}={value} must be {least} or more.")
        if self.latency < 0 or self.hang < 0 or self.advance < 0:
            raise ValueError("latency, hang and advance are seconds and cannot be negative.")
        self._check_companions()

    def _check_companions(self) -> None:
        """Refuse what means something beside another part only, if that is not there."""
        if self.value is not msgspec.UNSET and self.edit is None:
            raise ValueError("value=… is what a field becomes and needs edit=….")
        if self.keep is not None and (self.code != _PARTLY_OK or not 0 <= self.keep <= 1):
            raise ValueError(f"keep={self.keep} needs code={_PARTLY_OK} and is a share, from 0 to 1.")
        if self.message is not None and self.code is None:
            raise ValueError("message=… says the text of a return code and needs code=….")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read the text form.

        Raises:
            ValueError: The text is not a fault; the message says in one sentence why.
        """
        fields: dict[str, object] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, sign, value = part.partition("=")
            name = name.strip()
            if name not in cls.__struct_fields__:
                raise ValueError(f"{name!r} is not a part of a fault; known are {', '.join(cls.__struct_fields__)}.")
            if name in fields:
                raise ValueError(f"{name!r} is given twice.")
            if not sign and name not in {"reset", "truncate", "garbage", "hang"}:
                raise ValueError(f"{name!r} needs a value: {name}=….")
            fields[name] = value.strip() if sign else True
        if not fields:
            raise ValueError(f"A fault needs an effect: one of {', '.join((*_EFFECTS, *_CHANGES))}.")
        try:
            return msgspec.convert(fields, cls, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"{text!r} is not a fault: {error}") from None

    @property
    def partly(self) -> bool:
        """Whether its return code is that of a partial success."""
        return self.code == _PARTLY_OK

    @property
    def text(self) -> str:
        """The message of its return code."""
        return self.message or _MESSAGES.get(self.code or 0, "Request failed.")


class FaultRegister:
    """The faults in force, each with its own count of matching requests."""

    def __init__(self, faults: tuple[Fault, ...], seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[int] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: "Fault | str") -> Fault:
        """Put a fault (or its text form) in force; its count begins now."""
        parsed = Fault.parse(fault) if isinstance(fault, str) else fault
        with self._lock:
            self._faults.append(parsed)
            self._seen.append(0)
            self._fired.append(0)
        return parsed

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults, self._seen, self._fired = [], [], []

    def entries(self) -> list[dict[str, object]]:
        """The faults in force with how many requests matched and how many failed."""
        return [
            {"fault": msgspec.to_builtins(fault), "matched": seen, "failed": fired}
            for fault, seen, fired in zip(self._faults, self._seen, self._fired, strict=True)
        ]

    def pick(self, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any]) -> list[Fault]:
        """Count a request and say what goes wrong with it: any changes, and at most one effect."""
        picked: list[Fault] = []
        effect = False
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not _matches(fault, path, advertisers, params):
                    continue
                self._seen[index] += 1
                has_effect = any(getattr(fault, name) for name in _EFFECTS)
                if (has_effect and effect) or not self._strikes(index, fault):
                    continue
                self._fired[index] += 1
                effect = effect or has_effect
                picked.append(fault)
        return picked

    def _strikes(self, index: int, fault: Fault) -> bool:
        seen = self._seen[index]
        if fault.times is not None and self._fired[index] >= fault.times:
            return False
        if fault.nth is not None and seen != fault.nth:
            return False
        if fault.first is not None and seen > fault.first:
            return False
        if seen <= fault.skip:
            return False
        if fault.every is not None and seen % fault.every:
            return False
        return fault.share is None or keyed(self._seed, index, seen) % 1_000_000 < fault.share * 1_000_000


def _matches(fault: Fault, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any]) -> bool:
    if fault.path is not None:
        wanted = fault.path.strip("/").removeprefix("open_api/v1.3/")
        if wanted != path.strip("/"):
            return False
    if fault.advertiser is not None and fault.advertiser not in advertisers:
        return False
    if fault.contains is not None and fault.contains not in "&".join(f"{key}={value}" for key, value in params.items()):
        return False
    if fault.days_over is not None and not _days(params) > fault.days_over:
        return False
    return fault.ids_over is None or _ids(params) > fault.ids_over


def _days(params: Mapping[str, Any]) -> int:
    """Days from start_date to end_date; 0 where there are none."""
    try:
        first, last = (date.fromisoformat(str(params[name])) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return 0
    return (last - first).days + 1


def _ids(params: Mapping[str, Any]) -> float:
    """How many ids the filters of a report let through; without such a filter, more than any number."""
    try:
        filters = msgspec.json.decode(str(params["filtering"]))
        lists = [msgspec.json.decode(one["filter_value"]) for one in filters if one["field_name"].endswith("_ids")]
    except (KeyError, TypeError, AttributeError, msgspec.MsgspecError):
        return float("inf")
    return min((len(ids) for ids in lists), default=float("inf"))


def part_of(data: bytes, keep: float | None) -> bytes:
    """The data of an answer with this share of its records, half of them if None, counted as if there were no more."""
    told = msgspec.json.decode(data)
    for name, records in told.items():
        if isinstance(records, list):
            told[name] = records[: int(len(records) * (0.5 if keep is None else keep))]
            if isinstance(page := told.get("page_info"), dict):
                page["total_number"] -= len(records) - len(told[name])
    return msgspec.json.encode(told)


def edited(data: bytes, faults: list[Fault]) -> bytes:
    """The data of an answer with what these faults put into its records, or take out of them."""
    edits = [fault for fault in faults if fault.edit is not None]
    if not edits:
        return data
    told = msgspec.json.decode(data)
    for records in told.values():
        for record in records if isinstance(records, list) else ():
            for fault in edits:
                name = (fault.edit or "").removeprefix("dimensions.")
                holder = record.get("metrics" if name == fault.edit else "dimensions", record)
                if fault.value is msgspec.UNSET:
                    holder.pop(name, None)
                else:
                    holder[name] = fault.value
    return msgspec.json.encode(told)
