"""The Singer tap of Stitch, through its own command: reports are whole, objects depend on its settings."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from clients.client import Client
from clients.emulation import END, START, Emulation, spend

CLIENT = "tap"

REPORTS = {
    "ad_insights": ("ad", "daily"),
    "ad_insights_by_age_and_gender": ("ad", "gender+age"),
    "ad_insights_by_country": ("ad", "country_code"),
    "ad_insights_by_platform": ("ad", "platform"),
    "campaign_insights_by_province": ("campaign", "province_id"),
}
OBJECTS = {"campaigns": "campaign", "adgroups": "adgroup", "ads": "ad"}
LONG_AGO = "2025-10-01"
"""A day before any of the accounts was opened."""


class Sync(msgspec.Struct):
    """What a run of the tap wrote."""

    code: int
    errors: str
    records: dict[str, list[dict[str, Any]]]


def settings(emulation: Emulation, start: str = START, **changed: str) -> dict[str, str]:
    """The tap's configuration."""
    return {
        "start_date": f"{start}T00:00:00Z",
        "end_date": f"{END}T00:00:00Z",
        "access_token": emulation.access_token,
        "accounts": ",".join(emulation.advertiser_ids),
        **changed,
    }


def discover(client: Client, config: str) -> dict[str, Any]:
    """The tap's catalog."""
    ended = client.run("tap-tiktok-ads", "--config", config, "--discover")
    assert ended.returncode == 0, ended.stderr[-4000:]
    catalog: dict[str, Any] = json.loads(ended.stdout)
    return catalog


def sync(client: Client, fields: dict[str, str], streams: Collection[str]) -> Sync:
    """Discover and read some streams."""
    config = client.write("tap.json", fields)
    catalog = discover(client, config)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in streams
    ended = client.run("tap-tiktok-ads", "--config", config, "--catalog", client.write("tap-catalog.json", catalog))
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in ended.stdout.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            records[message["stream"]].append(message["record"])
    return Sync(ended.returncode, ended.stderr, records)


@pytest.fixture(scope="module")
def reports(client: Client, emulation: Emulation) -> Sync:
    """All reports of all accounts."""
    return sync(client, settings(emulation), REPORTS)


@pytest.fixture(scope="module")
def objects(client: Client, emulation: Emulation) -> Sync:
    """Accounts, campaigns and ad groups, whatever their age."""
    return sync(client, settings(emulation, start=LONG_AGO), {"advertisers", "campaigns", "adgroups"})


def test_the_tap_discovers_all_its_streams(client: Client, emulation: Emulation) -> None:
    """Its own probe of each stream is answered, and no stream is left out of the catalog."""
    catalog = discover(client, client.write("tap.json", settings(emulation)))
    assert {stream["tap_stream_id"] for stream in catalog["streams"]} == {*REPORTS, *OBJECTS, "advertisers"}


@pytest.mark.parametrize("stream", REPORTS)
def test_the_tap_reads_whole_reports(reports: Sync, emulation: Emulation, stream: str) -> None:
    """Rows and spend of every account are the truth without deleted objects, which the tap does not ask for."""
    level, rows = REPORTS[stream]
    assert reports.code == 0, reports.errors[-4000:]
    for account in emulation.advertiser_ids:
        truth = emulation.truth(account, include_deleted=False)
        records = [record for record in reports.records[stream] if record["advertiser_id"] == account]
        expected = truth["rows"][level]["daily"] if rows == "daily" else truth["breakdowns"][level][rows]
        assert len(records) == expected
        assert spend(record["spend"] for record in records) == spend([truth["metrics"][level]["spend"]])
    assert reports.records[stream]


@pytest.mark.parametrize("stream", ["campaigns", "adgroups"])
def test_the_tap_reads_whole_lists_of_objects(objects: Sync, emulation: Emulation, stream: str) -> None:
    """The objects that a plain request lists."""
    name = OBJECTS[stream]
    expected = {
        record[f"{name}_id"]
        for account in emulation.advertiser_ids
        for record in emulation.pages(f"{name}/get/", {"advertiser_id": account})
    }
    assert objects.code == 0, objects.errors[-4000:]
    assert expected
    assert {record[f"{name}_id"] for record in objects.records[stream]} == expected


def test_the_tap_reads_all_accounts(objects: Sync, emulation: Emulation) -> None:
    """Each account with its name and currency."""
    expected = emulation.data("advertiser/info/", {"advertiser_ids": emulation.advertiser_ids})["list"]
    fields = ("advertiser_id", "name", "currency", "timezone")
    assert sorted([record[field] for field in fields] for record in objects.records["advertisers"]) == sorted(
        [record[field] for field in fields] for record in expected
    )


def test_the_tap_stops_at_an_ad_without_a_modification_time(client: Client, emulation: Emulation) -> None:
    """It expects the field to be absent, and fails at the null that ads of upgraded Smart+ campaigns have."""
    ads = [
        record
        for account in emulation.advertiser_ids
        for record in emulation.pages("ad/get/", {"advertiser_id": account, "fields": ["ad_id", "modify_time"]})
    ]
    assert any(record["modify_time"] is None for record in ads)
    stopped = sync(client, settings(emulation, start=LONG_AGO), {"ads"})
    assert stopped.code == 1
    assert "Parser must be a string or character stream, not NoneType" in stopped.errors
    assert len(stopped.records["ads"]) < len(ads)


def test_the_tap_loses_live_objects_of_further_accounts_with_include_deleted(
    client: Client, emulation: Emulation
) -> None:
    """Its filter for deleted objects stays set, so that only the first account's live campaigns are read."""
    both = sync(client, settings(emulation, start=LONG_AGO, include_deleted="true"), {"campaigns"})
    live = {
        account: {record["campaign_id"] for record in emulation.pages("campaign/get/", {"advertiser_id": account})}
        for account in emulation.advertiser_ids
    }
    read = {record["campaign_id"] for record in both.records["campaigns"]}
    first, *others = emulation.advertiser_ids
    assert both.code == 0
    assert live[first] <= read
    assert any(live[account] for account in others)
    assert not any(live[account] & read for account in others)


def test_the_tap_loses_the_last_day_after_each_thirty(client: Client, emulation: Emulation) -> None:
    """A window that would begin with the last day is never asked for."""
    start = (date.fromisoformat(END) - timedelta(30)).isoformat()
    short = sync(client, settings(emulation, start=start), {"ad_insights"})
    before = (date.fromisoformat(END) - timedelta(1)).isoformat()
    assert short.code == 0
    for account in emulation.advertiser_ids:
        rows = [record for record in short.records["ad_insights"] if record["advertiser_id"] == account]
        truth = emulation.truth(account, include_deleted=False, start=start, end=before)
        assert len(rows) == truth["rows"]["ad"]["daily"]
    assert not any(record["stat_time_day"].startswith(END) for record in short.records["ad_insights"])
    assert emulation.truth(emulation.advertiser_ids[0], include_deleted=False, start=END)["rows"]["ad"]["daily"]
