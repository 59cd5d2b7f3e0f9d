"""What `--help` and a shell's completion offer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def complete(start: Any, environment: dict[str, str], line: str) -> list[str]:
    """What bash would offer for the last word of a line."""
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    environment |= variables | {"_TIKTOK_MARKETING_COMPLETE": "bash_complete"}
    output, _ = start().communicate(timeout=60)
    return [entry.split(",", 1)[1] for entry in output.splitlines()]


def test_a_shell_completes_streams_presets_and_accounts_without_tiktok(
    start: Any, environment: dict[str, str], config: Any, command: Any, api: Any, tmp_path: Path
) -> None:
    """Accounts come from the configuration and from the database that the line names."""
    accounts = [str(account) for account in api.info["advertiser_ids"]]
    (tmp_path / "tiktok-marketing.json").write_text(Path(config(advertiser_ids=["7123"])).read_text())
    assert (
        command(
            "sync",
            "--config",
            config(),
            "--to",
            "duckdb:///x.duckdb",
            "--streams",
            "campaigns,advertisers_reports_daily",
        ).returncode
        == 0
    )
    environment["TIKTOK_API_URL"] = "http://127.0.0.1:1"
    offered = complete(start, environment, "tiktok-marketing sync --streams campaigns,ads_reports_")
    assert "campaigns,ads_reports_daily" in offered
    assert complete(start, environment, "tiktok-marketing sync --preset ba") == ["basics"]
    assert complete(start, environment, "tiktok-marketing sync --accounts 71") == ["7123"]
    offered = complete(start, environment, "tiktok-marketing state show --database duckdb:///x.duckdb --accounts 7")
    assert set(offered) == {"7123", *accounts}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(shell: str, start: Any, environment: dict[str, str]) -> None:
    """From the command itself."""
    environment["_TIKTOK_MARKETING_COMPLETE"] = f"{shell}_source"
    output, _ = start().communicate(timeout=60)
    assert "_TIKTOK_MARKETING_COMPLETE" in output


def test_a_check_is_printed_as_json(command: Any, config: Any) -> None:
    """With what to do about each failure."""
    ended = command("check", "--config", config(), "--json")
    checked = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert checked["ok"] is True
    assert all(each["ok"] for each in checked["checks"])
    wrong = command("check", "--config", config(credentials={"access_token": "0" * 40}), "--json")
    assert wrong.returncode == 1
    assert json.loads(wrong.stdout)["ok"] is False
