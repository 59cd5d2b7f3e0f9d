"""How far a sync is, for people: a snapshot that costs nothing to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

Phase = Literal["waiting", "reading", "complete", "incomplete"]


class StreamProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One stream.

    Args:
        name: Its name.
        phase: Where it is.
        records: Records delivered.
        windows: Windows read to their end.
        windows_total: Windows there are; 0 until they are planned.
    """

    name: str
    phase: Phase
    records: int
    windows: int
    windows_total: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The whole sync.

    Args:
        accounts: Accounts of this run; 0 until they are listed.
        streams: Each stream that was asked for, in that order.
        requests: Requests sent, by endpoint.
        retried: Requests that had to be sent again.
        refused: Of them, those that TikTok refused for their rate.
        received: Bytes of answers.
        rates: Requests a second that each endpoint in use is asked for now.
        quota: Requests a second that the tier allows an endpoint.
        seconds: Since the sync began.
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
        """Windows read, of those that there are; None before it is known how many there are."""
        total = sum(stream.windows_total for stream in self.streams)
        return sum(stream.windows for stream in self.streams) / total if total else None
