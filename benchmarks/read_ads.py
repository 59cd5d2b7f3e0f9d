"""CPU time per record and peak memory of reading `ads_reports_daily` through the protocol, over a million rows.

The CPU time is compared with the least that a page needs: zlib unpacks it, orjson decodes and encodes its records, and
nothing else happens. Both take turns in the same run, with gzip and without. The lowest of each counts, because other
programs on the machine can only add to it. Everything is read once before it is measured, so that the emulator answers
from memory and does not compete for the processor. The pure-Python path is measured as well.

    python benchmarks/read_ads.py [--ads 40000] [--days 50] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.parse
import urllib.request
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from harness import Figure, Measured, catalog_of, config_for, emulator, leave, machine, measure, options
from tiktok_marketing.catalog import report_stream

STREAM = "ads_reports_daily"
ENDPOINT = "report/integrated/get/"
SAMPLE_PAGES = 12
MOST_TIMES, MOST_MB = 1.3, 150
_GZIP, _GZIP_BEGINS = 31, b"\x1f\x8b"


def main() -> None:
    """Run it and print the figures."""
    parser = options(__doc__)
    parser.add_argument("--ads", type=int, default=40_000, help="ads of the largest account")
    parser.add_argument("--days", type=int, default=50, help="days to read")
    parser.add_argument("--runs", type=int, default=3, help="how often everything is read")
    arguments = parser.parse_args()
    today = datetime.now(UTC).date()
    first = today - timedelta(days=arguments.days)
    print(f"{machine()}; {STREAM}")
    figures = [figure for packed in (False, True) for figure in measured(arguments, first, today, packed=packed)]
    leave(figures, arguments.json)


def measured(arguments: argparse.Namespace, first: date, today: date, *, packed: bool) -> list[Figure]:
    """The figures of answers with gzip or without."""
    settings = ["--advertisers", "4", "--days", str(arguments.days + 30), "--ads-per-account", str(arguments.ads)]
    settings += ["--ad-report-limit", "10000000", "--cache-mb", "8000", "--record-requests", "0"]
    with emulator(*settings, "--gzip" if packed else "--no-gzip") as ready:
        pages = pages_of(ready, today - timedelta(days=30), today - timedelta(days=1), packed=packed)
        print(f"Each day is computed once: {read(ready, first).seconds:.0f} s.", flush=True)
        tenth = read(ready, today - timedelta(days=max(1, arguments.days // 10)))
        floors, runs, pure = [least_cpu(pages)], [], []
        for _ in range(arguments.runs):
            runs.append(read(ready, first))
            floors.append(least_cpu(pages))
            pure.append(read(ready, first, environment={"TIKTOK_PURE_PYTHON": "1"}))
            floors.append(least_cpu(pages))
        floor, whole, in_python = min(floors), min(runs, key=_cpu), min(pure, key=_cpu)
    for title, run in (("a tenth", tenth), ("everything", whole), ("without C", in_python)):
        records = run.records
        print(
            f"{title:>12}: {records:>9,} records, {run.size / 1e9:.2f} GB, {run.seconds:6.1f} s, "
            f"{run.cpu / records * 1e6:5.1f} us CPU per record, peak {run.peak_mb:.0f} MB"
        )
    each = whole.cpu / whole.records * 1e6
    libraries = "zlib and orjson" if packed else "orjson"
    print(f"{'at least':>12}: {floor * 1e6:.1f} us CPU per record for {libraries}, nothing else")
    print(f"{'ratio':>12}: {each / (floor * 1e6):.2f}")
    costs = sorted(_cpu(run) * 1e6 for run in runs)
    answers = "with gzip" if packed else "without gzip"
    figures = [
        Figure(
            what=f"{answers}, {whole.records:,} rows: CPU per record",
            value=each,
            unit="µs",
            remark=f"runs {costs[0]:.1f} to {costs[-1]:.1f}",
        ),
        Figure(what=f"{answers}: CPU per record of {libraries}, and nothing else", value=floor * 1e6, unit="µs"),
        Figure(
            what=f"{answers}: CPU per record over that of {libraries}",
            value=each / (floor * 1e6),
            unit="times",
            most=MOST_TIMES,
        ),
        Figure(what=f"{answers}: the same on the pure-Python path", value=_cpu(in_python) / floor, unit="times"),
        Figure(what=f"{answers}: rows per second, no latency, no quota", value=whole.records / whole.seconds),
    ]
    for run in (tenth, whole):
        what = f"{answers}, {run.records:,} rows, no quota: largest resident memory"
        figures.append(Figure(what=what, value=run.peak_mb, unit="MB", most=MOST_MB))
    return figures


def _cpu(run: Measured) -> float:
    """Seconds of CPU per record."""
    return run.cpu / run.records


def read(
    ready: dict[str, Any], first: date, *, environment: Mapping[str, str] | None = None, **fields: Any
) -> Measured:
    """Read from a day on, in a process of its own."""
    files = {
        "config": config_for(ready, start_date=str(first), include_deleted=True, **fields),
        "catalog": catalog_of(STREAM),
    }
    run = measure(
        ["read", "--config", "{config}", "--catalog", "{catalog}"], files, url=ready["url"], environment=environment
    )
    assert run.exit_code == 0
    return run


def pages_of(
    ready: dict[str, Any], first: date, last: date, count: int = SAMPLE_PAGES, *, packed: bool = False
) -> list[bytes]:
    """Pages as they come from the API, with gzip or without."""
    query = query_of(ready["advertiser_ids"][0], first, last)
    headers = {"Access-Token": ready["access_token"], "Accept-Encoding": "gzip" if packed else "identity"}
    pages = []
    for page in range(1, count + 1):
        url = f"{ready['url']}/open_api/v1.3/{ENDPOINT}?{urllib.parse.urlencode({**query, 'page': page})}"
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            pages.append(answer.read())
    return pages


def query_of(advertiser_id: str, first: date, last: date) -> dict[str, str]:
    """The request for a page of the report, but for the page."""
    source = report_stream(STREAM).source
    return {
        "advertiser_id": advertiser_id,
        "service_type": "AUCTION",
        "report_type": source.report_type,
        "data_level": str(source.data_level),
        "dimensions": json.dumps(source.dimensions),
        "metrics": json.dumps(source.metrics),
        "start_date": str(first),
        "end_date": str(last),
        "page_size": "1000",
    }


def least_cpu(pages: list[bytes]) -> float:
    """Seconds of CPU per record that zlib and orjson need."""
    records = 0
    began = time.process_time()
    for _ in range(3):
        for page in pages:
            body = zlib.decompress(page, _GZIP) if page.startswith(_GZIP_BEGINS) else page
            for row in orjson.loads(body)["data"]["list"]:
                orjson.dumps(row)
                records += 1
    return (time.process_time() - began) / records


if __name__ == "__main__":
    main()
