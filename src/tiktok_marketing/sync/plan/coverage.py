"""From which day, and with which settings, each account of a stream has been read. Pure.

A cursor says how far an account has been read, and not from where. If the configuration or a new version asks for more
than was read, the difference is missing, and no cursor shows it. So the state says it too, in the field `coverage`,
which Airbyte's own connector ignores:

    {"start_date": "2026-06-01", "include_deleted": true, "metrics": 89, "advertiser_ids": ["7001"]}

A report of the configuration's own also has `report`, which says what its rows are. It and a fixed report with
`extra_metrics` name in `extra_metrics` what the catalog's streams do not ask for.

Without `advertiser_ids`, an entry is about all accounts of the state. While earlier days are being read,
`earlier_start_date` and `earlier_end_date` say which of them have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from tiktok_marketing.catalog import AnyStream, ReportSource, ReportStream, stream_named
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.sync.plan.windows import FIRST_DAY, Window

_DAY = timedelta(days=1)
_EARLIEST, _LATEST = date(1, 1, 2), date(9999, 12, 30)
"""Days that have neighbours."""
_SEVERAL = "several reports"
"""What is covered if some days were read with other dimensions or filters than others."""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What has been read of one account, up to its cursor.

    Args:
        start: The first day that was asked for.
        include_deleted: Whether deleted objects and their figures were asked for.
        metrics: The number of metrics that were asked for; 0 for objects.
        earlier: Days before `start` that were read later; a gap may be between them and `start`.
        boosted_posts: Whether a report has the rows of boosted posts.
        report: For a report of the configuration's own: its dimensions and filters, as text.
        extra: The metrics that the configuration adds to those of the catalog, in the order of their names.
    """

    start: date
    include_deleted: bool
    metrics: int = 0
    earlier: Window | None = None
    boosted_posts: bool = False
    report: str = ""
    extra: tuple[str, ...] = ()

    def gap_from(self, first: date) -> Window | None:
        """The days from `first` on that are missing before `start`; None if none are."""
        if self.earlier is not None and self.earlier.start <= first <= self.earlier.end + _DAY:
            first = self.earlier.end + _DAY
        return Window(first, self.start - _DAY) if first < self.start else None

    def with_earlier(self, first: date, reached: date) -> Covered:
        """The same, once the days from `first` to `reached` have been read as well."""
        earlier = Window(first, reached)
        if self.earlier is not None and self.earlier.start <= first <= self.earlier.end + _DAY:
            earlier = Window(self.earlier.start, max(reached, self.earlier.end))
        if earlier.end + _DAY >= self.start:
            return msgspec.structs.replace(self, start=earlier.start, earlier=None)
        return msgspec.structs.replace(self, earlier=earlier)

    def from_day(self, first: date) -> Covered:
        """The same, if nothing before `start` is missing although `first` is earlier."""
        if first >= self.start:
            return self
        return msgspec.structs.replace(self, start=first, earlier=None)

    def kept_by(self, final: date, first: date) -> Covered:
        """What is still covered once a sync has moved the cursor.

        Args:
            final: The last day that is not read again. Figures of later days may have changed since they were read.
            first: The configured first day. Days between both are not read again, so they are not covered any more.
        """
        earlier = self.earlier
        if earlier is not None:
            earlier = Window(earlier.start, min(earlier.end, final)) if earlier.start <= final else None
        if first <= final + _DAY:
            return msgspec.structs.replace(self, earlier=earlier)
        if self.start <= final:
            earlier = Window(self.start, final)
        return msgspec.structs.replace(self, start=max(self.start, first), earlier=earlier)

    def lacks(self, wanted: Covered) -> list[str]:
        """What the settings ask for that was not read, in words, whatever the days."""
        reasons = []
        if wanted.include_deleted and not self.include_deleted:
            reasons.append("include_deleted is on, and was off when it was read")
        if wanted.boosted_posts and not self.boosted_posts:
            reasons.append("include_promote is on, and was off when it was read")
        if wanted.report != self.report:
            reasons.append("the dimensions or filters of the report have changed")
        if new := set(wanted.extra).difference(self.extra):
            reasons.append(f"these metrics were added: {', '.join(sorted(new))}")
        elif wanted.metrics > self.metrics:
            reasons.append("this version reads more metrics")
        return reasons

    def reduced_to(self, wanted: Covered) -> Covered:
        """The same, once days have been read that lack what `wanted` does not ask for."""
        return msgspec.structs.replace(
            self,
            include_deleted=self.include_deleted and wanted.include_deleted,
            boosted_posts=self.boosted_posts and wanted.boosted_posts,
            metrics=min(self.metrics, wanted.metrics),
            report=self.report if self.report == wanted.report else _SEVERAL,
            extra=tuple(name for name in self.extra if name in wanted.extra),
        )


