"""What one stream has delivered so far, how far its accounts have been read, and when its next checkpoint is due."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date

from tiktok_marketing.catalog import STREAMS, AnyStream, ReportStream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import ConnectorError, TikTokError
from tiktok_marketing.sync.events import Checkpoint, Failure
from tiktok_marketing.sync.plan.cursors import NO_CURSOR, Cursor, Cursors
from tiktok_marketing.sync.plan.new_stores import late_stores
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.refresh import RefreshProgress
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.asked_for import LackingMetrics
from tiktok_marketing.sync.read.metric_search import MetricSearch
from tiktok_marketing.sync.read.refused_days import DayRefusals
from tiktok_marketing.sync.read.report_trial import MetricTrial, explained
from tiktok_marketing.sync.run.failures import FailuresInARow
from tiktok_marketing.sync.run.progress import Phase

_MAX_PARTIAL_NAMED = 10
"""How many windows of an account with a partial answer are named."""
_MOST_WITHOUT_SCOPE = 5
"""After this many accounts, and no answer, the token may not read the stream. Otherwise, accounts may grant it each."""
_CHECKPOINT_INTERVAL = 2.0
"""The least seconds between two checkpoints of a stream. A killed sync repeats little, and checkpoints stay few."""
_REFRESH_INTERVAL = 0.05
"""The same in a full refresh: what its next attempt repeats is a second row in a table without keys."""
_INTERVAL_IF_FEW = 30.0
"""The same while there are few records, because reading almost empty windows again costs little."""
_STATE_RATE = 20_000
"""The most bytes of states per second."""
_STATE_RATE_IF_FEW = 650
"""The same while there are few records: at most a tenth of the bytes of ten windows per second with one row each."""
_FEW_RECORDS = 25
"""There are few records while their bytes since the last checkpoint are less than this multiple of the state's."""


def _trial_of(stream: AnyStream) -> MetricTrial | None:
    """What settles the metrics of a report; None if nothing is open, as in the streams that are always read."""
    if stream in STREAMS:
        return None
    from tiktok_marketing.catalog.custom_reports import unsettled_metrics

    unsettled = unsettled_metrics(stream)
    return MetricTrial(stream, unsettled) if unsettled and isinstance(stream, ReportStream) else None


