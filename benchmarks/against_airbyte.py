"""Airbyte's own connector, 4.7.0, and this one, on the same emulator, in one run: speed, use of the quota, requests.

Airbyte's runs twice: as it is published, and its manifest under the newest CDK. Each needs an environment of its own.

    python benchmarks/against_airbyte.py .venv-parity .venv-newest-cdk
"""

from __future__ import annotations

import argparse
import json
import re
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness import OURS, Measured, catalog_of, config_for, emulator, machine, measure

STREAM = "ads_reports_daily"
HOURLY = "campaigns_reports_hourly"
LATENCY, TIER = 0.8, 20


def main() -> None:
    """Run the three comparisons and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("published", type=Path, help="an environment with Airbyte's connector 4.7.0")
    parser.add_argument("newest", type=Path, help="one with its manifest under the newest CDK")
    environments = parser.parse_args()
    programs = {
        "this connector": OURS,
        "Airbyte's 4.7.0": (str(environments.published / "bin" / "source-tiktok-marketing"),),
        "4.7.0, newest CDK": (str(environments.newest / "bin" / "source-tiktok-marketing"),),
    }
    peers = (environments.published, environments.newest)
    print(machine())
    speed(programs, peers)
    quota(programs, peers)
    requests(programs, peers)


def speed(programs: dict[str, Any], peers: tuple[Path, ...]) -> None:
    """Rows a second where nothing but the connector limits them: no latency, no quota, pages from memory."""
    with emulator("--advertisers", "1", "--days", "40", "--ads-per-account", "3000", "--cache-mb", "4000") as ready:
        aim(peers, ready["url"])
        today = datetime.now(UTC).date()
        print(f"\n{STREAM}, no latency, no quota")
        for title, program in programs.items():
            first = today - timedelta(days=20 if program is OURS else 4)  # it would take minutes
            # The first run lets the emulator make its pages, the second one is answered from memory.
            best = min((run(program, ready, STREAM, start_date=str(first)) for _ in range(2)), key=lambda one: one.cpu)
            rows = best.lines
            print(
                f"{title:>20}: {rows:>7,} lines, {rows / best.seconds:8,.0f} a second, "
                f"{best.cpu / rows * 1e6:6.0f} us CPU each, peak {best.peak_mb:.0f} MB"
            )


def quota(programs: dict[str, Any], peers: tuple[Path, ...]) -> None:
    """Share of a quota that is used while there is work, at TikTok's usual latency."""
    options = ["--advertisers", "4", "--days", "60", "--ads-per-account", "30"]
    options += ["--fault", f"path=report/integrated/get/,latency={LATENCY}"]
    with emulator(*options) as ready:
        aim(peers, ready["url"])
        first = datetime.now(UTC).date() - timedelta(days=50)
        print(f"\n{HOURLY}, {LATENCY} s latency, a quota of {TIER} requests a second")
        for title, program in programs.items():
            reset(ready)
            done = run(program, ready, HOURLY, start_date=str(first), requests_per_second=TIER, skip_empty_days=False)
            asked = reports_asked(ready)
            print(
                f"{title:>20}: {asked:>5,} requests in {done.seconds:5.1f} s: {asked / done.seconds:5.1f} a second, "
                f"{asked / done.seconds / TIER:4.0%} of the quota"
            )


def requests(programs: dict[str, Any], peers: tuple[Path, ...]) -> None:
    """Requests for the same rows, of an agency whose accounts are mostly idle."""
    with emulator("--advertisers", "30", "--days", "60", "--ads-per-account", "10") as ready:
        aim(peers, ready["url"])
        first = datetime.now(UTC).date() - timedelta(days=14)
        print(f"\n{HOURLY}, 30 accounts, 14 days: requests for the same rows")
        for title, program in programs.items():
            reset(ready)
            done = run(program, ready, HOURLY, start_date=str(first))
            print(f"{title:>20}: {reports_asked(ready):>6,} requests, {done.lines:>7,} lines, {done.seconds:5.1f} s")


def run(program: tuple[str, ...], ready: dict[str, Any], stream: str, **fields: Any) -> Measured:
    """Read one stream to its end."""
    catalog = catalog_of(stream)
    for entry in catalog["streams"]:  # what 4.7.0 needs of a catalog beyond the names
        cursor = "stat_time_hour" if stream.endswith("hourly") else "stat_time_day"
        entry["stream"] |= {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
        entry |= {"destination_sync_mode": "append", "cursor_field": [cursor]}
    files = {"config": config_for(ready, **fields), "catalog": catalog}
    arguments = ["read", "--config", "{config}", "--catalog", "{catalog}"]
    done = measure(arguments, files, url=ready["url"], program=program)
    assert done.exit_code == 0, f"{program[0]} ended with {done.exit_code}"
    return done


def aim(environments: tuple[Path, ...], url: str) -> None:
    """Change the one address in the peers' manifests."""
    for environment in environments:
        (manifest,) = environment.glob("lib/python*/site-packages/source_tiktok_marketing/manifest.yaml")
        manifest.write_text(re.sub(r"url_base: .*", f"url_base: {url}/open_api/v1.3/", manifest.read_text()))


def reset(ready: dict[str, Any]) -> None:
    """Count anew."""
    request = urllib.request.Request(f"{ready['url']}/_emulator/reset", b"{}", method="POST")  # noqa: S310 - our own
    urllib.request.urlopen(request).close()  # noqa: S310


def reports_asked(ready: dict[str, Any]) -> int:
    """Requests for reports since then."""
    with urllib.request.urlopen(f"{ready['url']}/_emulator/counters") as answer:  # noqa: S310 - our own
        counts = json.load(answer)["counts"]
    return sum(row["count"] for row in counts if row["path"] == "report/integrated/get/")


if __name__ == "__main__":
    main()