def wanted_of(config: Config, stream: AnyStream) -> Covered:
    """What a configuration asks for."""
    if not isinstance(stream, ReportStream):
        # Where nothing is hidden, the setting changes nothing.
        shows = config.include_deleted or not stream.source.can_hide_deleted
        start = config.start_date if config.objects_since_start_date else FIRST_DAY  # whatever their age
        return Covered(start=start, include_deleted=shows)
    source = stream.source
    shows = source.includes_deleted(config.include_deleted) or not source.hides_deleted
    return covered_report(stream, config.start_date, include_deleted=shows)


def covered_report(stream: ReportStream, start: date, *, include_deleted: bool) -> Covered:
    """What has been read of a report once all days from `start` on have been."""
    fixed = stream_named(stream.name)
    known = set(fixed.metrics) if fixed is not None else set()
    return Covered(
        start=start,
        include_deleted=include_deleted,
        metrics=len(stream.metrics),
        boosted_posts=bool(stream.source.origins),
        report="" if fixed is not None else _described(stream.source),
        extra=tuple(sorted(set(stream.metrics) - known)),
    )


def _described(source: ReportSource) -> str:
    """What the rows of a report are, as text that is the same whenever they are."""
    filters = sorted(f"{of.field} {of.kind} {','.join(sorted(of.values))}" for of in source.filters)
    return "; ".join((f"{source.report_type} {','.join(source.dimensions)}", *filters))


def coverage_to_state(
    covered: Mapping[AdvertiserId, Covered], accounts: Sequence[AdvertiserId]
) -> list[dict[str, Any]]:
    """The coverage of the accounts of a state, in the form that the state has."""
    groups: dict[Covered, list[AdvertiserId]] = {}
    for advertiser_id in accounts:
        if advertiser_id in covered:
            groups.setdefault(covered[advertiser_id], []).append(advertiser_id)
    entries = []
    for of, ids in groups.items():
        entry: dict[str, Any] = {"start_date": str(of.start), "include_deleted": of.include_deleted}
        if of.metrics:
            entry["metrics"] = of.metrics
        if of.boosted_posts:
            entry["include_promote"] = True
        if of.report:
            entry["report"] = of.report
        if of.extra:
            entry["extra_metrics"] = list(of.extra)
        if of.earlier is not None:
            entry |= {"earlier_start_date": str(of.earlier.start), "earlier_end_date": str(of.earlier.end)}
        if len(ids) != len(accounts):
            entry["advertiser_ids"] = ids
        entries.append(entry)
    return entries


def coverage_in_state(raw: Any, accounts: Iterable[AdvertiserId]) -> dict[AdvertiserId, Covered]:
    """The coverage of accounts from a state. What is not understood is left out, and so counts as unknown.

    Args:
        raw: The field of the state.
        accounts: The accounts that the state has a cursor for.
    """
    covered: dict[AdvertiserId, Covered] = {}
    known = tuple(accounts)
    for entry in raw if isinstance(raw, list) else []:
        of = _covered(entry) if isinstance(entry, Mapping) else None
        if of is None:
            continue
        ids = entry.get("advertiser_ids", known)
        if isinstance(ids, (list, tuple)):
            chosen = {str(advertiser_id) for advertiser_id in ids}
            covered |= {advertiser_id: of for advertiser_id in known if advertiser_id in chosen}
    return covered


def _covered(entry: Mapping[str, Any]) -> Covered | None:
    try:
        earlier = None
        if entry.get("earlier_start_date"):
            earlier = Window(_date(entry["earlier_start_date"]), _date(entry["earlier_end_date"]))
        return Covered(
            start=_date(entry["start_date"]),
            include_deleted=entry["include_deleted"] is True,
            metrics=int(entry.get("metrics", 0)),
            earlier=earlier,
            boosted_posts=entry.get("include_promote") is True,
            report=str(entry.get("report", "")),
            extra=tuple(sorted(str(name) for name in entry.get("extra_metrics", ()))),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _date(text: Any) -> date:
    day = date.fromisoformat(text)
    if not _EARLIEST <= day <= _LATEST:
        raise ValueError(text)
    return day
