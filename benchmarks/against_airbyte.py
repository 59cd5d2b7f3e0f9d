"""Compares this connector with Airbyte's own 4.7.0 on the same emulator: speed, use of the quota, requests.

Airbyte's runs twice: as it was published, and its manifest under the newest CDK. Each needs an environment of its own,
which `make peers` creates. All three read the same days and must deliver the same number of records.

    python benchmarks/against_airbyte.py .venv-parity .venv-newest-cdk
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from harness import (
    OURS,
    Figure,
    Measured,
    catalog_of,
    config_for,
    emulator,
    leave,
    machine,
    measure,
    options,
    requests_of,
    reset,
)

STREAM = "ads_reports_daily"
HOURLY = "campaigns_reports_hourly"
REPORTS = "report/integrated/get/"
LATENCY, TIER = 0.8, 20
_RUN = "from source_tiktok_marketing.run import run; run()"
_ADDRESS = re.compile(r"url_base: .*")


class Program(msgspec.Struct, frozen=True):
    """A connector.

    Args:
        title: What it is called here.
        command: What to run.
        package: Where its package lies, if its address is to be changed; None for this connector.
    """

    title: str
    command: Sequence[str]
    package: Path | None = None


class Compared(msgspec.Struct, frozen=True):
    """How a connector read.

    Args:
        program: Who.
        run: How it went.
        asked: Requests for reports.
    """

    program: Program
    run: Measured
    asked: int


def main() -> None:
    """Run the three comparisons and print a table of each."""
    parser = options(__doc__)
    parser.add_argument("published", type=Path, help="an environment with Airbyte's connector 4.7.0")
    parser.add_argument("newest", type=Path, help="one with its manifest under the newest CDK")
    parser.add_argument("--ads", type=int, default=3000, help="ads of the account whose rows are read")
    parser.add_argument("--days", type=int, default=50, help="days that are read to see the use of the quota")
    arguments = parser.parse_args()
    programs = [
        Program("this connector", OURS),
        peer("Airbyte's 4.7.0", arguments.published),
        peer("4.7.0 under CDK {}", arguments.newest),
    ]
    print(machine())
    figures = [*speed(programs, arguments.ads), *quota(programs, arguments.days), *requests(programs)]
    leave(figures, arguments.json)


def speed(programs: Sequence[Program], ads: int) -> Iterator[Figure]:
    """Rows per second where nothing but the connector limits them: no latency, no quota, pages from memory."""
    settings = ["--advertisers", "1", "--days", "40", "--ads-per-account", str(ads), "--cache-mb", "4000"]
    compared = list(compare(programs, STREAM, settings, days=4, warm=True))
    title = f"`{STREAM}`, {compared[0].run.records:,} rows, no latency, no quota"
    print(f"\n{title}")
    for one in compared:
        run = one.run
        show(one, f"{run.records / run.seconds:8,.0f} per second, {run.cpu / run.records * 1e6:6.0f} µs CPU each")
    ours = compared[0].run.cpu / compared[0].run.records
    for one in compared:
        run = one.run
        remark = f"{run.records / run.seconds:,.0f} rows per second, peak {run.peak_mb:.0f} MB"
        cpu = run.cpu / run.records
        what = f"{title}: CPU per row, {one.program.title}"
        yield Figure(what=what, value=cpu * 1e6, unit="µs", remark=f"{remark}; {cpu / ours:.0f} times this connector's")


def quota(programs: Sequence[Program], days: int) -> Iterator[Figure]:
    """The share of a quota that is used while there is work, at TikTok's usual latency."""
    settings = ["--advertisers", "4", "--days", str(days + 10), "--ads-per-account", "30"]
    settings += ["--fault", f"path={REPORTS},latency={LATENCY}"]
    title = f"`{HOURLY}`, {LATENCY} s latency, {TIER} requests per second"
    print(f"\n{title}")
    for one in compare(programs, HOURLY, settings, days, requests_per_second=TIER, skip_empty_days=False):
        rate = one.asked / one.run.seconds
        show(one, f"{one.asked:>6,} requests, {rate:5.1f} per second, {rate / TIER:4.0%} of the quota")
        what = f"{title}: of the quota, {one.program.title}"
        remark = f"{rate:.1f} requests per second, start and end included"
        yield Figure(what=what, value=100 * rate / TIER, unit="%", remark=remark)


