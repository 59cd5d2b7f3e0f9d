"""Airbyte's own connector, 4.7.0, and this one read the same emulator: what it gives must be here, and equal.

    make parity

It runs in an environment of its own (`.venv-parity`), where its one address is changed to the emulator's. First both
read every stream without a state; then each goes on from the other's. What differs and is not in `EXPECTED` fails.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from source_tiktok_marketing.airbyte.inputs import discovered
from source_tiktok_marketing.catalog import STREAMS, Stream
from source_tiktok_marketing.config import parse_config
from source_tiktok_marketing.emulator import Emulator, Options
from support import Outcome, config_for, read_from

EXPECTED = {
    ("ads", "smart_plus_ad_id"): "an integer since 5.1.4; 4.7.0 does not know the field and passes TikTok's text on",
    ("pixel_instant_page_events", "*"): "only the combinations that the account's own ad groups use are asked for",
    ("pixel_events_statistics", "*"): "4.7.0 asks accounts about each other's pixels, and sends no valid request",
}
"""Stream and field where 4.7.0 is wrong or knows less, and why; `*` is the whole stream."""

INCREMENTAL = ("campaigns", "ads", "ads_reports_daily", "campaigns_reports_hourly", "ads_audience_reports_daily")


def aim(peer: Path, url: str) -> None:
    """Change the one address in the peer's manifest."""
    (manifest,) = peer.glob("lib/python*/site-packages/source_tiktok_marketing/manifest.yaml")
    text = re.sub(r"url_base: .*", f"url_base: {url}/open_api/v1.3/", manifest.read_text())
    manifest.write_text(text)


async def read_with_peer(peer: Path, config: Mapping[str, Any], names: set[str], state: Any = None) -> Outcome:
    """Read streams with Airbyte's connector."""
    entries = [
        {
            "stream": stream,
            "sync_mode": stream["supported_sync_modes"][-1],
            "destination_sync_mode": "append",
        }
        for stream in discovered(parse_config(config))["streams"]
        if stream["name"] in names
    ]
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": config, "catalog": {"streams": entries}, **({"state": state} if state is not None else {})}
        command = [str(peer / "bin" / "source-tiktok-marketing"), "read"]
        for name, content in files.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(content))
            command += [f"--{name}", str(path)]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        output, _ = await process.communicate()
    return Outcome([line for line in output.splitlines() if line.startswith(b"{")], process.returncode or 0)


def equal(theirs: Any, ours: Any) -> bool:
    """Whether all of their value is in ours, of the same type; an int may be a float, as JSON has one number."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(key in ours and equal(value, ours[key]) for key, value in theirs.items())
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(equal, theirs, ours))
    return bool(theirs == ours) and isinstance(theirs, bool) == isinstance(ours, bool)


def differing_fields(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Fields of one record that are not here, or not equal; those of `metrics` and the like one by one."""
    found = []
    for field, value in theirs.items():
        mine = ours.get(field)
        if isinstance(value, dict) and isinstance(mine, dict):
            found += [f"{field}.{name}" for name, part in value.items() if not equal(part, mine.get(name))]
        elif field not in ours or not equal(value, mine):
            found.append(field)
    return found


def compare(stream: Stream, theirs: Outcome, ours: Outcome) -> Counter[str]:
    """How often each field differs; `(missing)` counts records that are not here at all."""

    def key(record: Mapping[str, Any]) -> Any:
        if stream.primary_key:
            return tuple(record.get(field) for field in stream.primary_key)
        return json.dumps({name: value for name, value in record.items() if name != "advertiser_id"}, sort_keys=True)

    here = defaultdict(list)
    for record in ours.records(stream.name):
        here[key(record)].append(record)
    differences: Counter[str] = Counter()
    for record in theirs.records(stream.name):
        candidates = [differing_fields(record, mine) for mine in here.get(key(record), [])]
        differences.update(min(candidates, key=len) if candidates else ["(missing)"])
    return differences


def unexpected(stream: Stream, differences: Counter[str]) -> list[str]:
    """The differences that nobody has explained."""
    if (stream.name, "*") in EXPECTED:
        return []
    return [f"{stream.name}: {field}, {count} times" for field, count in differences.items()
            if (stream.name, field) not in EXPECTED]  # fmt: skip


async def main(peer: Path) -> int:
    """Compare; print what differs. Returns 1 if anything does that is not expected."""
    wrong: list[str] = []
    # 4.7.0 has no clock but the machine's, and the figures of today must not move between the two reads.
    options = Options(
        now=datetime.now(UTC), tier="unlimited", days=30, advertisers=2, ads_per_account=25, null_modify_time=False
    )
    async with Emulator(options) as emulator:
        aim(peer, emulator.url)
        now = emulator.clock.now()
        theirs_config = config_for(emulator, start_date=str((now - timedelta(days=5)).date()))
        theirs_config.pop("requests_per_second")
        ours_config = {**theirs_config, "requests_per_second": 500, "attribution_window": 0}
        names = {stream.name for stream in STREAMS}
        ours = await read_from(emulator, ours_config, now=now)
        theirs = await read_with_peer(peer, theirs_config, names)
        for stream in STREAMS:
            found = compare(stream, theirs, ours)
            wrong += unexpected(stream, found)
            counts = f"{len(theirs.records(stream.name)):>7,} {len(ours.records(stream.name)):>7,}"
            sys.stdout.write(f"{stream.name:<46}{counts}  {dict(found) or 'equal'}\n")
        from_ours = await read_with_peer(peer, theirs_config, set(INCREMENTAL), ours.state_file)
        from_theirs = await read_from(emulator, ours_config, INCREMENTAL, state=theirs.state_file, now=now)
        for title, outcome in (("4.7.0 from our state", from_ours), ("ours from 4.7.0's state", from_theirs)):
            for name in INCREMENTAL:
                fewer = len(outcome.records(name)) < len(ours.records(name))
                if outcome.exit_code or not fewer:
                    wrong.append(f"{title}: {name} did not go on from it")
        sys.stdout.write(f"states: {'read by each other' if not wrong else 'see below'}\n")
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    return 1 if wrong or ours.exit_code else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
