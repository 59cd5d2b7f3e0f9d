"""What a sync into a database shows while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from source_tiktok_marketing.sync.events import Ended
from source_tiktok_marketing.sync.progress import Progress


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sync into a database is.

    Args:
        reading: How far the reading is.
        loaded: Rows in the database already, by stream.
        packages: Packages loaded.
    """

    reading: Progress
    loaded: Mapping[str, int]
    packages: int


class Watcher:
    """What a sync into a database tells while it runs; the methods do nothing unless a subclass wants to know."""

    def begins(self, snapshot: Callable[[], Snapshot]) -> None:
        """Reading begins; `snapshot` may be called at any time from then on, in this thread."""

    def says(self, text: str) -> None:
        """Something that a person should see."""

    def ended(self, event: Ended) -> None:
        """A stream has been read as far as it can be."""
