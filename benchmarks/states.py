"""The size of states compared with their records, for agencies of several sizes.

A state names every account. Time and bytes decide how often a sync writes one. So this benchmark plays hours of a sync
on a clock that jumps. It reads a stream at a time, as a sync does with the streams of an endpoint, window by window at
the quota's pace. Each state and each record has its real length.

    python benchmarks/states.py [--per-second 10]
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from harness import Figure, leave, machine, options
from tiktok_marketing.airbyte.line_sinks import ReportLines
from tiktok_marketing.airbyte.messages import state_line
from tiktok_marketing.catalog import ReportStream, field_types, report_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.cursors import Cursor, read_state
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.run.stream_run import StreamRun

STREAM = "ads_reports_daily"
MOST_PERCENT = 5
_WINDOWS = 61
"""Windows of 30 days in five years."""
_MOST_WINDOWS = 100_000


def main() -> None:
    """Print the share for each number of accounts, and of rows that a window has."""
    parser = options(__doc__)
    parser.add_argument("--per-second", type=float, default=10.0, help="requests per second")
    arguments = parser.parse_args()
    stream = report_stream(STREAM)
    length = _line_length(stream)
    print(
        f"{machine()}; {STREAM}, five years, {arguments.per_second:g} requests per second, {length:,} bytes per record"
    )
    figures = []
    for accounts in (300, 1000, 5000):
        for rows in (1, 10, 100):
            figures.append(_share(stream, accounts, rows, length, arguments.per_second))
            print(f"{figures[-1].what}: {figures[-1].value:.1f} % ({figures[-1].remark})")
    leave(figures, arguments.json)


def _share(stream: ReportStream, accounts: int, rows: int, length: int, per_second: float) -> Figure:
    assert stream.cursor is not None
    ids = [AdvertiserId(str(7_000_000_000_000_000_000 + number)) for number in range(accounts)]
    cursors = read_state(stream.name, stream.cursor, None)
    run = StreamRun(Selected(stream, incremental=True), cursors, 0.0)
    for one in ids:
        cursors.adopt_common(one)
    at, states, told, records = 0.0, 0, 0, 0
    windows = min(_WINDOWS * accounts, _MOST_WINDOWS)
    for number in range(windows):
        at += 1 / per_second
        run.delivered(rows, rows * length)
        records += rows
        day = date(2021, 1, 1) + timedelta(days=30 * (number // accounts))
        run.advance(ids[number % accounts], Cursor(f"{day} 00:00:00"))
        if run.checkpoint_due(at) or number == windows - 1:
            checkpoint = run.checkpoint(at)
            states += len(state_line(stream.name, checkpoint.state, checkpoint.records))
            told += 1
    return Figure(
        what=f"{accounts:,} accounts, rows per window: {rows}; states over records, bytes",
        value=100 * states / (records * length),
        unit="%",
        most=MOST_PERCENT,
        remark=f"{told:,} states of {states / told / 1000:,.0f} kB in {at / 3600:.1f} h, {records:,} records",
    )


def _line_length(stream: ReportStream) -> int:
    """Bytes of a record whose values are as short as values are."""
    source, types = stream.source, field_types(stream)
    values = {"integer": "1700000000000000001", "string": "2026-01-01 00:00:00"}
    sent: dict[str, Any] = {
        "dimensions": {one: values[types[one].kind] for one in source.dimensions},
        "metrics": dict.fromkeys(source.metrics, "0"),
    }
    answer = {"code": 0, "data": {"list": [sent]}}
    page = report_reader(stream).read_into(
        json.dumps(answer).encode(), lambda: ReportLines(stream, 7_000_000_000_000_000_000)
    )
    return sum(len(chunk) for portion in page.records.portions() for chunk in portion)


if __name__ == "__main__":
    main()
