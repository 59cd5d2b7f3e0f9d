"""CPU per row of a custom report of 40 metrics, compared with a fixed report of its width.

A page with the same metrics and dimensions is decoded as rows of both: into messages of Airbyte's protocol, and into
columns for a database; by the C extension, and on the pure-Python path. The two take turns.

    python benchmarks/custom_report.py
"""

from __future__ import annotations

import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from harness import Figure, decoders, emulator, leave, options
from tiktok_marketing.airbyte.line_sinks import ReportLines
from tiktok_marketing.catalog import ReportStream, report_stream
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.catalog.report_rules import first_objection
from tiktok_marketing.pipelines.arrow.sink import ArrowSink
from tiktok_marketing.pipelines.arrow.tables import TableBuilder
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import account_params

MOST_TIMES = 1.05
_FIXED = report_stream("advertisers_audience_reports_by_country_daily")
_REPORT = CustomReport(
    name="custom",
    report_type="AUDIENCE",
    level="account",
    dimensions=("country_code",),
    metrics=_FIXED.metrics,
)
_TIMES = 20
"""How often a run decodes the page, so that a run is long enough for the clock."""


def page_of(ready: dict[str, Any]) -> bytes:
    """A page of the fixed report."""
    today = datetime.now(UTC).date()
    window = Window(today - timedelta(days=31), today - timedelta(days=2))
    account = ready["advertiser_ids"][0]
    params = account_params(_FIXED.source, account, window, _FIXED.metrics, every_status=True)
    params |= {"page": 1, "page_size": 1000}
    query = {key: of if isinstance(of, str) else msgspec.json.encode(of).decode() for key, of in params.items()}
    url = f"{ready['url']}/open_api/v1.3/{_FIXED.endpoint}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(url, headers={"Access-Token": ready["access_token"]})  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body


def into_lines(stream: ReportStream) -> Callable[[bytes], int]:
    """Decodes a page into messages. Returns their bytes."""

    def read(page: bytes) -> int:
        rows = report_reader(stream).read_into(page, lambda: ReportLines(stream, 7001)).records
        return sum(len(chunk) for portion in rows.portions() for chunk in portion)

    return read


def into_columns(stream: ReportStream) -> Callable[[bytes], int]:
    """Decodes a page into a table. Returns its rows."""
    builder = TableBuilder(stream, lambda _: None)

    def read(page: bytes) -> int:
        rows: int = report_reader(stream).read_into(page, lambda: ArrowSink(builder, 7001)).records.table().num_rows
        return rows

    return read


def seconds(work: Callable[[bytes], int], page: bytes) -> float:
    """The CPU time of one run."""
    began = time.process_time()
    for _ in range(_TIMES):
        work(page)
    return (time.process_time() - began) / _TIMES


def main() -> None:
    """Measure both reports in turn."""
    parser = options(__doc__)
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    objection = first_objection(_REPORT)
    if objection is not None:
        raise SystemExit(objection.message)
    with emulator("--advertisers", "1", "--days", "60", "--ads-per-account", "400") as ready:
        page = page_of(ready)
    rows = len(msgspec.json.decode(page)["data"]["list"])
    figures = []
    for target, ways in {"Airbyte's messages": into_lines, "columns": into_columns}.items():
        for way in decoders():
            fixed, custom = ways(_FIXED), ways(_REPORT.stream)
            times = [(seconds(fixed, page), seconds(custom, page)) for _ in range(given.runs)]
            of_fixed, of_custom = (min(each) for each in zip(*times, strict=True))
            figure = Figure(
                what=f"{target}, {way}: CPU per row of a custom report over a fixed one, {len(_FIXED.metrics)} metrics",
                value=of_custom / of_fixed,
                unit="times",
                most=MOST_TIMES,
                remark=f"{of_custom / rows * 1e6:.1f} µs and {of_fixed / rows * 1e6:.1f} µs",
            )
            figures.append(figure)
            print(f"{figure.what}: {figure.value:.2f} ({figure.remark})")
    leave(figures, given.json)


if __name__ == "__main__":
    main()
