"""Whether a page answers what was asked: with its metrics, and not about other days or another account. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from operator import attrgetter
from typing import Any

import msgspec

from tiktok_marketing.catalog import ReportSource
from tiktok_marketing.config_values import is_advertiser_id
from tiktok_marketing.sync.decode.pages import Page
from tiktok_marketing.sync.plan.windows import Window

_TIMES = ("stat_time_day", "stat_time_hour")


class Asked(msgspec.Struct, frozen=True):
    """What every record of a page must be about.

    Args:
        window: The days; None if the records have none.
        time: The dimension that has the day of a row; empty if there is none.
        account: The account, if the records say whose they are; empty if they do not.
        metrics: The metrics of which at least one row has one; none if the records have no metrics.
    """

    window: Window | None = None
    time: str = ""
    account: str = ""
    metrics: Collection[str] = ()

    @classmethod
    def of_report(
        cls, source: ReportSource, window: Window | None, advertiser_id: str, metrics: Collection[str]
    ) -> Asked:
        """What the rows of a report are about. Those of a store's report may name another account of the store."""
        time = next((name for name in _TIMES if name in source.dimensions), "")
        names_account = "advertiser_id" in source.dimensions and source.stores is None
        return cls(window if time else None, time, advertiser_id if names_account else "", metrics)

    def verify(self, page: Page[Any]) -> None:
        """Check that a page has a record that was asked for, unless it has none at all.

        Raises:
            msgspec.ValidationError: If all its records are about something else, or have no metric.
        """
        if self.metrics and page.keyed and not _metrics_in(page, self.metrics):
            raise msgspec.ValidationError("none of its rows has a metric that was asked for")
        others, right = self._others(page)
        if not right:
            raise msgspec.ValidationError(
                f"all its records are {others}, and {self._text} was asked for: is it from a cache?"
            )

    def strange(self, page: Page[Any]) -> str:
        """Which days a page has that were not asked for, as a clause; empty if it has none."""
        if self.window is None:
            return ""
        others, _ = self._others(page)
        return f"it has records {others}, and {self._text} was asked for" if others else ""

    @property
    def _text(self) -> str:
        return str(self.window) if self.window is not None else f"advertiser {self.account}"

    def _others(self, page: Page[Any]) -> tuple[str, bool]:
        """What records are about that were not asked for, for people, and whether others were. Odd values are none."""
        if self.window is not None:
            days = {str(time)[:10] for time in set(map(attrgetter(self.time), page.keyed))}  # a page has few times
            other_days = sorted(day for day in days if _is_day(day) and date.fromisoformat(day) not in self.window)
            if other_days:
                return f"of {other_days[0]}", len(days) > len(other_days)
        if self.account:
            accounts = set(_accounts(page))
            other_accounts = sorted(each for each in accounts if is_advertiser_id(each) and each != self.account)
            if other_accounts:
                return f"of advertiser {other_accounts[0]}", len(accounts) > len(other_accounts)
        return "", True


class LackingMetrics:
    """Which metrics no row of an account's report has, although TikTok accepts them. Values do not count, names do.

    Args:
        metrics: The report's metrics.
    """

    def __init__(self, metrics: Iterable[str]) -> None:
        self._not_seen = set(metrics)
        self._had_rows = False

    def note(self, page: Page[Any]) -> None:
        """Note what the rows of a page have."""
        if page.keyed:
            self._had_rows = True
            self._not_seen -= _metrics_in(page, self._not_seen)

    @property
    def names(self) -> frozenset[str]:
        """The metrics that no row had; none without rows."""
        return frozenset(self._not_seen) if self._had_rows else frozenset()


def _metrics_in(page: Page[Any], names: Collection[str]) -> set[str]:
    """Those of some metrics that a row of a report has, whatever its value."""
    if not names:
        return set()
    body = page.raw.body
    if b'"metrics"' in body:  # text as TikTok sends it, so the rows need not be decoded again
        return {name for name in names if b'"%b"' % name.encode() in body}
    groups = (row.get("metrics") for row in page.raw.rows())
    return {name for metrics in groups if isinstance(metrics, Mapping) for name in metrics}.intersection(names)


def _accounts(page: Page[Any]) -> Iterable[str]:
    """The accounts that the records of a page name."""
    if page.keyed and isinstance(page.keyed[0], Mapping):  # the account was added to decoded objects
        return (str(row["advertiser_id"]) for row in page.raw.rows() if row.get("advertiser_id"))
    return (str(row.advertiser_id) for row in page.keyed)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
