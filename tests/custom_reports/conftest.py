"""An emulator, and a configuration with reports of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from programs import emulator_beside
from tiktok_marketing.emulator import Emulator, Options

REPORTS: list[dict[str, Any]] = [
    {
        "name": "campaigns_by_country",
        "level": "campaign",
        "dimensions": ["country_code"],
        "metrics": ["spend", "impressions", "complete_payment", "complete_payment_roas", "campaign_name"],
    },
    {
        "name": "accounts_by_language",
        "report_type": "AUDIENCE",
        "level": "account",
        "dimensions": ["language"],
        "metrics": ["spend", "clicks", "registration"],
    },
    {"name": "hours_of_ads", "dimensions": ["ad_id_v2"], "metrics": ["spend", "clicks"], "grain": "hour"},
    {"name": "campaigns_ever", "level": "campaign", "metrics": ["spend", "conversion"], "grain": "lifetime"},
    {
        "name": "interests",
        "report_type": "AUDIENCE",
        "level": "ad_group",
        "dimensions": ["interest_category"],
        "metrics": ["spend", "clicks"],
        "grain": "none",
    },
]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A small business whose figures are final."""
    options = Options(tier="unlimited", advertisers=3, days=20, ads_per_account=12, settled=True, latency=0)
    with emulator_beside(options) as emulator:
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        yield emulator


@pytest.fixture
def raw_config(emulator: Emulator) -> dict[str, Any]:
    """The configuration, as JSON decodes it."""
    return {
        "credentials": {
            "auth_type": "oauth2.0",
            "app_id": emulator.app_id,
            "secret": emulator.secret,
            "access_token": emulator.access_token,
        },
        "start_date": str((datetime.now(UTC) - timedelta(days=6)).date()),
        "end_date": str((datetime.now(UTC) - timedelta(days=2)).date()),
        "requests_per_second": 50,
        "custom_reports": REPORTS,
    }
