"""How much of TikTok's quota a sync uses, by latency and tier, over real sockets against the emulator.

Pages are small, because only the times of requests matter. Each sync is watched for some time and then stopped. The
emulator counts its requests.

There are four parts. `latency`: answers take a while. `jitter`: requests reach TikTok up to some time late, at random,
and TikTok counts a sliding second or a second of the clock. `busy`: answers come up to three seconds after their
requests were counted. `shared`: another program uses some of ten requests per second, and ends after a while.
At a low rate, `jitter` and `busy` are watched for longer. Otherwise a few refusals more or less would decide.

    python benchmarks/quota.py [--seconds 60] [--requests 3000] [--parts latency jitter busy shared] [--tiers 10 20 50]
        [--latencies 0.1 0.8 3] [--jitters 0 0.05 0.2 0.5] [--others 3]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from harness import Figure, catalog_of, config_for, emulator, leave, machine, options

STREAMS = ("advertisers_reports_hourly", "campaigns_reports_hourly", "ad_groups_reports_hourly")
ENDPOINT = "report/integrated/get/"
TIERS = {10: "basic", 20: "advanced", 50: "ultimate"}
LATENCIES = (0.1, 0.8, 3.0)
JITTERS = (0.0, 0.05, 0.2, 0.5)
LATENCY = 0.1
"""Seconds until an answer while something else is varied."""
SECONDS = {"sliding": "sliding second", "clock": "second of the clock"}
BUSY = 3.0
"""Seconds by which the answers of a busy server are late, at most."""
PARTS = ("latency", "jitter", "busy", "shared")
DAYS = 700
STRANGER = "1"
"""The account that the other program asks about, in vain; its requests count nevertheless."""
SETTLING = 6.0
"""Seconds from the first request that are not counted: its answer shows how long one takes."""
HEAD = f"{'':<48} {'requests per second':>17} {'of the quota':>13} {'refused':>8}"
LEAST, MOST_REFUSED = 95, 1
LEAST_UNEVEN, LEAST_VERY_UNEVEN, MOST_REFUSED_UNEVEN = 92, 85, 2
VERY_UNEVEN = 0.5


class Watched:
    """A sync that is going on, seen from the emulator.

    Args:
        url: The emulator.
        token: The access token.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def counts(self) -> tuple[int, int]:
        """Requests that were taken and refused so far."""
        with urllib.request.urlopen(f"{self._url}/_emulator/counters") as answer:  # noqa: S310 - our own server
            rows = [row for row in json.load(answer)["counts"] if row["path"] == ENDPOINT]
        rows = [row for row in rows if row["advertiser_id"] != STRANGER]
        refused = sum(row["count"] for row in rows if row["answer"] == "40100")
        return sum(row["count"] for row in rows) - refused, refused

    def begins(self, before: tuple[int, int]) -> None:
        """Wait for the first request."""
        while self.counts() == before:
            time.sleep(0.05)

    def during(self, seconds: float) -> tuple[float, int, int]:
        """The seconds that were watched, and the requests taken and refused in them."""
        before, began = self.counts(), time.perf_counter()
        time.sleep(seconds)
        after, ended = self.counts(), time.perf_counter()
        return ended - began, after[0] - before[0], after[1] - before[1]

    @contextmanager
    def others(self, rate: float) -> Iterator[None]:
        """Another program asks so many times a second."""
        ended = threading.Event()
        query = f"{self._url}/open_api/v1.3/{ENDPOINT}?advertiser_id={STRANGER}"

        def ask() -> None:
            while not ended.wait(1 / rate):
                request = urllib.request.Request(query, headers={"Access-Token": self._token})  # noqa: S310 - our own
                with urllib.request.urlopen(request) as answer:  # noqa: S310
                    answer.read()

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            ended.set()
            asking.join()


def warm(ready: dict[str, Any]) -> None:
    """Let the emulator make its accounts, which holds up all requests for a while, before anything is counted."""
    today = datetime.now(UTC).date()
    query = {
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": '["campaign_id","stat_time_hour"]',
        "metrics": '["spend"]',
        "start_date": str(today),
        "end_date": str(today),
    }

    def ask(advertiser_id: str) -> None:
        url = f"{ready['url']}/open_api/v1.3/{ENDPOINT}?{urlencode({**query, 'advertiser_id': advertiser_id})}"
        request = urllib.request.Request(url, headers={"Access-Token": ready["access_token"]})  # noqa: S310 - our own
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            answer.read()

    with ThreadPoolExecutor() as pool:
        list(pool.map(ask, ready["advertiser_ids"]))


