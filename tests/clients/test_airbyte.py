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
    "advertisers_reports_daily": "advertiser",
    "campaigns_reports_daily": "campaign",
    "ad_groups_reports_daily": "adgroup",
    "ads_reports_daily": "ad",
}
BREAKDOWNS = {
    "ads_audience_reports_daily": "gender+age",
    "ads_audience_reports_by_country_daily": "country_code",
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
            for name in (*REPORTS, *BREAKDOWNS, "advertisers")
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
    level = REPORTS[stream]
    truths = [emulation.truth(account, include_deleted=True) for account in emulation.advertiser_ids]
    assert len(records[stream]) == sum(truth["rows"][level]["daily"] for truth in truths) > 0
    assert spend(record["metrics"]["spend"] for record in records[stream]) == spend(
        truth["metrics"][level]["spend"] for truth in truths
    )


@pytest.mark.parametrize("stream", BREAKDOWNS)
def test_airbyte_leaves_deleted_ads_out_of_audience_reports(
    records: Records, emulation: Emulation, stream: str
) -> None:
    """It sends the filter as `filters`, which TikTok does not know: rows and spend are the truth without these ads."""
    visible, everything = (
        [emulation.truth(account, include_deleted=deleted) for account in emulation.advertiser_ids]
        for deleted in (False, True)
    )
    rows, whole = (
        sum(truth["breakdowns"]["ad"][BREAKDOWNS[stream]] for truth in truths) for truths in (visible, everything)
    )
    assert len(records[stream]) == rows < whole
    assert spend(record["metrics"]["spend"] for record in records[stream]) == spend(
        truth["metrics"]["ad"]["spend"] for truth in visible
    )


def test_airbyte_reads_all_accounts(records: Records, emulation: Emulation) -> None:
    """Each account once."""
    assert sorted(str(record["advertiser_id"]) for record in records["advertisers"]) == sorted(emulation.advertiser_ids)
