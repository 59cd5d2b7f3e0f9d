"""The progress of a sync, for people: a snapshot that is cheap to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Phase = Literal["waiting", "reading", "complete", "incomplete"]


class StreamProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of one stream.

    Args:
        name: Its name.
        phase: Its phase.
        records: Records delivered.
        windows: Windows read completely.
        windows_total: All its windows; 0 until they are planned.
    """

    name: str
    phase: Phase
    records: int
    windows: int
    windows_total: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of the whole sync.

    Args:
        accounts: Accounts of this run; 0 until they are listed.
        streams: Each selected stream, in the order of the selection.
        requests: Requests sent, by endpoint.
        retried: Requests that had to be retried.
        refused: How many of these TikTok refused for their rate.
        received: Bytes of answers.
        rates: Requests per second that are sent to each endpoint now.
        quota: Requests per second that the tier allows per endpoint.
        seconds: Seconds since the sync began.
    """

    accounts: int
    streams: tuple[StreamProgress, ...]
    requests: Mapping[str, int]
    retried: int
    refused: int
    received: int
    rates: Mapping[str, float]
    quota: float
    seconds: float

    @property
    def records(self) -> int:
        """Records delivered."""
        return sum(stream.records for stream in self.streams)

    @property
    def share_done(self) -> float | None:
        """The fraction of all windows that were read; None until the number of windows is known."""
        total = sum(stream.windows_total for stream in self.streams)
        return sum(stream.windows for stream in self.streams) / total if total else None
