"""Which parts of reports are held against TikTok, the most telling first: asking for all of them can take hours."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.expected_days import Expected
from tiktok_marketing.sync.plan.windows import Window


class Question(msgspec.Struct, frozen=True):
    """A part of a report that TikTok can be asked about at once.

    Args:
        expected: The report and the account.
        window: The days, all of them settled.
    """

    expected: Expected
    window: Window


def questions(database: Database, expected: Iterable[Expected], *, most: int, seed: int) -> tuple[list[Question], int]:
    """Settled days of every report and account, in the order in which they should be asked about.

    First come windows in which some days have rows and others have none, and the last ones before the state; then those
    with rows on all days; then those without any, as idle accounts have. Within each, chance decides, so that
    examinations of different days look at different parts.

    Args:
        database: Its census has been taken.
        expected: What should be there.
        most: How many are wanted.
        seed: Decides the order within each group.

    Returns:
        The questions, and how many there would be.
    """
    by_key = {(one.stream.name, one.account.advertiser_id): one for one in expected}
    rows = database.query(
        """
        WITH parts AS (
            SELECT e.stream, e.advertiser_id, e.settled, begin::DATE AS first,
                least(begin::DATE + e.longest - 1, e.settled) AS last
            FROM expected e
                JOIN (SELECT unnest($streams::VARCHAR[]) AS stream, unnest($accounts::BIGINT[]) AS advertiser_id)
                USING (stream, advertiser_id),
                unnest(generate_series(e.first::TIMESTAMP, e.settled::TIMESTAMP, to_days(e.longest))) t(begin)
            WHERE e.first <= e.settled
        ), filled AS (
            SELECT p.stream, p.advertiser_id, p.first, p.last, p.settled, count(d.day) AS days,
            FROM parts p LEFT JOIN days d
                ON d.stream = p.stream AND d.advertiser_id = p.advertiser_id AND d.day BETWEEN p.first AND p.last
            GROUP BY ALL
        )
        SELECT stream, advertiser_id::VARCHAR, first, last, count(*) OVER () AS all_of_them,
            lag(days) OVER (PARTITION BY stream, advertiser_id ORDER BY first) AS before
        FROM filled
        ORDER BY
            CASE WHEN days = 0 AND coalesce(before, 0) = 0 THEN 2
                 WHEN days < last - first + 1 OR last = settled THEN 0 ELSE 1 END,
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
    asked = [
        Question(by_key[stream, advertiser_id], Window(first, last)) for stream, advertiser_id, first, last, *_ in rows
    ]
    return asked, rows[0][4] if rows else 0
