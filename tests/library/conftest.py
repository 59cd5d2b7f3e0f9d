"""An emulator that answers while a test calls the library, and a configuration file for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from programs import emulator_beside
from tiktok_marketing.emulator import Emulator, Options


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A small business; `config.json` in the current folder reads its last days."""
    with emulator_beside(Options(tier="unlimited", advertisers=2, days=30, ads_per_account=20)) as emulator:
        config = {
            "credentials": {
                "auth_type": "oauth2.0",
                "app_id": emulator.app_id,
                "secret": emulator.secret,
                "access_token": emulator.access_token,
            },
            "start_date": str((datetime.now(UTC) - timedelta(days=12)).date()),
            "requests_per_second": 50,
        }
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
        Path("config.json").write_text(json.dumps(config))
        yield emulator
