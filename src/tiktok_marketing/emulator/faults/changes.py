"""What faults change in a request and in its answer: parameters, records, counts, values at any place, and keys."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from tiktok_marketing.emulator.faults.fault import COUNTS, Fault
from tiktok_marketing.emulator.faults.paths import MISSING, Step, parse_path, replace_at
from tiktok_marketing.emulator.json_text import decode
from tiktok_marketing.emulator.randomness import keyed

_DATA = "data"
_EVERYTHING = "$"
_MAP = "_map"
"""How the names of maps end whose values are records."""


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


def changed_data(data: bytes, params: Mapping[str, Any], faults: list[Fault]) -> bytes:
    """The data of an answer after all changes of the faults."""
    if not any(_changes_data(fault) for fault in faults):
        return data
    answer = msgspec.json.decode(data)
    values = _Values()
    _edit_records(answer, faults, values)
    for fault in faults:
        _change_lists(answer, fault, several="advertiser_ids" in params)
    for fault in faults:
        if fault.partial:
            _keep(answer, 0.5 if fault.keep is None else fault.keep)
    return _changed_places(answer, faults, values)


def changed_refusal(faults: list[Fault]) -> bytes:
    """The data of a refusal, which is empty, after the faults that change some place of it."""
    return _changed_places({}, faults, _Values())


def _changed_places(answer: Any, faults: list[Fault], values: "_Values") -> bytes:
    """The JSON of some data after the faults that edit a place of it, or the order of its keys."""
    for fault in faults:
        steps = _steps(fault)
        if steps and (steps[0].deep or steps[0].key == _DATA):
            answer = replace_at(answer, steps if steps[0].deep else steps[1:], values.of(fault), fault.records)
        if fault.keys is not None:
            answer = _reordered(answer, fault.keys)
    return values.written(msgspec.json.encode(answer))


def _changes_data(fault: Fault) -> bool:
    names = ("accounts", "lack", "double", "edit", "keys")
    return fault.partial or any(getattr(fault, name) is not None for name in names) or bool(_counts(fault))


def changed_envelope(body: bytes, data: bytes, faults: list[Fault]) -> bytes:
    """The envelope of an answer after the faults that change its own fields, or their order.

    Args:
        body: The envelope, with any data.
        data: The answer's data, which need not be JSON.
        faults: The faults of the request.
    """
    fields = {name: bytes(raw) for name, raw in msgspec.json.decode(body, type=dict[str, msgspec.Raw]).items()}
    fields[_DATA] = data
    for fault in faults:
        steps = _steps(fault)
        if fault.edit == _EVERYTHING:
            return _Values.bytes_of(fault)
        if len(steps) == 1 and (steps[0].key != _DATA or _Values.removes(fault)):
            for name in _fields_of(fields, steps[0]):
                if _Values.removes(fault):
                    fields.pop(name, None)
                else:
                    fields[name] = _Values.bytes_of(fault)
        if fault.keys is not None:
            fields = {name: fields[name] for name in _ordered_names(list(fields), fault.keys)}
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + value for name, value in fields.items()) + b"}"


def _fields_of(fields: Mapping[str, bytes], step: Step) -> list[str]:
    """The fields of the envelope that the only step of a path leads to."""
    if step.key is None:
        return list(fields)
    if isinstance(step.key, int) or (step.deep and step.key not in fields):
        return []
    return [step.key]


def changes_envelope(faults: list[Fault]) -> bool:
    """Whether a fault changes the fields of the envelope, or their order."""
    return any(fault.keys is not None or (fault.edit or "").startswith("$") for fault in faults)


def _steps(fault: Fault) -> list[Step]:
    """The path of a fault's edit. Empty if it edits records by the name of a field, or everything."""
    return parse_path(fault.edit) if fault.edit is not None and fault.edit.startswith("$") else []


class _Values:
    """The new values of a tree. Those that are given as text stand in it as marks until it is written."""

    def __init__(self) -> None:
        self._marks: dict[bytes, bytes] = {}

    def of(self, fault: Fault) -> Any:
        """The value that a fault puts into the tree, or `MISSING`."""
        if self.removes(fault):
            return MISSING
        if fault.json is None and fault.raw is None:
            return fault.value
        mark = f"the value number {len(self._marks)} of a fault"
        self._marks[msgspec.json.encode(mark)] = self.bytes_of(fault)
        return mark

    def written(self, text: bytes) -> bytes:
        """The JSON of the tree with the values in place of their marks."""
        for mark, value in self._marks.items():
            text = text.replace(mark, value)
        return text

    @staticmethod
    def removes(fault: Fault) -> bool:
        """Whether a fault removes what it edits."""
        return fault.json is None and fault.raw is None and fault.value is msgspec.UNSET

    @staticmethod
    def bytes_of(fault: Fault) -> bytes:
        """The bytes of a fault's value. Nothing if it has none."""
        if fault.raw is not None:
            return bytes.fromhex(fault.raw)
        if fault.json is not None:
            return fault.json.encode(errors="replace")
        return b"" if fault.value is msgspec.UNSET else msgspec.json.encode(fault.value)


