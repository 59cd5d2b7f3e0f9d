"""Wrong input at each step: one clear sentence that names it, and what to do; never a traceback."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import duckdb
import pytest

from emulator_process import EmulatorProcess
from programs import Ended, command
from tiktok_marketing.cli.main import command as whole_command

WRONG = [
    ("login --port 0", 2, "0 is not in the range 1<=x<=65535"),
    ("login --redirect-uri nowhere", 2, "nowhere"),
    ("login --redirect-uri http://[", 2, "which is not an address"),
    ("login --timeout 0", 2, "0 is not in the range"),
    ("login --config missing/folder/config.json", 2, "missing/folder"),
    ("login --config not.json", 2, "not.json"),
    ("login --config .", 2, ". is not a file."),
    ("login", 2, "app_id and secret of the application are missing"),
    ("config init --config config.json", 2, "config.json exists already"),
    ("config init --config missing/folder/config.json", 2, "missing/folder"),
    ("config init --config new.json --start-date yesterday", 2, "yesterday"),
    ("config init --config new.json --attribution-window many", 2, "many"),
    ("config show --config missing.json", 2, "missing.json"),
    ("config show --config not.json", 2, "not.json"),
    ("config check --config not.json", 2, "not.json"),
    ("config check --config list.json", 2, "The configuration is not a JSON object."),
    ("config check --config misspelt.json", 2, "start_dat"),
    ("config check", 2, "The configuration has no credentials"),
    ("check", 2, "Run `tiktok-marketing login`"),
    ("check --config missing.json", 2, "missing.json"),
    ("check --config config.json --streams nonsense", 2, "nonsense"),
    ("accounts --config config.json --database nowhere://x", 2, "nowhere"),
    ("plan --config config.json --since soon", 2, "soon"),
    ("plan --config config.json --state missing.json", 2, "missing.json"),
    ("plan --config config.json --streams nonsense", 2, "nonsense"),
    ("plan --config config.json --preset nonsense", 2, "nonsense"),
    ("sync --config config.json", 2, "Missing option '--to'"),
    ("sync --config config.json --to ''", 2, "address"),
    ("sync --config config.json --to nowhere://x", 2, "nowhere"),
    ("sync --config config.json --to duckdb:///missing/folder/x.duckdb", 1, "missing/folder does not exist"),
    ("sync --config config.json --to duckdb:///text.duckdb --streams campaigns", 1, "text.duckdb"),
    ("sync --config config.json --to postgresql://nobody@127.0.0.1:1/x --streams campaigns", 1, "127.0.0.1"),
    ("sync --config missing.json --to duckdb:///new.duckdb", 2, "missing.json"),
    ("sync --config not.json --to duckdb:///new.duckdb", 2, "not.json"),
    ("sync --config config.json --to duckdb:///new.duckdb --streams campagns", 2, "campaigns"),
    ("sync --config config.json --to duckdb:///new.duckdb --streams ,", 2, "No stream is selected."),
    ("sync --config config.json --to duckdb:///new.duckdb --since tomorrow", 2, "tomorrow"),
    ("sync --config config.json --to duckdb:///new.duckdb --since 2026-13-01", 2, "2026-13-01"),
    ("sync --config config.json --to duckdb:///new.duckdb --since 2026-06-10 --until 2026-06-01", 2, "2026-06-01"),
    ("sync --config config.json --to duckdb:///new.duckdb --accounts abc", 2, "abc"),
    ("sync --config config.json --to duckdb:///new.duckdb --wait -1", 2, "-1"),
    ("sync --config config.json --to duckdb:///new.duckdb --start-date 32", 2, "32"),
    ("sync --config config.json --to duckdb:///new.duckdb --full --since 30d", 2, "A full sync reads all days"),
    ("", 2, "Error: Name a command."),
    ("state", 2, "Error: Name a command."),
    ("config", 2, "Error: Name a command."),
    ("state show --database duckdb:///missing.duckdb", 2, "missing.duckdb"),
    ("state show --database duckdb:///empty.duckdb", 2, "No sync has filled"),
    ("state show --database nowhere://x", 2, "nowhere"),
    ("state reset --database duckdb:///empty.duckdb --yes", 2, "No sync has filled"),
    ("state reset --database duckdb:///missing.duckdb --from soon --yes", 2, "missing.duckdb"),
    ("views --database duckdb:///missing.duckdb", 2, "missing.duckdb"),
    ("views --database duckdb:///empty.duckdb", 2, "tiktok_ads"),
    ("views --database duckdb:///empty.duckdb --layout nonsense", 2, "nonsense"),
    ("assets --database duckdb:///missing.duckdb --output files", 2, "missing.duckdb"),
    ("assets --database duckdb:///empty.duckdb --output config.json", 2, "config.json"),
    ("assets --database duckdb:///empty.duckdb", 2, "Missing option '--output'"),
    ("report", 2, "Missing option '--database'"),
    ("report --database duckdb:///missing.duckdb", 2, "missing.duckdb"),
    ("report --database duckdb:///empty.duckdb", 2, "tiktok_ads"),
    ("report --database duckdb:///empty.duckdb --since soon", 2, "soon"),
    ("report --database duckdb:///empty.duckdb --since 2026-06-10 --until 2026-06-01", 2, "is after --until"),
    ("report --database duckdb:///empty.duckdb --assets missing", 2, "missing"),
    ("report --database duckdb:///empty.duckdb --output - --open", 2, "--open needs a file"),
    ("doctor", 2, "Give a configuration"),
    ("doctor --offline", 2, "nothing to examine without a database"),
    ("doctor --offline --database duckdb:///missing.duckdb", 3, "missing.duckdb"),
    ("doctor --offline --database nowhere://x", 2, "nowhere"),
    ("mcp --database duckdb:///missing.duckdb", 2, "missing.duckdb"),
    ("streams --streams nonsense", 2, "nonsense"),
    ("metrics --search nonsense", 2, "No metric fits."),
    ("metrics --with nonsense", 2, "nonsense"),
    ("metrics --with sku_id", 2, "TikTok publishes no list of the metrics that go with products."),
    ("state merge missing.json", 2, "missing.json"),
    ("demo --days 0", 2, "0 is not in the range"),
    ("demo --database text.duckdb", 1, "text.duckdb"),
    ("demo --database missing/folder/demo.duckdb", 2, "missing/folder does not exist"),
    ("emulator --port 70000", 2, "70000 is not in the range"),
    ("emulator --fault nonsense", 2, "--fault"),
    ("emulator --now soon", 2, "which is not a time"),
    ("emulator --days -1", 2, "--days"),
    ("emulator --tier nonsense", 2, "--tier"),
    ("emulator --host nowhere.invalid", 2, "nowhere.invalid"),
    ("snyc", 2, "No such command 'snyc'"),
    ("sync --too duckdb:///new.duckdb", 2, "No such option '--too'. Did you mean '--to'?"),
]


@pytest.fixture
def folder(api: EmulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration that works, and files that are something else than they seem."""
    monkeypatch.chdir(tmp_path)
    for name in ("ACCESS_TOKEN", "APP_ID", "SECRET", "CONFIG"):
        monkeypatch.delenv(f"TIKTOK_{name}", raising=False)
    monkeypatch.setenv("TIKTOK_API_URL", api.url)
    credentials = {"auth_type": "oauth2.0", **{name: api.info[name] for name in ("app_id", "secret", "access_token")}}
    files = {
        "config.json": json.dumps({"credentials": credentials, "start_date": "2026-06-01"}),
        "misspelt.json": json.dumps({"credentials": credentials, "start_dat": "2026-06-01"}),
        "list.json": "[1, 2]",
        "not.json": "{'app_id': 1,",
        "text.duckdb": "These are words, and a lot more of them than a database begins with." * 100,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    duckdb.connect("empty.duckdb").close()
    return tmp_path


def assert_is_a_sentence(ended: Ended, code: int) -> None:
    """The code, a single error with a full stop, and neither a traceback nor a representation of an object."""
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "fault of the program" not in ended.err
    assert not any(mark in ended.err for mark in (" object at 0x", "<class ", "Error(", "Exception("))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("line", "code", "words"), WRONG, ids=[line for line, _, _ in WRONG])
def test_wrong_input_gets_a_sentence(line: str, code: int, words: str) -> None:
    """It names what is wrong. The program says nothing on stdout, and shows nothing of its inside."""
    ended = command(*shlex.split(line))
    assert words in ended.err, ended.err
    assert_is_a_sentence(ended, code)


def test_the_table_has_wrong_input_for_every_command() -> None:
    """So that a new command gets some."""
    assert {line.split()[0] for line, _, _ in WRONG if line} >= set(whole_command.commands)
