"""Airbyte's own connector 4.7.0, through its command. `make parity` compares all its streams record by record."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from clients.client import Client
from clients.emulation import END, START, Emulation, spend

CLIENT = "airbyte"

TRUST = Path(__file__).with_name("trust")
"""Its requests ignore the variables that name a certificate."""

REPORTS = {
    "advertisers_reports_daily": ("advertiser", "daily"),
    "campaigns_reports_daily": ("campaign", "daily"),
    "ad_groups_reports_daily": ("adgroup", "daily"),
    "ads_reports_daily": ("ad", "daily"),
    "ads_audience_reports_daily": ("ad", "gender+age"),
    "ads_audience_reports_by_country_daily": ("ad", "country_code"),
}

Records = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def records(client: Client, emulation: Emulation) -> Records:
    """The records of all streams above, and of the accounts."""
    config = {
        "credentials": {
            "auth_type": "oauth2.0",
            "app_id": emulation.app_id,
            "secret": emulation.secret,
            "access_token": emulation.access_token,
        },
        "start_date": START,
        "end_date": END,
        "attribution_window": 0,
        "include_deleted": True,
    }
    catalog = {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
            for name in (*REPORTS, "advertisers")
        ]
    }
    ended = client.run(
        "source-tiktok-marketing",
        "read",
        "--config",
        client.write("airbyte.json", config),
        "--catalog",
        client.write("airbyte-catalog.json", catalog),
        PYTHONPATH=str(TRUST),
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    read: Records = defaultdict(list)
    for line in ended.stdout.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            read[message["record"]["stream"]].append(message["record"]["data"])
    return read


@pytest.mark.parametrize("stream", REPORTS)
def test_airbyte_reads_whole_reports(records: Records, emulation: Emulation, stream: str) -> None:
    """Rows and spend of all accounts together are the truth; its records do not name the account."""
    level, kind = REPORTS[stream]
    truths = [emulation.truth(account, include_deleted=True) for account in emulation.advertiser_ids]
    rows = [truth["rows"][level]["daily"] if kind == "daily" else truth["breakdowns"][level][kind] for truth in truths]
    assert len(records[stream]) == sum(rows) > 0
    assert spend(record["metrics"]["spend"] for record in records[stream]) == spend(
        truth["metrics"][level]["spend"] for truth in truths
    )


def test_airbyte_reads_all_accounts(records: Records, emulation: Emulation) -> None:
    """Each account once."""
    assert sorted(str(record["advertiser_id"]) for record in records["advertisers"]) == sorted(emulation.advertiser_ids)
