"""Faults on demand: what a fault is, the text it is written in, and the register that picks faults for a request.

A fault is written as `name=value` pairs, separated by commas. Selectors say which requests it applies to. All of them
must match; a fault without selectors applies to every request:

    path=report/integrated/get/   this endpoint; a leading slash or `open_api/v1.3/` is ignored
    advertiser=7000000000000000001  requests whose advertiser_id or advertiser_ids name this account
    contains=2026-01-31           requests whose decoded query contains this text: a date, a level, `contains=page=2`
    days_over=7                   requests from a start_date to an end_date of more than seven days
    ids_over=5                    report requests whose filters do not limit them to five ids or fewer
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
    http=502                      an HTML page with this HTTP status: 200, or 300 to 599, as a gateway sends it.
                                  `page=...` replaces the page, and `location=...` says where a redirect leads
    withdraw=placement_type       a report request that asks for this metric is refused with 40002, which names it.
                                  Several metrics are separated by `|`. `message=...` replaces the text; `{names}` in
                                  it stands for the metrics
    reset                         the connection is reset without an answer
    truncate                      the real answer, cut off in the middle
    garbage                       HTTP 200 with a body that is not JSON
    hang, hang=30                 no answer at all, or the real answer after 30 seconds
    unpacks=6000000000            a few megabytes of gzip that unpack to so many spaces

It can also have any of the effects that only change the answer:

    latency=0.8                   the answer comes 0.8 seconds later
    advance=3600                  the emulator's clock moves an hour ahead before it answers, so that objects appear
                                  and change between two pages
    edit=spend, value=<5          each record's field (or each row's metric) of this name has this value. If the records
                                  have no such field, they get it. Without `value` the field is removed. For a dimension
                                  of a row, write `edit=dimensions.stat_time_day`
    edit=ad_name, raw=22EDA0BD22  the same with a value that is given as the bytes of its JSON, in hexadecimal digits
    edit=…, records=2             only two records of the answer are edited, whatever their order
    layout=spaced                 the JSON has blanks behind commas and colons; `pretty` and `wide` have line ends, too
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
`path=report/integrated/get/,share=0.1,http=502`, `latency=0.8`. In this form every value is text, and a message or
value cannot contain a comma. The control path accepts a fault as JSON, which has neither limit.
"""

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.randomness import keyed

