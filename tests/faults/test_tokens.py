"""Invalid credentials: the whole sync ends at once, with a message that the person who set it up understands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import programs
from support import catalog_of, config_for
from tiktok_marketing.emulator import Emulator, Fault, Options

NEW_TOKEN = "Authorize the application again in TikTok for Business, and put the new access token"
SAME_APPLICATION = "app_id, secret and access_token in the configuration belong to the same TikTok application"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A small business beside the tests."""
    options = Options(tier="unlimited", days=5, advertisers=2, ads_per_account=5)
    with programs.emulator_beside(options) as running:
        yield running


@pytest.mark.parametrize(
    ("change", "fault", "remedy"),
    [
        ({"access_token": "fa4e-of-somebody-else"}, None, NEW_TOKEN),
        ({}, Fault(code=40102), NEW_TOKEN),
        ({}, Fault(code=40105), NEW_TOKEN),
        ({"app_id": "7000000000000000123"}, None, SAME_APPLICATION),
        ({"secret": "of-another-application"}, None, SAME_APPLICATION),
        ({}, Fault(code=40002, path="oauth2/advertiser/get/"), SAME_APPLICATION),
    ],
    ids=["wrong token", "expired", "revoked", "another application", "another secret", "accounts not to be listed"],
)
def test_invalid_credentials_end_the_sync_at_once(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    fault: Fault | None,
    remedy: str,
) -> None:
    """One config_error with the remedy after a request or two, from both programs, and no record."""
    monkeypatch.setenv("TIKTOK_API_URL", emulator.url)
    emulator.faults.clear()
    emulator.counters.reset()
    if fault is not None:
        emulator.faults.add(fault)
    config = config_for(emulator)
    config["credentials"] |= change
    config_file, catalog_file = tmp_path / "config.json", tmp_path / "catalog.json"
    config_file.write_text(json.dumps(config))
    catalog_file.write_text(json.dumps(catalog_of()))
    outcome = programs.source("read", "--config", str(config_file), "--catalog", str(catalog_file))
    assert outcome.code == 1
    (error,) = outcome.errors
    assert error["failure_type"] == "config_error"
    assert remedy in error["message"]
    assert not [message for message in outcome.messages if message["type"] == "RECORD"]
    assert emulator.counters.total() <= 2
    result = programs.command("sync", "--config", str(config_file), "--to", str(tmp_path / "x.duckdb"))
    assert result.code == 1
    assert remedy in result.err
    assert "Traceback" not in result.err
