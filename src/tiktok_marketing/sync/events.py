"""What a sync tells whoever runs it, in order: a state never comes before a record that it covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from tiktok_marketing.catalog.stream import Stream
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.sync.plan.windows import Window


class Failure(msgspec.Struct, frozen=True):
    """A part of a stream that could not be read. Its state stays where it was.

    Args:
        stream: The stream's name.
        advertiser_id: The account; None if it is the whole stream.
        what: The days or the walk that failed, for people; may be empty.
        error: Why, with the remedy.
        tolerated: Whether the configuration asks to go on without it (`skip_inaccessible_advertisers`).
    """

    stream: str
    advertiser_id: str | None
    what: str
    error: ConnectorError
    tolerated: bool = False


class Started(msgspec.Struct, frozen=True):
    """A stream is about to be read."""

    stream: Stream


class Batch(msgspec.Struct, frozen=True):
    """Records of one stream, as many as came in one page.

    Args:
        stream: Whose they are.
        advertiser_id: The account they were read for; None if the stream is not read per account.
        records: For a report, structs with the attributes `dimensions` and `metrics`, themselves structs whose fields
            have the names and types of the catalog, or what the sync was told to keep of them. For objects,
            dictionaries with the catalog's types, and `advertiser_id` among them.
        size: Bytes they came in, for bounding buffers.
        window_id: Number of the window whose rows they are, which `DaysComplete` names; 0 if each record stands alone.
    """

    stream: Stream
    advertiser_id: int | None
    records: Sequence[Any]
    size: int
    window_id: int = 0


class DaysComplete(msgspec.Struct, frozen=True):
    """The rows of a part that came since it was last told of are whole days: none of their rows is still to come.

    What a report has of this account and these days is those rows and no others; there may be none at all. That is not
    said where rows of deleted objects are hidden: what was delivered in their time is no less true afterwards.

    Args:
        stream: Whose part.
        window_id: Its number; 0 for days that have no rows, of which it is known without reading them.
        whole: Otherwise the part failed, and they are what came of it.
        advertiser_id: The account; None if nothing is said of other rows, since TikTok may be hiding some.
        days: The days; None if the report has none, and these are all its rows of the account.
    """

    stream: Stream
    window_id: int
    whole: bool = True
    advertiser_id: int | None = None
    days: Window | None = None


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


class Ended(msgspec.Struct, frozen=True):
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


class Notice(msgspec.Struct, frozen=True):
    """Something a person should be able to find in the log.

    Args:
        level: How much it matters.
        text: What there is to say.
        detail: More for whoever debugs it.
    """

    level: Literal["info", "warning"]
    text: str
    detail: str = ""


Event = Started | Batch | DaysComplete | Checkpoint | Ended | Notice
