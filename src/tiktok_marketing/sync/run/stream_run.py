"""What one stream has delivered so far, how far its accounts are, and when its state is due."""

from __future__ import annotations

from tiktok_marketing.errors import ConnectorError, PartialAnswerError, TikTokError
from tiktok_marketing.sync.events import Checkpoint, Failure
from tiktok_marketing.sync.plan.cursors import NO_CURSOR, Cursors
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.run.progress import Phase

_PARTS_NAMED = 10
"""Windows of an account that are named if each of them came in part."""
_LEAST_BETWEEN_STATES = 2.0
"""Seconds between two states of a stream, so that a killed sync repeats no more than that while states stay few."""
_LEAST_IF_FEW = 30.0
"""Seconds between two states while there are few records: reading windows with next to nothing again costs little."""
_BYTES_A_SECOND_IF_FEW = 650
"""Of states, while there are few records: a tenth or less of what ten windows a second with one row each weigh."""


class StreamRun:
    """One stream of one sync.

    Args:
        selected: The stream and its mode.
        cursors: How far its accounts are; None if it has no state.
        at: When it began, in monotonic seconds.
        tolerant: Whether an account that TikTok refuses is no failure of the sync.
    """

    def __init__(self, selected: Selected, cursors: Cursors | None, at: float, *, tolerant: bool = False) -> None:
        self.selected = selected
        self.stream = selected.stream
        self.cursors = cursors
        self.failures: list[Failure] = []
        self.records = 0
        self.windows = 0
        self.windows_total = 0
        self.open_partitions = 0
        self.started = False
        self.ended = False
        self.warned: set[str] = set()
        self.refused_metrics: set[str] = set()
        self._tolerant = tolerant
        self._failed: dict[tuple[str | None, bool], set[str]] = {}  # by account, and whether it came in part
        self._moved = False
        self._records_since = 0
        self._bytes_since = 0
        self._state_at = at

    @property
    def phase(self) -> Phase:
        """Where it is, for people."""
        if self.ended:
            return "incomplete" if any(not failure.tolerated for failure in self.failures) else "complete"
        return "reading" if self.started else "waiting"

    def delivered(self, records: int, size: int) -> None:
        """So many records, that came in so many bytes, are on their way."""
        self.records += records
        self._records_since += records
        self._bytes_since += size

    def fail(self, advertiser_id: str | None, what: str, error: ConnectorError) -> None:
        """A part of it cannot be read.

        Args:
            advertiser_id: The account; None if it is the whole stream.
            what: The days, for people; empty if there are none.
            error: Why.
        """
        in_part = isinstance(error, PartialAnswerError)
        alike = self._failed.setdefault((advertiser_id, in_part), set())
        # Windows of one account fail together; one of them says enough. What came in part does not end the account.
        if what in alike or (alike and not in_part) or len(alike) > _PARTS_NAMED:
            return
        alike.add(what)
        if len(alike) > _PARTS_NAMED:
            what = "and more days"
        refused = advertiser_id is not None and isinstance(error, TikTokError) and error.inaccessible
        self.failures.append(Failure(self.stream.name, advertiser_id, what, error, self._tolerant and refused))

    def advance(self, advertiser_id: str, cursor: str) -> None:
        """Everything of the account up to the cursor has been delivered."""
        if self.cursors is not None and self.cursors.move(advertiser_id, cursor):
            self._moved = True

    def checkpoint_due(self, at: float) -> bool:
        """Often enough to lose seconds, rarely enough not to outweigh the records: a state names every account."""
        if self.cursors is None or not self._moved:
            return False
        weight = self.cursors.estimated_bytes
        if self._bytes_since < 25 * weight:
            pause = max(_LEAST_IF_FEW, weight / _BYTES_A_SECOND_IF_FEW)
        else:
            pause = max(_LEAST_BETWEEN_STATES, weight / 20_000)
        return at - self._state_at >= pause

    def checkpoint(self, at: float) -> Checkpoint:
        """The state as it is now, and how many records came since the last one."""
        state = NO_CURSOR if self.cursors is None else self.cursors.to_state()
        checkpoint = Checkpoint(self.stream, state, self._records_since)
        self._moved = False
        self._records_since = self._bytes_since = 0
        self._state_at = at
        return checkpoint
