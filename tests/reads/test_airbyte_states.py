"""States that Airbyte's connector wrote, in every form it has had: each account continues from its own day."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support import NOW, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options

OPTIONS = Options(now=NOW, tier="unlimited", days=60, advertisers=2, ads_per_account=20, null_modify_time=False)
FIRST, SECOND = Emulator(OPTIONS).advertiser_ids


def partitions(field: str, first: str, second: str, **more: Any) -> list[dict[str, Any]]:
    """A cursor for each account."""
    return [
        {"partition": {"advertiser_id": account, "parent_slice": {}, **more}, "cursor": {field: cursor}}
        for account, cursor in ((FIRST, first), (SECOND, second))
    ]


DAILY = {
    "3.9.6": ({"stat_time_day": "2026-06-12"}, "2026-06-12", "2026-06-12"),
    "before 3.9.6": ({"dimensions": {"stat_time_day": "2026-06-12"}}, "2026-06-12", "2026-06-12"),
    "4.0": ({"states": partitions("stat_time_day", "2026-06-12", "2026-06-10")}, "2026-06-12", "2026-06-10"),
    "4.4": (
        {
            "use_global_cursor": False,
            "states": partitions("stat_time_day", "2026-06-12", "2026-06-10"),
            "state": {"stat_time_day": "2026-06-12"},
            "lookback_window": 1,
        },
        "2026-06-12",
        "2026-06-10",
    ),
    "4.4, of one account": (
        {
            "use_global_cursor": False,
            "states": partitions("stat_time_day", "2026-06-12", "")[:1],
            "state": {"stat_time_day": "2026-06-12"},
            "lookback_window": 1,
        },
        "2026-06-12",
        "2026-06-05",
    ),
    "4.4, global": (
        {"use_global_cursor": True, "state": {"stat_time_day": "2026-06-12"}, "lookback_window": 1},
        "2026-06-11",
        "2026-06-11",
    ),
}
"""State, and the first day that is then asked for in each account; start_date is 5 June and nothing is read again."""

HOURLY = {
    "3.9.6": ({"stat_time_hour": "2026-06-12"}, "2026-06-12", "2026-06-12"),
    "4.0": (
        {"states": partitions("stat_time_hour", "2026-06-12 06:00:00", "2026-06-10 23:00:00")},
        "2026-06-12",
        "2026-06-10",
    ),
    "4.4": (
        {
            "use_global_cursor": False,
            "states": partitions("stat_time_hour", "2026-06-12 06:00:00", "2026-06-10 23:00:00"),
            "state": {"stat_time_hour": "2026-06-12 06:00:00"},
            "lookback_window": 3,
        },
        "2026-06-12",
        "2026-06-10",
    ),
}

OBJECTS = {
    "3.9.6": ({"modify_time": "2026-06-10 10:00:00"}, "2026-06-10 10:00:00", "2026-06-10 10:00:00"),
    "4.0": (
        {"states": partitions("modify_time", "2026-06-10 10:00:00Z", "2026-05-20 10:00:00Z")},
        "2026-06-10 10:00:00",
        "2026-05-20 10:00:00",
    ),
    "4.4": (
        {
            "use_global_cursor": False,
            "states": partitions("modify_time", "2026-06-10 10:00:00Z", "2026-05-20 10:00:00Z"),
            "state": {"modify_time": "2026-06-10 10:00:00Z"},
            "lookback_window": 1,
        },
        "2026-06-10 10:00:00",
        "2026-05-20 10:00:00",
    ),
    "5.0.8": (
        {
            "use_global_cursor": False,
            "states": [
                *partitions("modify_time", "2026-06-12 10:00:00Z", "2026-06-12 10:00:00Z", buying_type="AUCTION"),
                *partitions(
                    "modify_time", "2026-06-10 10:00:00Z", "2026-05-20 10:00:00Z", buying_type="RESERVATION_RF"
                ),
            ],
            "lookback_window": 1,
        },
        "2026-06-10 10:00:00",
        "2026-05-20 10:00:00",
    ),
}


@pytest.mark.parametrize(
    ("stream", "state", "first", "second"),
    [
        pytest.param(stream, *case, id=f"{stream}-{form}")
        for stream, cases in (("campaigns_reports_daily", DAILY), ("advertisers_reports_hourly", HOURLY))
        for form, case in cases.items()
    ],
)
async def test_reports_continue_from_each_accounts_day(stream: str, state: Any, first: str, second: str) -> None:
    """The earliest request for an account is for the day of its cursor."""
    async with Emulator(OPTIONS) as emulator:
        config = config_for(emulator, start_date="2026-06-05", attribution_window=0)
        written = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": state}}]
        outcome = await read_from(emulator, config, [stream], state=written)
        requests = [request for request in emulator.counters.requests if "start_date" in request.params]
    assert outcome.exit_code == 0, outcome.errors
    days = {
        account: min(request.params["start_date"] for request in requests if request.advertiser_id == account)
        for account in (FIRST, SECOND)
    }
    assert days == {FIRST: first, SECOND: second}


@pytest.mark.parametrize("stream", ["campaigns", "ads", "creative_assets_images"])
@pytest.mark.parametrize(("state", "first", "second"), OBJECTS.values(), ids=OBJECTS)
async def test_objects_continue_from_each_accounts_time(stream: str, state: Any, first: str, second: str) -> None:
    """The delivered objects changed at or after the account's cursor."""
    if stream == "creative_assets_images":
        state = json.loads(json.dumps(state).replace("Z", "").replace(" 10:00:00", "T10:00:00Z"))
    async with Emulator(OPTIONS) as emulator:
        config = config_for(emulator, start_date="2026-04-01")
        everything = await read_from(emulator, config, [stream])
        written = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": state}}]
        outcome = await read_from(emulator, config, [stream], state=written)
    since = {int(FIRST): first, int(SECOND): second}

    def changed(record: dict[str, Any]) -> bool:
        return str(record["modify_time"]).replace("T", " ").rstrip("Z") >= since[record["advertiser_id"]]

    expected = [record for record in everything.records(stream) if changed(record)]
    assert sorted(map(json.dumps, outcome.records(stream))) == sorted(map(json.dumps, expected))
    assert len(expected) < len(everything.records(stream))
