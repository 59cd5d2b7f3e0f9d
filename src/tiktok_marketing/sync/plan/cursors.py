"""How far each account of a stream has been read: parsed from any known form of state, and written in one form. Pure.

Four forms are in use, and all are read: 3.9.6's one cursor for all accounts (and its older nesting under `dimensions`),
4.0's list per partition, 4.4's with `use_global_cursor`, and 5.0.8's with a `buying_type` in the partition. 4.4's form
is written, with what the cursors cover (`plan.coverage`, `plan.new_stores`) in fields of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, isfinite
from typing import Any, NewType

from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.coverage import Covered, coverage_in_state, coverage_to_state
from tiktok_marketing.sync.plan.state_forms import excerpt

Cursor = NewType("Cursor", str)
"""How far an account has been read, as `YYYY-MM-DD HH:MM:SS`, which sorts as text."""

NO_CURSOR: dict[str, Any] = {"__ab_no_cursor_state_message": True}
"""The state of a stream that every sync reads in full."""

FULL_REFRESH = "full_refresh"
"""The key of a full refresh's state, see `plan.refresh`."""
_FULL_REFRESHES = frozenset(
    {
        FULL_REFRESH,
        "__ab_no_cursor_state_message",
        "__ab_full_refresh_state_message",
        "__ab_full_refresh_sync_complete",
    }
)
"""Keys of the states that full refreshes write, here and in other connectors."""
_WITHOUT_CURSOR = frozenset({"use_global_cursor", "lookback_window", "parent_state", "coverage", "stores"})
"""Keys beside the cursors, in 4.4's form."""
_MAX_KEYS_NAMED = 5

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]00:?00)?)?")

_SECONDS = re.compile(r"[0-9]{1,12}")