class StreamRun:
    """One stream of one sync.

    Args:
        selected: The stream and its mode.
        cursors: How far its accounts have been read; None if it has no state.
        at: When it began, in monotonic seconds.
        tolerant: Whether the configuration tolerates accounts that the token has no access to.
        refresh: What a full refresh has delivered; None if it cannot go on after an interruption.
    """

    def __init__(
        self,
        selected: Selected,
        cursors: Cursors | None,
        at: float,
        *,
        tolerant: bool = False,
        refresh: RefreshProgress | None = None,
    ) -> None:
        self.selected = selected
        self.stream = selected.stream
        self.cursors = cursors
        self.refresh = refresh
        self.failures: list[Failure] = []
        self.records = 0
        self.windows = 0
        self.windows_total = 0
        self.open_partitions = 0
        self.started = False
        self.ended = False
        self.warned: set[str] = set()
        self.failures_in_a_row = FailuresInARow()
        """The latest of its windows that failed for faults at TikTok."""
        self.answered_at = -math.inf
        """When its latest answer came, in monotonic seconds."""
        self.without_scope: set[AdvertiserId] = set()
        """Accounts for which TikTok says that the application may not read the stream, for example without a scope."""
        self.refused_metrics: dict[AdvertiserId, set[str]] = {}
        """The metrics that TikTok does not accept, by account."""
        self.day_refusals: dict[AdvertiserId, DayRefusals] = {}
        """The metrics that TikTok does not accept for some days, by account."""
        self.lacking_metrics: dict[AdvertiserId, LackingMetrics] = {}
        """The metrics that no row has, by account."""
        self.metric_search = MetricSearch()
        """What its accounts have found out about metrics that TikTok refuses."""
        self.metric_trial = _trial_of(selected.stream)
        """What asks once which metrics TikTok accepts for no account."""
        self.refusals_reported = False
        """Whether people were told of these metrics."""
        self._tolerant = tolerant
        self._failed: dict[tuple[AdvertiserId | None, bool], set[str]] = {}
        """What failed, by account and by whether everything else of the account goes on."""
        self._moved = False
        self._records_since = 0
        self._bytes_since = 0
        self._checkpoint_at = at

    @property
    def refused_everywhere(self) -> frozenset[str]:
        """The metrics that TikTok does not accept in this report, whatever the account."""
        return frozenset() if self.metric_trial is None else self.metric_trial.refused

    @property
    def lacks_scope(self) -> bool:
        """Whether no account can be read: TikTok refuses the stream for several accounts and answered for none."""
        return len(self.without_scope) >= _MOST_WITHOUT_SCOPE and self.answered_at == -math.inf

    @property
    def phase(self) -> Phase:
        """Its phase, for people."""
        if self.ended:
            return "incomplete" if any(not failure.tolerated for failure in self.failures) else "complete"
        return "reading" if self.started else "waiting"

    def delivered(self, records: int, size: int) -> None:
        """This many records, from this many bytes of a page, were put into the queue."""
        self.records += records
        self._records_since += records
        self._bytes_since += size

    def fail(self, advertiser_id: AdvertiserId | None, what: str, error: ConnectorError) -> None:
        """Data of the stream cannot be read.

        Args:
            advertiser_id: The account; None if the whole stream failed.
            what: The days or the list that failed, for people; may be empty.
            error: The reason.
        """
        goes_on = error.goes_on
        known = self._failed.setdefault((advertiser_id, goes_on), set())
        # An account's windows fail together, so one failure is enough. But after some failures the account goes on.
        if what in known or (known and not goes_on) or len(known) > _MAX_PARTIAL_NAMED:
            return
        known.add(what)
        if len(known) > _MAX_PARTIAL_NAMED:
            what = "and more days"
        inaccessible = advertiser_id is not None and isinstance(error, TikTokError) and error.inaccessible
        shown = explained(self.stream, error)
        self.failures.append(Failure(self.stream.name, advertiser_id, what, shown, self._tolerant and inaccessible))

    def advance(self, advertiser_id: AdvertiserId, cursor: Cursor) -> None:
        """Everything of the account up to the cursor has been delivered."""
        if self.cursors is not None:
            moved = self.cursors.move(advertiser_id, cursor)
        else:
            moved = self.refresh is not None and self.refresh.reach(self.stream, advertiser_id, cursor)
        self._moved = self._moved or moved

    def finish_account(self, advertiser_id: AdvertiserId) -> None:
        """Everything of the account has been delivered, unless some of it has failed."""
        failed = any((advertiser_id, goes_on) in self._failed for goes_on in (False, True))
        if self.refresh is not None and not failed:
            self.refresh.finish(advertiser_id)
            self._moved = True

    @property
    def progress(self) -> Cursors | RefreshProgress | None:
        """What its state contains; None if it gets a state only once it is complete."""
        return self.refresh if self.cursors is None else self.cursors

    def note_stores(self, advertiser_id: AdvertiserId, stores: Iterable[str] | None) -> None:
        """These stores were read of the account.

        Stores that its state names have been compared with them before the plan, unless their list came too late.
        """
        if self.cursors is None or stores is None:
            return
        known = self.cursors.stores_of(advertiser_id)
        if known is None:
            self.cursors.note_stores(advertiser_id, stores)
        elif new := [store_id for store_id in stores if store_id not in known]:
            self.fail(advertiser_id, "", late_stores(new))

    def fill_gap(self, partition: Partition, cursor: Cursor) -> None:
        """The days of a gap up to the cursor have been delivered."""
        assert partition.account is not None  # noqa: S101 - only reports with days have gaps
        assert partition.first is not None  # noqa: S101
        advertiser_id = partition.account.advertiser_id
        covered = None if self.cursors is None else self.cursors.covered_of(advertiser_id)
        if self.cursors is not None and covered is not None:
            self.cursors.cover(advertiser_id, covered.with_earlier(partition.first, date.fromisoformat(cursor[:10])))
            self._moved = True

    def checkpoint_due(self, at: float) -> bool:
        """Whether it is time for a checkpoint.

        Checkpoints are frequent enough that a killed sync loses seconds only. They are rare enough not to take more
        bytes than the records, because a state contains every account.
        """
        if self.progress is None or not self._moved:
            return False
        state_bytes = self.progress.estimated_bytes
        if self._bytes_since < _FEW_RECORDS * state_bytes:
            interval = max(_INTERVAL_IF_FEW, state_bytes / _STATE_RATE_IF_FEW)
        else:
            least = _CHECKPOINT_INTERVAL if self.refresh is None else _REFRESH_INTERVAL
            interval = max(least, state_bytes / _STATE_RATE)
        return at - self._checkpoint_at >= interval

    def checkpoint(self, at: float) -> Checkpoint:
        """The state as it is now, and the number of records since the last checkpoint."""
        state = NO_CURSOR if self.progress is None else self.progress.to_state()
        checkpoint = Checkpoint(self.stream, state, self._records_since)
        self._moved = False
        self._records_since = self._bytes_since = 0
        self._checkpoint_at = at
        return checkpoint
