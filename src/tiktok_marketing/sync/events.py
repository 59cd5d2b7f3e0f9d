"""What a sync tells whoever runs it. Each event says one thing, and a state never comes before a record it covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tiktok_marketing.catalog.stream import Stream
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.decode.pages import RowSink
from tiktok_marketing.sync.plan.plan_sync import Notice
from tiktok_marketing.sync.plan.windows import Window

__all__ = [
    "Checkpoint",
    "DaysComplete",
    "DaysEmpty",
    "DaysIncomplete",
    "Event",
    "Failure",
    "Notice",
    "Rows",
    "StreamEnded",
    "StreamStarted",
]


class Failure(msgspec.Struct, frozen=True):
    """Something of a stream that could not be read. Its state stays where it was.

    Args:
        stream: The stream's name.
        advertiser_id: The account; None if it is the whole stream.
        what: The days or the list that failed, for people; may be empty.
        error: Why, with the remedy.
        tolerated: Whether the configuration asks to go on without it (`skip_inaccessible_advertisers`).
    """

    stream: str
    advertiser_id: str | None
    what: str
    error: ConnectorError
    tolerated: bool = False


class StreamStarted(msgspec.Struct, frozen=True):
    """A stream is about to be read."""

    stream: Stream


class Rows(msgspec.Struct, frozen=True):
    """Records of one stream, as many as came in one page.

    Args:
        stream: Whose they are.
        advertiser_id: The account they were read for; None if the stream is not read per account.
        records: What the sync's sink factory made of them. Unless told otherwise, a list: for a report, of structs with
            the attributes `dimensions` and `metrics`, themselves structs whose fields have the names and types of the
            catalog; for objects, of dictionaries with the catalog's types, `advertiser_id` among them.
        size: Bytes they came in, for bounding buffers.
        window_id: The window whose rows they are, which `DaysComplete` and `DaysIncomplete` name; None for objects,
            each of which stands alone.
    """

    stream: Stream
    advertiser_id: int | None
    records: RowSink
    size: int
    window_id: int | None = None


class DaysComplete(msgspec.Struct, frozen=True):
    """The rows of a window that came since its last event of this kind are whole days: no other row of them will come.

    Args:
        stream: The report.
        window_id: The window.
        advertiser_id: The account.
        days: The days; None if the report has no days, and these are all its rows of the account.
        exact: Whether the report has no other rows of this account and these days. It may have some where TikTok hides
            rows of deleted objects: rows that were delivered in their time are no less true then.
    """

    stream: Stream
    window_id: int
    advertiser_id: int
    days: Window | None
    exact: bool


class DaysIncomplete(msgspec.Struct, frozen=True):
    """The rows of a window that came since its last event are not whole days, and never will be in this sync.

    Args:
        stream: The report.
        window_id: The window.
    """

    stream: Stream
    window_id: int


class DaysEmpty(msgspec.Struct, frozen=True):
    """A report has no rows of an account on these days, which is known without asking for them.

    Args:
        stream: The report.
        advertiser_id: The account.
        days: The days; None if the report has no days.
        exact: As for `DaysComplete`.
    """

    stream: Stream
    advertiser_id: int
    days: Window | None
    exact: bool


class Checkpoint(msgspec.Struct, frozen=True):
    """Everything that this state covers has been delivered.

    Args:
        stream: Whose state it is.
        state: The whole state of the stream in Airbyte's form, ready for JSON. It is not changed afterwards.
        records: Records of the stream delivered since its last checkpoint.
    """

    stream: Stream
    state: Mapping[str, Any]
    records: int


class StreamEnded(msgspec.Struct, frozen=True):
    """A stream has been read as far as it can be.

    Args:
        stream: Which one.
        failures: What is missing; empty if it is complete.
        records: Records delivered.
        accounts: The accounts that it was read for; None if it is about all that the token reaches.
    """

    stream: Stream
    failures: tuple[Failure, ...]
    records: int
    accounts: tuple[str, ...] | None = None

    @property
    def complete(self) -> bool:
        """Whether all that was asked for was delivered."""
        return all(failure.tolerated for failure in self.failures)


Event = StreamStarted | Rows | DaysComplete | DaysIncomplete | DaysEmpty | Checkpoint | StreamEnded | Notice
