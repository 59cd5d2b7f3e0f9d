"""What the rows of a database say about states that earlier versions wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from tiktok_marketing.catalog import report_stream
from tiktok_marketing.pipelines.inspection import Contents, with_coverage
from tiktok_marketing.sync.plan.cursors import read_state

DAILY = report_stream("ads_reports_daily")
DAY = "stat_time_day"
STATE = {
    DAILY.name: {
        "use_global_cursor": False,
        "states": [
            {"partition": {"advertiser_id": account, "parent_slice": {}}, "cursor": {DAY: "2026-03-10"}}
            for account in ("1", "2")
        ],
    }
}


def first_days(*firsts: tuple[str, Any]) -> dict[str, date | None]:
    """The day from which each account of a state without coverage counts as read, by the first days in the table."""

    def rows(sql: str, _values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        return firsts if "min(" in sql else []

    contents = Contents({DAILY.name: [DAY]}, rows, str)
    cursors = read_state(DAILY.name, DAY, with_coverage(contents, [DAILY], STATE)[DAILY.name])
    covered = {account: cursors.covered_of(account) for account in cursors.accounts}
    return {account: None if of is None else of.start for account, of in covered.items()}


@pytest.mark.parametrize("odd", ["x2026-01-01", '"2026-01-0', "", "soon", 17, b"\xff"])
def test_a_day_that_a_user_made_unreadable_says_nothing(odd: object) -> None:
    """So the days before the account's cursor are read again. Others, and accounts without rows, are as before."""
    assert first_days(("1", date(2026, 1, 5)), ("2", odd)) == {"1": date(2026, 1, 5), "2": date(2026, 3, 10)}
    assert first_days(("1", date(2026, 1, 5))) == {"1": date(2026, 1, 5), "2": date(2026, 1, 5)}
    assert first_days(("1", odd), ("2", odd)) == {"1": date(2026, 3, 10), "2": date(2026, 3, 10)}