# -- records


def _edit_records(answer: dict[str, Any], faults: list[Fault], values: _Values) -> None:
    """Edit the records of an answer by the names of their fields."""
    edits = [fault for fault in faults if fault.edit is not None and not fault.edit.startswith("$")]
    if not edits:
        return
    records = [record for name, value in answer.items() for record in _records_in(name, value)]
    ordered = _ordered(records) if any(fault.records is not None for fault in edits) else range(len(records))
    for fault in edits:
        value = values.of(fault)
        for position in ordered[: fault.records]:
            _edit(records[position], fault.edit or "", value)


def _records_in(name: str, value: Any) -> Iterator[dict[str, Any]]:
    """The records of a list, or of a map by id whose values are records or such maps."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
    elif isinstance(value, dict) and name.endswith(_MAP):
        for inner in filter(None, value.values()):
            nested = isinstance(inner, dict) and all(isinstance(item, dict) for item in inner.values())
            yield from _records_in(name, inner if nested else [inner])


def _edit(record: dict[str, Any], edit: str, value: Any) -> None:
    name = edit.removeprefix("dimensions.")
    fields = record.get("metrics" if name == edit else "dimensions", record)
    if value is MISSING:
        fields.pop(name, None)
    else:
        fields[name] = value


def _change_lists(answer: dict[str, Any], fault: Fault, *, several: bool) -> None:
    """Leave out or double records, and change the counts."""
    if fault.accounts == 0 and several:
        _keep(answer, 0)
    if fault.lack is not None:
        _keep(answer, 1 - fault.lack)
    _change_counts(answer, fault)
    for records in (value for value in answer.values() if isinstance(value, list)):
        _double(records, fault.double, answer.get("page_info", {}))


def _keep(answer: dict[str, Any], share: float) -> None:
    """Keep this share of the records, and count only those."""
    for name, records in answer.items():
        if isinstance(records, list):
            answer[name] = records[: int(len(records) * share)]
            _recount(answer.get("page_info"), len(records) - len(answer[name]))
        elif isinstance(records, dict) and name.endswith(_MAP):
            answer[name] = dict(islice(records.items(), int(len(records) * share)))


def _recount(page_info: Any, missing: int) -> None:
    """Count fewer records. Counts that another fault has made something else stay as they are."""
    counts = page_info if isinstance(page_info, dict) else {}
    total, size = counts.get("total_number"), counts.get("page_size")
    if isinstance(total, int):
        counts["total_number"] = total - missing
        if isinstance(size, int) and size > 0 and "total_page" in counts:
            counts["total_page"] = -(-counts["total_number"] // size)


def _counts(fault: Fault) -> dict[str, Any]:
    return {name: value for name in COUNTS if (value := getattr(fault, name)) is not msgspec.UNSET}


def _change_counts(answer: dict[str, Any], fault: Fault) -> None:
    for name, value in _counts(fault).items():
        if value == "missing":
            answer.get("page_info", {}).pop(name, None)
        else:
            answer.setdefault("page_info", {})[name] = value


def _double(records: list[Any], how: str | None, page_info: dict[str, Any]) -> None:
    """Put a second record with the key of the first into a list."""
    if how is None or len(records) < 2 or not all(isinstance(record, dict) for record in records):
        return
    ordered = _ordered(records)
    first, last = records[ordered[0]], records[ordered[-1]]
    if how == "added":
        records.append({**last, **_ids_of(first)})
        if isinstance(page_info.get("total_number"), int):
            page_info["total_number"] += 1
    else:
        records[ordered[-1]] = first if how == "copy" else {**last, **_ids_of(first)}


def _ordered(records: list[Any]) -> list[int]:
    """The positions of records in an order of their own, so that a fault hits the same ones in any order."""
    return sorted(range(len(records)), key=lambda position: msgspec.json.encode(_ids_of(records[position])))


def _ids_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies a record: a row's dimensions, or the ids of an object."""
    return {name: value for name, value in record.items() if name == "dimensions" or name.endswith("_id")}


# -- keys


def _reordered(value: Any, how: str) -> Any:
    """A value whose objects have their keys in another order."""
    if isinstance(value, list):
        return [_reordered(item, how) for item in value]
    if isinstance(value, dict):
        return {name: _reordered(value[name], how) for name in _ordered_names(list(value), how)}
    return value


def _ordered_names(names: list[str], how: str) -> list[str]:
    if how == "reversed":
        return names[::-1]
    if how == "sorted":
        return sorted(names)
    return sorted(names, key=lambda name: keyed(int.from_bytes(name.encode()[-8:], "big"), len(names)))
