"""Collects what the page shows from a database that a sync has filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from tiktok_marketing._version import __version__
from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled
from tiktok_marketing.pipelines.databases.destination import Destination
from tiktok_marketing.report import breakdowns as splits
from tiktok_marketing.report import creatives as shown
from tiktok_marketing.report.contents import Breakdown, Contents
from tiktok_marketing.report.levels import levels
from tiktok_marketing.report.scope import ACCOUNTS, CAMPAIGNS, Scope
from tiktok_marketing.report.source import Source, day_text, shown_text
from tiktok_marketing.report.upkeep import changes, coverage, syncs, time_text

_SECTIONS: Mapping[str, str] = {
    "campaigns": CAMPAIGNS,
    "ad_groups": "daily_by_ad_group",
    "ads": "daily_by_ad",
    "legs": "daily_funnel",
    "creatives": shown.VIEW,
    **splits.VIEWS,
}
"""Section of the page to the view without which it is empty."""


class ReportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is about.

    Args:
        since: The first day, or the number of days up to the last one; None for a year, or the first that there is.
        until: The last day; None for the last one that the database has.
        assets: The folder of `sync --assets`, for thumbnails.
        schema: The schema of the views; None for the one in which `views` put them.
    """

    since: date | int | None = None
    until: date | None = None
    assets: Path | None = None
    schema: str | None = None


def collect(destination: Destination, options: ReportOptions, *, now: datetime | None = None) -> Contents:
    """Read what the page shows. Nothing in the database changes.

    Args:
        destination: The database.
        options: What the page is about.
        now: The time that the page names; None for the machine's.

    Raises:
        NothingToReadError: There is no such database, or no sync has filled it.
        DestinationError: The database cannot be read.
    """
    with opened_filled(destination) as database:
        source = Source(database, destination, options.schema)
        scope = Scope(source, options.since, options.until)
        facts = scope.facts()
        objects = levels(source, scope)
        split = splits.breakdowns(source, scope)
        return Contents(
            made_at=time_text(now or datetime.now(UTC)),
            version=__version__,
            database=shown_text(
                destination.display_name.rpartition("/")[2]
            ),  # not its folder or host: pages get around
            facts=facts,
            campaigns=objects["campaigns"],
            ad_groups=objects["ad_groups"],
            ads=objects["ads"],
            creatives=shown.creatives(source, scope, options.assets),
            hours=split.get("hours", Breakdown()),
            people=split.get("people", Breakdown()),
            countries=split.get("countries", Breakdown()),
            platforms=split.get("platforms", Breakdown()),
            changes=changes(source, scope),
            syncs=syncs(source),
            coverage=coverage(source, scope),
            absent=_absent(source, scope),
            # these come last, because the parts above number accounts and types
            days=[day_text(day) for day in scope.days()],
            database_days=[day_text(scope.database_first), day_text(scope.database_last)],
            accounts=scope.accounts,
            account_total=sum(account.accounts for account in scope.accounts),
            types=scope.types,
            rates=scope.rates(),
            by_type=scope.by_type,
        )


def _absent(source: Source, scope: Scope) -> Mapping[str, str]:
    """Return section to the reason why it is empty, if a table is not there."""
    absent = {section: source.reason(view) for section, view in _SECTIONS.items() if source.reason(view)}
    if not scope.view:
        absent["facts"] = source.reason(CAMPAIGNS) or source.reason(ACCOUNTS)
    return absent
