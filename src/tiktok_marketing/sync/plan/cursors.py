"""How far each account of a stream has been read: read from any form, merged, written in one. Pure.

Four forms are read, all in use: 3.9.6's one cursor for all accounts (and its older nesting under `dimensions`), 4.0's
per-partition list, 4.4's with `use_global_cursor`, and 5.0.8's with a `buying_type` in the partition. 4.4's is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NewType

from tiktok_marketing.errors import ConfigurationError

Cursor = NewType("Cursor", str)
"""How far an account has been read, as `YYYY-MM-DD HH:MM:SS`, which sorts as text."""

NO_CURSOR: dict[str, Any] = {"__ab_no_cursor_state_message": True}
"""The state of a stream that is read whole every time."""

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]00:?00)?)?")


def normalize_time(text: str) -> str | None:
    """A time of TikTok's or of a state as `YYYY-MM-DD HH:MM:SS`, which sorts as text; None if it is none.

    Example:
        `2024-01-05T10:00:00Z`, `2024-01-05 10:00:00Z` and `2024-01-05 10:00:00` are the same moment; a bare day is its
        first second.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    moment = f"{match[1]} {match[2] or '00:00:00'}"
    try:
        datetime.fromisoformat(moment)
    except ValueError:  # the 45th of a month
        return None
    return moment


class Cursors:
    """The cursors of one stream, by account.

    Args:
        field: The cursor's field: `modify_time`, `stat_time_day` or `stat_time_hour`.
        cursors: Account id to cursor, as `YYYY-MM-DD HH:MM:SS`.
        common: A cursor for every account that has none of its own (3.9.6's form, or a global cursor).
    """

    def __init__(self, field: str, cursors: Mapping[str, str] | None = None, common: str | None = None) -> None:
        self.field = field
        self._cursors = dict(cursors or {})
        self._common = common

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that have a cursor of their own."""
        return tuple(self._cursors)

    @property
    def empty(self) -> bool:
        """Whether no account was ever read."""
        return not self._cursors and self._common is None

    def of(self, advertiser_id: str) -> str | None:
        """The account's cursor; None if it was never read."""
        return self._cursors.get(advertiser_id, self._common)

    def day_of(self, advertiser_id: str) -> date | None:
        """The account's cursor as a day."""
        cursor = self.of(advertiser_id)
        return date.fromisoformat(cursor[:10]) if cursor else None

    def move(self, advertiser_id: str, cursor: str) -> bool:
        """Everything up to this moment has been delivered. Returns whether that is news.

        Args:
            advertiser_id: The account.
            cursor: As `YYYY-MM-DD HH:MM:SS`.
        """
        known = self.of(advertiser_id)
        if known is not None and cursor <= known:
            return False
        self._cursors[advertiser_id] = cursor
        return True

    def rewind(self, advertiser_id: str, cursor: str | None) -> None:
        """What the account's cursor says cannot have been reached: this has, or nothing.

        Args:
            advertiser_id: The account, which has a cursor of its own (`settle`).
            cursor: As `YYYY-MM-DD HH:MM:SS`; None if nothing has.
        """
        if cursor is None:
            del self._cursors[advertiser_id]
            self._common = None
        else:
            self._cursors[advertiser_id] = cursor

    def adopt_common(self, advertiser_id: str) -> None:
        """Give an account the common cursor as its own, since the form that is written has no common one."""
        if self._common is not None:
            self._cursors.setdefault(advertiser_id, self._common)

    @property
    def estimated_bytes(self) -> int:
        """About how many bytes the state is as JSON."""
        return 64 + 112 * len(self._cursors)

    def to_state(self) -> dict[str, Any]:
        """The form that 4.4 and later write and read."""
        return {
            "use_global_cursor": False,
            "states": [
                {
                    "partition": {"advertiser_id": advertiser_id, "parent_slice": {}},
                    "cursor": {self.field: _written(self.field, cursor)},
                }
                for advertiser_id, cursor in self._cursors.items()
            ],
            "lookback_window": 0,
        }


def read_state(stream: str, field: str, raw: Any) -> Cursors:
    """The cursors in a state of any known form; none in an empty one.

    Args:
        stream: The stream's name, for errors.
        field: The stream's cursor field.
        raw: What came from the state file.

    Raises:
        ConfigurationError: If it is of no known form.
    """
    if raw is None:
        return Cursors(field)
    if not isinstance(raw, Mapping):
        raise _unreadable(stream, "it is not an object")
    common = _common_cursor(stream, field, raw)
    cursors: dict[str, str] = {}
    never_read: set[str] = set()
    states = raw.get("states", [])
    if not isinstance(states, list):
        raise _unreadable(stream, "`states` is not a list")
    for entry in states if not raw.get("use_global_cursor") else []:
        partition = entry.get("partition") if isinstance(entry, Mapping) else None
        cursor = entry.get("cursor") if isinstance(entry, Mapping) else None
        if not isinstance(partition, Mapping) or not isinstance(cursor, Mapping) or "advertiser_id" not in partition:
            raise _unreadable(stream, "an entry of `states` lacks its partition or its cursor")
        advertiser_id, value = str(partition["advertiser_id"]), cursor.get(field)
        if not advertiser_id.isascii():
            raise _unreadable(stream, "a partition's advertiser_id is no number")
        if value is None or value == "":
            never_read.add(advertiser_id)
            continue
        moment = _cursor(stream, field, value)
        # campaigns were once kept apart by buying type: the account is as far as the least of them
        cursors[advertiser_id] = min(moment, cursors.get(advertiser_id, moment))
    return Cursors(field, {one: cursor for one, cursor in cursors.items() if one not in never_read}, common)


def _common_cursor(stream: str, field: str, raw: Mapping[str, Any]) -> str | None:
    """The cursor that holds for every account, in the forms that have one.

    The `state` beside `states` of 4.4's form is not one: it is the farthest account's, and an account that was added
    later must start from `start_date`.
    """
    holder: Any = raw
    if raw.get("use_global_cursor"):
        holder = raw.get("state") or {}
    elif isinstance(raw.get("dimensions"), Mapping):
        holder = raw["dimensions"]
    if not isinstance(holder, Mapping):
        raise _unreadable(stream, "`state` is not an object")
    value = holder.get(field)
    if value is None or value == "":
        return None
    moment = _cursor(stream, field, value)
    lookback = raw.get("lookback_window") if raw.get("use_global_cursor") else 0
    if isinstance(lookback, int) and lookback > 0:
        try:
            moment = str(datetime.fromisoformat(moment) - timedelta(seconds=lookback))
        except OverflowError:
            raise _unreadable(stream, "its lookback_window reaches back beyond the calendar") from None
    return moment


def _cursor(stream: str, field: str, value: Any) -> str:
    moment = normalize_time(value) if isinstance(value, str) else None
    if moment is None:
        raise _unreadable(stream, f"its {field} is {str(value)[:40]!r}, which is no date")
    return moment


def _written(field: str, cursor: str) -> str:
    if field == "stat_time_day":
        return cursor[:10]
    return f"{cursor}Z" if field == "modify_time" else cursor


def _unreadable(stream: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The state of stream {stream} cannot be read: {why}.",
        remedy="Pass the state that an earlier sync wrote, or none to read everything from start_date.",
    )
