"""The events of a sync. Each says one thing, and a state never precedes a record that it covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tiktok_marketing.catalog.stream import Stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, IncompleteReadError
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
    "combined",
]


class Failure(msgspec.Struct, frozen=True):
    """Data of a stream that could not be read. The stream's state stays before it.

    Args:
        stream: The stream's name.
        advertiser_id: The account; None if the whole stream failed.
        what: The days or the list that failed, for people; may be empty.
        error: The error, with its remedy.
        tolerated: Whether the configuration tolerates it (`skip_inaccessible_advertisers`).
    """

    stream: str
    advertiser_id: AdvertiserId | None
    what: str
    error: ConnectorError
    tolerated: bool = False


_NAMED = 5
"""Failures that an error names; the others are counted."""


def combined(failures: Sequence[Failure]) -> ConnectorError:
    """One error for what is missing: the error itself if there is one cause, otherwise one that names some."""
    causes = list({id(failure.error): failure.error for failure in failures}.values())
    if len(causes) == 1:
        return causes[0]
    named = [f"{failure.stream}: {failure.error.message}" for failure in failures[:_NAMED]]
    more = f" And {len(failures) - _NAMED:,} more." if len(failures) > _NAMED else ""
    error = IncompleteReadError(" ".join(named) + more, remedy=causes[0].remedy)
    error.code, error.request_id = causes[0].code, causes[0].request_id
    return error


class StreamStarted(msgspec.Struct, frozen=True):
    """Reading a stream begins."""

    stream: Stream


class Rows(msgspec.Struct, frozen=True):
    """The records of one page of a stream.

    Args:
        stream: The stream.
        advertiser_id: The account as an integer, as records have it; None if the stream is not read per account.
        records: The sink with the records, which the sync's sink factory made. By default it is a list. A report's
            records are structs with the attributes `dimensions` and `metrics`, which are structs whose fields have the
            catalog's names and types. Objects are dictionaries with the catalog's types, including `advertiser_id`.
        size: Bytes of the page, for bounding buffers.
        window_id: The window that the rows belong to, which `DaysComplete` and `DaysIncomplete` refer to; None for
            objects, which have no days.
    """

    stream: Stream
    advertiser_id: int | None
    records: RowSink
    size: int
    window_id: int | None = None


class DaysComplete(msgspec.Struct, frozen=True):
    """The rows of a window since its last event of this kind are complete days: no other row of them will follow.

    Args:
        stream: The report.
        window_id: The window.
        advertiser_id: The account, as an integer.
        days: The days; None if the report has no days, so that these are all its rows for the account.
        exact: Whether the report has no other rows for this account and these days. If TikTok hides rows of deleted
            objects, it may have some; rows that were delivered in the past are still valid then.
    """

    stream: Stream
    window_id: int
    advertiser_id: int
    days: Window | None
    exact: bool


class DaysIncomplete(msgspec.Struct, frozen=True):
    """The rows of a window since its last event are not complete days, and this sync will not complete them.

    Args:
        stream: The report.
        window_id: The window.
    """

    stream: Stream
    window_id: int


class DaysEmpty(msgspec.Struct, frozen=True):
    """A report has no rows for an account on these days, which is known without requesting them.

    Args:
        stream: The report.
        advertiser_id: The account, as an integer.
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
        stream: The stream.
        state: The complete state of the stream in Airbyte's form, ready for JSON. It is not changed afterwards.
        records: The number of records of the stream delivered since its last checkpoint.
    """

    stream: Stream
    state: Mapping[str, Any]
    records: int


class StreamEnded(msgspec.Struct, frozen=True):
    """A stream has been read as far as possible.

    Args:
        stream: The stream.
        failures: What is missing; empty if it is complete.
        records: The number of records delivered.
        accounts: The accounts that it was read for; None if it is about all that the token has access to.
    """

    stream: Stream
    failures: tuple[Failure, ...]
    records: int
    accounts: tuple[AdvertiserId, ...] | None = None

    @property
    def complete(self) -> bool:
        """Whether everything was delivered, except failures that the configuration tolerates."""
        return all(failure.tolerated for failure in self.failures)


Event = StreamStarted | Rows | DaysComplete | DaysIncomplete | DaysEmpty | Checkpoint | StreamEnded | Notice