@contextmanager
def watched(rate: int, *settings: str) -> Iterator[Watched]:
    """A sync with this tier, which is ended afterwards."""
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    common = ["--advertisers", "6", "--days", str(DAYS + 30), "--ads-per-account", "20", "--record-requests", "0"]
    with emulator(*common, *settings) as ready, tempfile.TemporaryDirectory() as folder:
        config = config_for(ready, start_date=str(first), requests_per_second=rate, skip_empty_days=False)
        paths = []
        for name, content in (("config", config), ("catalog", catalog_of(*STREAMS))):
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(content))
            paths += [f"--{name}", str(path)]
        warm(ready)
        one = Watched(ready["url"], ready["access_token"])
        before = one.counts()
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "tiktok_marketing.airbyte", "read", *paths],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TIKTOK_API_URL": ready["url"]},
        )
        try:
            one.begins(before)
            yield one
            assert process.poll() is None, "the sync ended while it was watched"
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Run it and print the table."""
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each sync is watched")
    parser.add_argument(
        "--requests", type=int, default=3000, help="watch uneven networks until a rate allows so many, at least"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is varied")
    tiers = sorted(TIERS)
    parser.add_argument("--tiers", type=int, nargs="+", choices=tiers, default=tiers, help="requests per second")
    parser.add_argument("--latencies", type=float, nargs="+", default=LATENCIES, help="seconds until an answer")
    parser.add_argument("--jitters", type=float, nargs="+", default=JITTERS, help="seconds that requests are late")
    parser.add_argument(
        "--others", type=int, default=3, help="requests per second of another program, in the last case"
    )
    arguments = parser.parse_args()
    print(f"{machine()}; hourly reports, at least {arguments.seconds:.0f} s each")
    print(HEAD)
    figures = []
    for part in PARTS:
        if part in arguments.parts:
            figures += MEASURES[part](arguments)
    leave(figures, arguments.json)


def by_latency(arguments: Namespace) -> list[Figure]:
    """All answers take the same time."""
    figures = []
    for rate in arguments.tiers:
        for latency in arguments.latencies:
            with watched(rate, "--tier", TIERS[rate], "--fault", f"latency={latency}") as sync:
                time.sleep(SETTLING + latency)
                figures += show(f"{rate} per second, {latency:g} s latency", rate, sync.during(arguments.seconds))
    return figures


def by_jitter(arguments: Namespace) -> list[Figure]:
    """Requests are counted late, at random."""
    figures = []
    for second, name in SECONDS.items():
        for rate in arguments.tiers:
            for jitter in arguments.jitters:
                quota = ("--tier", TIERS[rate], "--quota-second", second, "--arrival-jitter", str(jitter))
                with watched(rate, *quota, "--fault", f"latency={LATENCY}") as sync:
                    time.sleep(SETTLING)
                    least = LEAST_VERY_UNEVEN if jitter >= VERY_UNEVEN else LEAST_UNEVEN
                    title = f"{rate} per {name}, {jitter:g} s jitter"
                    seconds = max(arguments.seconds, arguments.requests / rate)
                    figures += show(title, rate, sync.during(seconds), least=least, most_refused=MOST_REFUSED_UNEVEN)
    return figures


def by_busy_server(arguments: Namespace) -> list[Figure]:
    """Answers come late, at random, although their requests were counted in time."""
    figures = []
    for rate in arguments.tiers:
        quota = ("--tier", TIERS[rate], "--quota-second", "sliding", "--answer-jitter", str(BUSY - LATENCY))
        with watched(rate, *quota, "--fault", f"latency={LATENCY}") as sync:
            time.sleep(SETTLING + BUSY)
            title = f"{rate} per sliding second, answers after {LATENCY:g} to {BUSY:g} s"
            figures += show(
                title,
                rate,
                sync.during(max(arguments.seconds, arguments.requests / rate)),
                least=LEAST_UNEVEN,
                most_refused=MOST_REFUSED_UNEVEN,
            )
    return figures


def when_shared(arguments: Namespace) -> list[Figure]:
    """Another program uses some of the quota, and ends."""
    figures = []
    left = 10 - arguments.others
    with watched(10, "--tier", "basic", "--fault", "latency=0.3") as sync:
        shared, alone = f"{left} of 10 per second, shared", "10 per second, no longer shared"
        with sync.others(arguments.others):
            figures += show(f"{shared}, first minute", left, sync.during(min(60, 2 * arguments.seconds)), least=None)
            figures += show(f"{shared}, after that", left, sync.during(arguments.seconds * 2))
        # After trials that failed up to two minutes pass until the next one, and the steps from there on take a minute.
        finding = min(180, 6 * arguments.seconds)
        figures += show(f"{alone}, first {finding:.0f} s", 10, sync.during(finding), least=None)
        figures += show(f"{alone}, after that", 10, sync.during(arguments.seconds))
    return figures


MEASURES = {"latency": by_latency, "jitter": by_jitter, "busy": by_busy_server, "shared": when_shared}


def show(
    title: str,
    rate: float,
    watched: tuple[float, int, int],
    *,
    least: float | None = LEAST,
    most_refused: float = MOST_REFUSED,
) -> list[Figure]:
    """Print a line of the table.

    Args:
        title: What was watched.
        rate: Requests per second that TikTok takes.
        watched: Seconds, and requests taken and refused in them.
        least: The percentage of the quota to use. None if the rate had yet to be found then: nothing is expected.
        most_refused: The percentage of requests that may be refused.
    """
    seconds, taken, refused = watched
    used, share = 100 * taken / seconds / rate, 100 * refused / max(1, taken + refused)
    print(f"{title:<48} {taken / seconds:>17.2f} {used:>11.1f} % {share:>6.2f} %", flush=True)
    remark = f"{taken / seconds:.2f} requests per second"
    return [
        Figure(what=f"{title}: of the quota", value=used, unit="%", least=least, remark=remark),
        Figure(what=f"{title}: refused", value=share, unit="%", most=None if least is None else most_refused),
    ]


if __name__ == "__main__":
    main()