_PARTIAL_SUCCESS = 20001
_MESSAGES = {
    _PARTIAL_SUCCESS: "Partially successful.",
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

_EFFECTS = ("code", "http", "withdraw", "reset", "truncate", "garbage", "hang", "unpacks")
_COUNTS = ("total_number", "total_page", "page_size")
_CHANGES = ("latency", "advance", "edit", "layout", "encoding", "accounts", "lack", "cap", *_COUNTS, "double")
_DOUBLES = ("copy", "other", "added")
_LAYOUTS = ("spaced", "pretty", "wide")
_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")


def _count(text: str) -> Any:
    """A count as JSON has it: a number or null, otherwise a text."""
    try:
        return decode(text)
    except ValueError:
        return text


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
    page: str | None = None
    location: str | None = None
    withdraw: str | None = None
    reset: bool = False
    truncate: bool = False
    garbage: bool = False
    hang: float | bool = False
    latency: float = 0.0
    advance: float = 0.0
    edit: str | None = None
    value: Any = msgspec.UNSET
    raw: str | None = None
    records: int | None = None
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
        effects = [name for name in _EFFECTS if getattr(self, name)]
        if len(effects) > 1:
            raise ValueError(f"Only one effect can replace the answer, not {len(effects)}: {', '.join(effects)}.")
        if not effects and not any(self._changes(name) for name in _CHANGES):
            raise ValueError(f"A fault needs an effect: one of {', '.join((*_EFFECTS, *_CHANGES))}.")
        if self.http is not None and not (self.http == 200 or 300 <= self.http <= 599):
            raise ValueError(
                f"http={self.http} is not a status that a gateway sends a page with. Use 200, or 300 to 599."
            )
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(f"share={self.share} must be greater than 0 and at most 1.")
        for name, minimum in (
            ("nth", 1),
            ("first", 1),
            ("skip", 0),
            ("every", 1),
            ("times", 1),
            ("days_over", 0),
            ("ids_over", 0),
            ("records", 1),
            ("unpacks", 1),
            ("accounts", 0),
            ("cap", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < minimum:
                raise ValueError(f"{name}={value} must be {minimum} or more.")
        if self.latency < 0 or self.hang < 0 or self.advance < 0:
            raise ValueError("latency, hang and advance are seconds and must not be negative.")
        if self.lack is not None and not 0 <= self.lack <= 1:
            raise ValueError(f"lack={self.lack} must be a share from 0 to 1.")
        if self.double is not None and self.double not in _DOUBLES:
            raise ValueError(f"double={self.double} must be one of {', '.join(_DOUBLES)}.")
        self._check_dependent_fields()

    def _changes(self, name: str) -> bool:
        """Whether it has this change of the answer. A count may become null or 0, and an answer may be about nobody."""
        value = getattr(self, name)
        if name in _COUNTS:
            return value is not msgspec.UNSET
        return bool(value) if name in {"latency", "advance"} else value is not None

    def _check_dependent_fields(self) -> None:
        """Refuse fields that have no meaning without another field."""
        if self.value is not msgspec.UNSET and self.edit is None:
            raise ValueError("value=… is the new value of a field and needs edit=….")
        if (self.raw is not None or self.records is not None) and self.edit is None:
            raise ValueError("raw=… and records=… say how a field is edited, and need edit=….")
        if self.raw is not None:
            bytes.fromhex(self.raw)
        for name, known in (("layout", _LAYOUTS), ("encoding", _ENCODINGS)):
            if getattr(self, name) not in {None, *known}:
                raise ValueError(f"{name}={getattr(self, name)} is not one of {', '.join(known)}.")
        if self.keep is not None and (self.code != _PARTIAL_SUCCESS or not 0 <= self.keep <= 1):
            raise ValueError(f"keep={self.keep} needs code={_PARTIAL_SUCCESS} and must be a share from 0 to 1.")
        if self.message is not None and self.code is None and self.withdraw is None:
            raise ValueError("message=… is the text of a return code and needs code=… or withdraw=….")
        if (self.page is not None or self.location is not None) and self.http is None:
            raise ValueError("page=… and location=… belong to an HTTP status and need http=….")

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Read a fault from its text form.

        Raises:
            ValueError: The text is not a fault. The message gives the reason in one line.
        """
        fields: dict[str, object] = {}
        for pair in filter(None, (pair.strip() for pair in text.split(","))):
            name, sign, value = pair.partition("=")
            name = name.strip()
            if name not in cls.__struct_fields__:
                raise ValueError(f"A fault has no field {name!r}. Its fields are {', '.join(cls.__struct_fields__)}.")
            if name in fields:
                raise ValueError(f"{name!r} appears twice.")
            if not sign and name not in {"reset", "truncate", "garbage", "hang"}:
                raise ValueError(f"{name!r} needs a value: {name}=….")
            fields[name] = (_count(value.strip()) if name in _COUNTS else value.strip()) if sign else True
        if not fields:
            raise ValueError(f"A fault needs an effect: one of {', '.join((*_EFFECTS, *_CHANGES))}.")
        try:
            return msgspec.convert(fields, cls, strict=False)
        except msgspec.ValidationError as error:
            raise ValueError(f"{text!r} is not a fault: {error}") from None

    @property
    def partial(self) -> bool:
        """Whether its effect is a partial answer."""
        return self.code == _PARTIAL_SUCCESS

    def withdrawn(self, params: Mapping[str, Any]) -> list[str]:
        """The metrics that it withdraws, of those that a request asks for."""
        names = set((self.withdraw or "").replace("|", " ").split())
        try:
            asked = decode(str(params.get("metrics", "[]")))
        except ValueError:
            return []
        return [name for name in asked if str(name) in names] if isinstance(asked, list) else []

    @property
    def html(self) -> str:
        """The page that it sends."""
        default = f"<html><head><title>{self.http}</title></head><body><h1>{self.http}</h1></body></html>"
        return default if self.page is None else self.page

    @property
    def text(self) -> str:
        """The text of its return code."""
        return self.message or _MESSAGES.get(self.code or 0, "Request failed.")


class FaultRegister:
    """The faults in force. Each has its own count of matching requests."""

    def __init__(self, faults: tuple[Fault, ...], seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._matched: list[int] = []
        self._failed: list[int] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: "Fault | str") -> Fault:
        """Put a fault or its text form in force. Its count of matching requests starts now."""
        parsed = Fault.parse(fault) if isinstance(fault, str) else fault
        with self._lock:
            self._faults.append(parsed)
            self._matched.append(0)
            self._failed.append(0)
        return parsed

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults, self._matched, self._failed = [], [], []

    def entries(self) -> list[dict[str, object]]:
        """The faults in force, with how many requests each matched and made fail."""
        return [
            {"fault": msgspec.to_builtins(fault), "matched": matched, "failed": failed}
            for fault, matched, failed in zip(self._faults, self._matched, self._failed, strict=True)
        ]

    def pick(self, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any]) -> list[Fault]:
        """Count a request, and pick its faults: any that change the answer, and at most one that replaces it."""
        picked: list[Fault] = []
        replaced = False
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not _matches(fault, path, advertisers, params):
                    continue
                self._matched[index] += 1
                replaces = any(getattr(fault, name) for name in _EFFECTS)
                if (replaces and replaced) or not self._applies(index, fault):
                    continue
                self._failed[index] += 1
                replaced = replaced or replaces
                picked.append(fault)
        return picked

    def _applies(self, index: int, fault: Fault) -> bool:
        """Whether the fault applies to the matching request that was just counted."""
        matched = self._matched[index]
        if fault.times is not None and self._failed[index] >= fault.times:
            return False
        if fault.nth is not None and matched != fault.nth:
            return False
        if fault.first is not None and matched > fault.first:
            return False
        if matched <= fault.skip:
            return False
        if fault.every is not None and matched % fault.every:
            return False
        return fault.share is None or keyed(self._seed, index, matched) % 1_000_000 < fault.share * 1_000_000


def _matches(fault: Fault, path: str, advertisers: tuple[str, ...], params: Mapping[str, Any]) -> bool:
    if fault.path is not None and fault.path.strip("/").removeprefix("open_api/v1.3/") != path.strip("/"):
        return False
    if fault.advertiser is not None and fault.advertiser not in advertisers:
        return False
    if fault.contains is not None and fault.contains not in "&".join(f"{key}={value}" for key, value in params.items()):
        return False
    if fault.withdraw is not None and not fault.withdrawn(params):
        return False
    if fault.days_over is not None and not _days(params) > fault.days_over:
        return False
    return fault.ids_over is None or _ids(params) > fault.ids_over


def _days(params: Mapping[str, Any]) -> int:
    """Days from start_date to end_date, both included. 0 if the request has no dates."""
    try:
        first, last = (date.fromisoformat(str(params[name])) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        return 0
    return (last - first).days + 1


def _ids(params: Mapping[str, Any]) -> float:
    """The number of ids that the filters of a report let through. Infinite without a filter by id."""
    try:
        filters = decode(str(params["filtering"]))
        lists = [decode(entry["filter_value"]) for entry in filters if entry["field_name"].endswith("_ids")]
        return min((len(ids) for ids in lists), default=float("inf"))
    except (KeyError, TypeError, AttributeError, ValueError):
        return float("inf")


def partial_data(data: bytes, keep: float | None) -> bytes:
    """The data of an answer with this share of its records, or half of them, and a total that counts only those."""
    fields = msgspec.json.decode(data)
    for name, records in fields.items():
        if isinstance(records, list):
            fields[name] = records[: int(len(records) * (0.5 if keep is None else keep))]
            if isinstance(page := fields.get("page_info"), dict):
                page["total_number"] -= len(records) - len(fields[name])
                page["total_page"] = -(-page["total_number"] // page["page_size"])
    return msgspec.json.encode(fields)


def changed_params(params: Mapping[str, Any], faults: list[Fault]) -> Mapping[str, Any]:
    """The parameters of a request as they are answered, for faults that change the accounts or the page size."""
    changed = dict(params)
    for fault in faults:
        if fault.accounts is not None and "advertiser_ids" in params:
            changed["advertiser_ids"] = msgspec.json.encode(_accounts(params)[: max(1, fault.accounts)]).decode()
        if fault.cap is not None and "page_size" in params:
            changed["page_size"] = _capped(str(params["page_size"]), fault.cap)
    return changed


def _capped(page_size: str, cap: int) -> str:
    """The smaller of both. What is not a number is refused later."""
    return str(min(int(page_size), cap)) if page_size.isascii() and page_size.isdigit() else page_size


def _accounts(params: Mapping[str, Any]) -> list[Any]:
    try:
        ids = decode(str(params["advertiser_ids"]))
    except ValueError:
        return []
    return ids if isinstance(ids, list) else []


def recounted_data(data: bytes, params: Mapping[str, Any], faults: list[Fault]) -> bytes:
    """The data of an answer after the faults that leave out or double records, or change the counts."""
    for fault in faults:
        if fault.accounts == 0 and "advertiser_ids" in params:
            data = partial_data(data, 0)
        if fault.lack is not None:
            data = partial_data(data, 1 - fault.lack)
        counts = {name: value for name in _COUNTS if (value := getattr(fault, name)) is not msgspec.UNSET}
        if counts or fault.double:
            answer = msgspec.json.decode(data)
            for name, value in counts.items():
                if value == "missing":
                    answer.get("page_info", {}).pop(name, None)
                else:
                    answer.setdefault("page_info", {})[name] = value
            for records in (value for value in answer.values() if isinstance(value, list)):
                _double(records, fault.double, answer.get("page_info", {}))
            data = msgspec.json.encode(answer)
    return data


def _double(records: list[Any], how: str | None, page_info: dict[str, Any]) -> None:
    """Put a second record with the key of the first into a list."""
    if how is None or len(records) < 2:
        return
    ordered = _ordered(records)
    first, last = records[ordered[0]], records[ordered[-1]]
    if how == "added":
        records.append({**last, **_ids_of(first)})
        page_info["total_number"] += 1
    else:
        records[ordered[-1]] = first if how == "copy" else {**last, **_ids_of(first)}


def _ordered(records: list[Any]) -> list[int]:
    """The positions of records in an order of their own, so that a fault hits the same ones in any order."""
    return sorted(range(len(records)), key=lambda position: msgspec.json.encode(_ids_of(records[position])))


def _ids_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies a record: a row's dimensions, or the ids of an object."""
    return {name: value for name, value in record.items() if name == "dimensions" or name.endswith("_id")}


def edited_data(data: bytes, faults: list[Fault]) -> bytes:
    """The data of an answer after the faults' edits of its records."""
    edits = [fault for fault in faults if fault.edit is not None]
    if not edits:
        return data
    answer = msgspec.json.decode(data)
    lists = [value for value in answer.values() if isinstance(value, list)]
    records = [item for items in lists for item in items if isinstance(item, dict)]
    ordered = _ordered(records) if any(fault.records is not None for fault in edits) else range(len(records))
    raw_values: dict[bytes, bytes] = {}
    for number, fault in enumerate(edits):
        value = fault.value
        if fault.raw is not None:
            value = f"the raw value of fault {number}"
            raw_values[msgspec.json.encode(value)] = bytes.fromhex(fault.raw)
        for position in ordered[: fault.records]:
            _edit(records[position], fault.edit or "", value)
    edited = msgspec.json.encode(answer)
    for value, raw in raw_values.items():
        edited = edited.replace(value, raw)
    return edited


def _edit(record: dict[str, Any], edit: str, value: Any) -> None:
    name = edit.removeprefix("dimensions.")
    fields = record.get("metrics" if name == edit else "dimensions", record)
    if value is msgspec.UNSET:
        fields.pop(name, None)
    else:
        fields[name] = value
