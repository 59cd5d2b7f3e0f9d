"""Chooses which windows of reports are compared with TikTok, the most revealing first: comparing all can take hours."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.expected_days import ExpectedDays
from tiktok_marketing.sync.plan.windows import Window


class ReportSample(msgspec.Struct, frozen=True):
    """A window of a report and account that one request can cover.

    Args:
        expected: The report and the account.
        window: The days, all with final figures.
    """

    expected: ExpectedDays
    window: Window


def report_samples(
    database: Database, expected: Iterable[ExpectedDays], *, most: int, seed: int
) -> tuple[list[ReportSample], int]:
    """Choose windows with final figures, in the order in which they should be compared.

    First come windows in which some days have rows and others have none, and the last windows before the state. Then
    come windows with rows on all days, and then windows without rows, as idle accounts have them. Within each group the
    order is random, so that examinations on different days look at different windows.

    Args:
        database: A database whose census was taken.
        expected: The days that it should have.
        most: How many samples to return at most.
        seed: Decides the order within each group.

    Returns:
        The samples, and how many there would be without the limit.
    """
    by_key = {(days.stream.name, days.account.advertiser_id): days for days in expected}
    rows = database.query(
        """
        WITH windows AS (
            SELECT e.stream, e.advertiser_id, e.final_until, begin::DATE AS first,
                least(begin::DATE + e.longest_window - 1, e.final_until) AS last
            FROM expected e
                JOIN (SELECT unnest($streams::VARCHAR[]) AS stream, unnest($accounts::BIGINT[]) AS advertiser_id)
                USING (stream, advertiser_id),
                unnest(
                    generate_series(e.first::TIMESTAMP, e.final_until::TIMESTAMP, to_days(e.longest_window))
                ) t(begin)
            WHERE e.first <= e.final_until
        ), filled AS (
            SELECT w.stream, w.advertiser_id, w.first, w.last, w.final_until, count(d.day) AS days,
            FROM windows w LEFT JOIN days d
                ON d.stream = w.stream AND d.advertiser_id = w.advertiser_id AND d.day BETWEEN w.first AND w.last
            GROUP BY ALL
        )
        SELECT stream, advertiser_id::VARCHAR, first, last, count(*) OVER () AS all_windows,
            lag(days) OVER (PARTITION BY stream, advertiser_id ORDER BY first) AS before
        FROM filled
        ORDER BY
            CASE WHEN days = 0 AND coalesce(before, 0) = 0 THEN 2
                 WHEN days < last - first + 1 OR last = final_until THEN 0 ELSE 1 END,
            hash(stream, advertiser_id, first, $seed)
        LIMIT $most
        """,
        {
            "most": most,
            "seed": seed,
            "streams": [name for name, _ in by_key],
            "accounts": [int(account) for _, account in by_key],
        },
    )
    samples = [
        ReportSample(by_key[stream, advertiser_id], Window(first, last))
        for stream, advertiser_id, first, last, *_ in rows
    ]
    return samples, rows[0][4] if rows else 0