def normalize_time(text: str) -> str | None:
    """A time from TikTok or a state as `YYYY-MM-DD HH:MM:SS`, which sorts as text; None if the text is not a time.

    Example:
        `2024-01-05T10:00:00Z`, `2024-01-05 10:00:00Z` and `2024-01-05 10:00:00` are the same time; a day without a
        time is its first second.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    time = f"{match[1]} {match[2] or '00:00:00'}"
    try:
        datetime.fromisoformat(time)
    except ValueError:  # the 45th of a month
        return None
    return time


class Cursors:
    """The cursors of one stream, by account.

    Args:
        field: The cursor's field: `modify_time`, `stat_time_day` or `stat_time_hour`.
        cursors: The cursor of each account.
        common: A cursor for every account without one of its own (3.9.6's form, or a global cursor).
        of_full_refresh: Whether the state is a full refresh's, which has no cursors.
        covered: What was read of each account, as far as that is known.
        stores: The stores that were read of each account, for a report by store, as far as they are known.
    """

    def __init__(
        self,
        field: str,
        cursors: Mapping[AdvertiserId, Cursor] | None = None,
        common: Cursor | None = None,
        covered: Mapping[AdvertiserId, Covered] | None = None,
        stores: Mapping[AdvertiserId, Sequence[str]] | None = None,
        *,
        of_full_refresh: bool = False,
    ) -> None:
        self.field = field
        self.of_full_refresh = of_full_refresh
        self._cursors = dict(cursors or {})
        self._common = common
        self._covered = dict(covered or {})
        self._stores = {advertiser_id: tuple(ids) for advertiser_id, ids in (stores or {}).items()}

    @property
    def accounts(self) -> tuple[AdvertiserId, ...]:
        """The accounts that have a cursor of their own."""
        return tuple(self._cursors)

    @property
    def empty(self) -> bool:
        """Whether no account has been read yet."""
        return not self._cursors and self._common is None

    @property
    def has_common(self) -> bool:
        """Whether one cursor applies to every account without one of its own."""
        return self._common is not None

    def of(self, advertiser_id: AdvertiserId) -> Cursor | None:
        """The account's cursor; None if it has not been read yet."""
        return self._cursors.get(advertiser_id, self._common)

    def day_of(self, advertiser_id: AdvertiserId) -> date | None:
        """The account's cursor as a day."""
        cursor = self.of(advertiser_id)
        return date.fromisoformat(cursor[:10]) if cursor else None

    def move(self, advertiser_id: AdvertiserId, cursor: Cursor) -> bool:
        """Everything of the account up to this cursor has been delivered. Returns whether its cursor moved."""
        current = self.of(advertiser_id)
        if current is not None and cursor <= current:
            return False
        self._cursors[advertiser_id] = cursor
        return True

    def rewind(self, advertiser_id: AdvertiserId, cursor: Cursor | None) -> None:
        """Set an account's cursor back, because no sync can have read as far as it says.

        Args:
            advertiser_id: The account, which has a cursor of its own (`adopt_common`).
            cursor: How far it has been read; None for not at all.
        """
        if cursor is None:
            del self._cursors[advertiser_id]
            self._covered.pop(advertiser_id, None)
            self._stores.pop(advertiser_id, None)
            self._common = None
        else:
            self._cursors[advertiser_id] = cursor

    def covered_of(self, advertiser_id: AdvertiserId) -> Covered | None:
        """What was read of the account up to its cursor; None if that is not known."""
        return self._covered.get(advertiser_id)

    def cover(self, advertiser_id: AdvertiserId, covered: Covered) -> None:
        """Note what the account's cursor covers. It counts once the account has a cursor."""
        self._covered[advertiser_id] = covered

    def stores_of(self, advertiser_id: AdvertiserId) -> tuple[str, ...] | None:
        """The stores that were read of the account up to its cursor; None if they are not known."""
        return self._stores.get(advertiser_id)

    def note_stores(self, advertiser_id: AdvertiserId, stores: Iterable[str]) -> None:
        """Note the stores that are read of the account. They count once the account has a cursor."""
        self._stores[advertiser_id] = tuple(stores)

    def adopt_common(self, advertiser_id: AdvertiserId) -> None:
        """Give an account the common cursor as its own, because the form that is written has no common cursor."""
        if self._common is not None:
            self._cursors.setdefault(advertiser_id, self._common)

    @property
    def estimated_bytes(self) -> int:
        """The approximate size of the state as JSON."""
        return 64 + 112 * len(self._cursors) + sum(16 + 24 * len(ids) for ids in self._stores.values())

    def to_state(self) -> dict[str, Any]:
        """The state in the form that 4.4 and later write and read."""
        coverage = coverage_to_state(self._covered, self.accounts)
        stores = {account: list(self._stores[account]) for account in self._cursors if account in self._stores}
        return {
            "use_global_cursor": False,
            "states": [
                {
                    "partition": {"advertiser_id": advertiser_id, "parent_slice": {}},
                    "cursor": {self.field: _format_cursor(self.field, cursor)},
                }
                for advertiser_id, cursor in self._cursors.items()
            ],
            "lookback_window": 0,
            **({"coverage": coverage} if coverage else {}),
            **({"stores": stores} if stores else {}),
        }


def read_state(stream: str, field: str, raw: Any) -> Cursors:
    """The cursors in a state of any known form; an empty state has none.

    Args:
        stream: The stream's name, for errors.
        field: The stream's cursor field.
        raw: The stream's state, as JSON decodes it.

    Raises:
        ConfigurationError: If the state has no known form.
    """
    if raw is None:
        return Cursors(field)
    if not isinstance(raw, Mapping):
        raise _unreadable(stream, "it is not an object")
    if _is_of_full_refresh(raw):
        _check_full_refresh(stream, field, raw)
        return Cursors(field, of_full_refresh=True)
    is_global = _is_global(stream, raw)
    _check_keys(stream, field, raw, is_global=is_global)
    common = _common_cursor(stream, field, raw, is_global=is_global)
    states = raw.get("states", [])
    if not isinstance(states, list):
        raise _unreadable(stream, "`states` is not a list")
    cursors = {} if is_global and common is not None else _partition_cursors(stream, field, states)
    if is_global and cursors:
        raise _unreadable(stream, "`use_global_cursor` is true, but only `states` has cursors, and `state` has none")
    return Cursors(field, cursors, common, coverage_in_state(raw.get("coverage"), cursors), _stores(raw.get("stores")))


def _is_global(stream: str, raw: Mapping[str, Any]) -> bool:
    """Whether one cursor applies to all accounts, and those of the partitions do not count."""
    value = raw.get("use_global_cursor")
    if value is not None and not isinstance(value, bool):
        raise _unreadable(stream, f"its use_global_cursor is {excerpt(value)}, which is neither true nor false")
    return bool(value)


def _check_full_refresh(stream: str, field: str, raw: Mapping[str, Any]) -> None:
    """Refuse the state of a full refresh with cursors in it: nobody knows which of them counts.

    Raises:
        ConfigurationError: If it has some.
    """
    holders = [name for name in ("states", "state", "dimensions", field) if raw.get(name)]
    if holders:
        full_refresh = next(name for name in raw if name in _FULL_REFRESHES)
        raise _unreadable(stream, f"it is the state of a full refresh ({full_refresh}) and has cursors ({holders[0]})")


def account_in_state(value: Any) -> AdvertiserId | None:
    """The id of an account as a state has it, as a text or a number; None if it is no account's."""
    text = str(value).strip()  # no other value of JSON is written in digits alone
    return AdvertiserId(text) if text.isascii() and text.isdecimal() else None


def _stores(raw: Any) -> dict[AdvertiserId, tuple[str, ...]]:
    """The stores of accounts from a state. What is not understood is left out, and so counts as unknown."""
    return {
        AdvertiserId(str(advertiser_id)): tuple(str(store_id) for store_id in ids)
        for advertiser_id, ids in (raw.items() if isinstance(raw, Mapping) else ())
        if isinstance(ids, list)
    }


def _partition_cursors(stream: str, field: str, entries: Iterable[Any]) -> dict[AdvertiserId, Cursor]:
    """The cursor of each account that has been read."""
    cursors: dict[AdvertiserId, Cursor] = {}
    never_read: set[AdvertiserId] = set()
    for entry in entries:
        partition = entry.get("partition") if isinstance(entry, Mapping) else None
        cursor = entry.get("cursor") if isinstance(entry, Mapping) else None
        if not isinstance(partition, Mapping) or not isinstance(cursor, Mapping) or "advertiser_id" not in partition:
            raise _unreadable(stream, "an entry of `states` lacks its partition or its cursor")
        advertiser_id, value = account_in_state(partition["advertiser_id"]), cursor.get(field)
        if advertiser_id is None:
            given = excerpt(partition["advertiser_id"])
            raise _unreadable(stream, f"the advertiser_id of a partition is {given}, which is not an account's number")
        if cursor and field not in cursor and not _is_of_full_refresh(cursor):
            raise _unreadable(stream, f"a cursor has {_keys(cursor)}{_instead_of(field)}")
        if value is None or value == "":
            never_read.add(advertiser_id)
            continue
        parsed = _parse_cursor(stream, field, value)
        # Campaigns once had a cursor per buying type. The earliest of them says how far the account has been read.
        cursors[advertiser_id] = min(parsed, cursors.get(advertiser_id, parsed))
    return {advertiser_id: cursor for advertiser_id, cursor in cursors.items() if advertiser_id not in never_read}


def _is_of_full_refresh(raw: Mapping[str, Any]) -> bool:
    """Whether a state, or the cursor of a partition, is one that full refreshes write."""
    return not _FULL_REFRESHES.isdisjoint(raw)


def _check_keys(stream: str, field: str, raw: Mapping[str, Any], *, is_global: bool) -> None:
    """Refuse a state in which no known form has its cursors: it would be taken for none.

    Raises:
        ConfigurationError: If there is none.
    """
    fields: Any = raw.get("dimensions") if isinstance(raw.get("dimensions"), Mapping) else raw
    if is_global:
        fields = raw.get("state")
        if not isinstance(fields, Mapping):
            return
    elif "states" in raw:
        return
    if field in fields or not fields.keys() - _WITHOUT_CURSOR:
        return
    raise _unreadable(stream, f"it has {_keys(fields)}{_instead_of(field)}")


def _keys(fields: Mapping[str, Any]) -> str:
    names = [str(name)[:40] for name in fields][:_MAX_KEYS_NAMED]
    return f"only {', '.join(names)}" if len(fields) <= _MAX_KEYS_NAMED else f"{', '.join(names)} and more"


def _instead_of(field: str) -> str:
    return f", but not {field}, which is the stream's cursor" if field else ", and the stream has no cursor"


def _common_cursor(stream: str, field: str, raw: Mapping[str, Any], *, is_global: bool) -> Cursor | None:
    """The cursor that applies to every account, in the forms that have one.

    The `state` beside `states` in 4.4's form is not one. It is the cursor of the account that has been read farthest,
    and an account that was added later must start from `start_date`.
    """
    fields: Any = raw
    if is_global:
        fields = raw.get("state") or {}
    elif isinstance(raw.get("dimensions"), Mapping):
        fields = raw["dimensions"]
    if not isinstance(fields, Mapping):
        raise _unreadable(stream, "`state` is not an object")
    value = fields.get(field)
    if value is None or value == "":
        return None
    cursor = _parse_cursor(stream, field, value)
    if is_global:
        try:
            cursor = Cursor(str(datetime.fromisoformat(cursor) - timedelta(seconds=_lookback(stream, raw))))
        except OverflowError:
            raise _unreadable(stream, "its lookback_window reaches back beyond the calendar") from None
    return cursor


def _lookback(stream: str, raw: Mapping[str, Any]) -> float:
    """The seconds before the global cursor that are read again, as a number or its text; nothing reaches ahead."""
    value = raw.get("lookback_window")
    if isinstance(value, str) and _SECONDS.fullmatch(value.strip()):
        value = int(value)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise _unreadable(stream, f"its lookback_window is {excerpt(value)}, which is not a number of seconds")
    return max(0, ceil(value))


def _parse_cursor(stream: str, field: str, value: Any) -> Cursor:
    time = normalize_time(value) if isinstance(value, str) else None
    if time is None:
        raise _unreadable(stream, f"its {field} is {excerpt(value)}, which is not a date")
    return Cursor(time)


def _format_cursor(field: str, cursor: Cursor) -> str:
    if field == "stat_time_day":
        return cursor[:10]
    return f"{cursor}Z" if field == "modify_time" else cursor


def _unreadable(stream: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The state of stream {stream} cannot be read: {reason}.",
        remedy="Pass the state that an earlier sync wrote, or none to read everything from start_date. In Airbyte: "
        "refresh or clear the stream.",
    )