def requests(programs: Sequence[Program]) -> Iterator[Figure]:
    """Requests for the same rows of an agency, most of whose accounts are idle."""
    settings = ["--advertisers", "50", "--active", "3", "--days", "60", "--ads-per-account", "30"]
    title = f"`{HOURLY}`, 50 accounts, 3 of them active, 14 days"
    print(f"\n{title}")
    for one in compare(programs, HOURLY, settings, days=14):
        show(one, f"{one.asked:>6,} requests")
        what, remark = f"{title}: requests, {one.program.title}", f"for {one.run.records:,} rows"
        yield Figure(what=what, value=one.asked, remark=remark)


def compare(
    programs: Sequence[Program], stream: str, settings: Sequence[str], days: int, *, warm: bool = False, **fields: Any
) -> Iterator[Compared]:
    """Read the same days with each.

    Args:
        programs: Which.
        stream: What to read.
        settings: Of the emulator.
        days: How many, to today.
        warm: Let the emulator make its pages first, and answer from memory when it counts.
        fields: Of the configuration.

    Raises:
        AssertionError: If they do not deliver the same number of rows.
    """
    first = datetime.now(UTC).date() - timedelta(days=days)
    found: dict[str, int] = {}
    with emulator(*settings) as ready:
        for program in programs:
            for _ in range(2 if warm else 1):
                reset(ready)
                done = read(program, ready, stream, start_date=str(first), **fields)
            found[program.title] = done.records
            yield Compared(program, done, requests_of(ready)[REPORTS])
    assert len(set(found.values())) == 1, f"not the same rows: {found}"


def show(one: Compared, found: str) -> None:
    """Print a line of a table."""
    run = one.run
    print(
        f"{one.program.title:>26}: {run.records:>7,} rows, {run.seconds:5.1f} s, {found}, peak {run.peak_mb:.0f} MB",
        flush=True,
    )


def read(program: Program, ready: dict[str, Any], stream: str, **fields: Any) -> Measured:
    """Read one stream to its end."""
    catalog = catalog_of(stream)
    for entry in catalog["streams"]:  # what 4.7.0 needs of a catalog beyond the names
        cursor = "stat_time_hour" if stream.endswith("hourly") else "stat_time_day"
        entry["stream"] |= {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
        entry |= {"destination_sync_mode": "append", "cursor_field": [cursor]}
    files = {"config": config_for(ready, **fields), "catalog": catalog}
    arguments = ["read", "--config", "{config}", "--catalog", "{catalog}"]
    with aimed(program, ready["url"]) as environment:
        done = measure(arguments, files, url=ready["url"], program=program.command, environment=environment)
    assert done.exit_code == 0, f"{program.title} ended with {done.exit_code}"
    return done


def peer(title: str, environment: Path) -> Program:
    """Airbyte's connector in a virtual environment.

    Args:
        title: Its name, with room for the CDK's version.
        environment: Where it is installed.
    """
    python = str(environment.absolute() / "bin" / "python")
    version = "from importlib.metadata import version; print(version('airbyte-cdk'))"
    cdk = subprocess.run([python, "-P", "-c", version], check=True, capture_output=True, text=True)  # noqa: S603
    (package,) = environment.glob("lib/python*/site-packages/source_tiktok_marketing")
    return Program(title.format(cdk.stdout.strip()), (python, "-P", "-c", _RUN), package)


@contextmanager
def aimed(program: Program, url: str) -> Iterator[dict[str, str]]:
    """The variables that point it to the emulator. Airbyte's reads a copy of its manifest with another address."""
    if program.package is None:
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(program.package, Path(folder) / program.package.name)
        manifest = copy / "manifest.yaml"
        text, changed = _ADDRESS.subn(f"url_base: {url}/open_api/v1.3/", manifest.read_text())
        assert changed, "the address is not where 4.7.0 has it"
        manifest.write_text(text)
        yield {"PYTHONPATH": folder}


if __name__ == "__main__":
    main()
