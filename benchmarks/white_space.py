"""CPU per record of pages with white space in various places, compared with that of orjson.

A page of `ads_reports_daily` is decoded, and encoded as messages of Airbyte's protocol: by the C extension, and on the
pure-Python path. orjson decodes and encodes the same page and does nothing else.

    python benchmarks/white_space.py
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson

from harness import Figure, decoders, emulator, leave, options
from read_ads import pages_of
from tiktok_marketing.airbyte.line_sinks import ReportLines
from tiktok_marketing.catalog import report_stream
from tiktok_marketing.emulator.bodies import LAYOUTS, in_layout
from tiktok_marketing.sync.decode.reports import report_reader

STREAM = report_stream("ads_reports_daily")
MOST_TIMES = 1.6
ALL_LAYOUTS = ("compact", "a blank behind commas", *LAYOUTS)


def cpu(work: Callable[[], object]) -> float:
    """The CPU time of some work, in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def read(page: bytes) -> int:
    """Decode a page and encode its records as messages. Returns their bytes."""
    page_read = report_reader(STREAM).read_into(page, lambda: ReportLines(STREAM, 7001))
    return sum(len(chunk) for portion in page_read.records.portions() for chunk in portion)


def decode_and_encode(page: bytes) -> int:
    """Do the same with orjson, row by row."""
    return sum(len(orjson.dumps(row)) for row in orjson.loads(page)["data"]["list"])


def main() -> None:
    """Measure each layout in turn."""
    parser = options(__doc__)
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    today = datetime.now(UTC).date()
    with emulator("--advertisers", "1", "--days", "40", "--ads-per-account", "4000") as ready:
        (page,) = pages_of(ready, today - timedelta(days=20), today - timedelta(days=1), 1)
    answer = json.loads(page)
    rows = len(answer["data"]["list"])
    figures = []
    for layout in ALL_LAYOUTS:
        comma = "," if layout != "a blank behind commas" else ", "
        body = json.dumps(answer, ensure_ascii=False, separators=(comma, ":")).encode()
        if layout in LAYOUTS:
            body = in_layout(body, layout)
        floors, times = [], defaultdict(list)
        for _ in range(given.runs):  # in turns, because the speed of a shared machine changes
            floors.append(cpu(lambda body=body: decode_and_encode(body)))  # type: ignore[misc]
            for way in decoders():
                times[way].append(cpu(lambda body=body: read(body)))  # type: ignore[misc]
        floor = min(floors)
        for way, runs in times.items():
            seconds = min(runs)
            figure = Figure(
                what=f"{layout}, {way}: CPU per record over orjson's",
                value=seconds / floor,
                unit="times",
                most=MOST_TIMES,
                remark=f"{seconds / rows * 1e6:.1f} µs; orjson {floor / rows * 1e6:.1f} µs",
            )
            figures.append(figure)
            print(f"{figure.what}: {figure.value:.2f} ({figure.remark})")
    leave(figures, given.json)


if __name__ == "__main__":
    main()
