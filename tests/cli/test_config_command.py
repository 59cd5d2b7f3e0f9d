from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiktok_marketing.cli import config as config_module
from tiktok_marketing.config_file import check_place, existing_config, with_credentials, write_config
from tiktok_marketing.config_sources import DEFAULT_FILE, ConfigSources
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import OPTIONS, Kind, Setting

SECRETS = {
    "TIKTOK_APP_ID": "7000000000000000042",
    "TIKTOK_SECRET": "s3cr3t-s3cr3t-s3cr3t",
    "TIKTOK_ACCESS_TOKEN": "t0ken-t0ken-t0ken",
}


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine plays a part."""
    for name in list(os.environ):
        if name.startswith("TIKTOK_"):
            monkeypatch.delenv(name)


def mode_of(path: str) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(Path(path).stat().st_mode)


def test_init_writes_a_file_that_only_its_owner_reads(command: Callable[..., Any]) -> None:
    """It takes options and variables, and says what is missing. The umask does not matter."""
    before = os.umask(0)
    try:
        ended = command("config", "init", "--start-date", "2026-01-01", "--advertiser-ids", "7001,7002")
    finally:
        os.umask(before)
    assert ended.returncode == 0
    assert mode_of(DEFAULT_FILE) == 0o600
    written = json.loads(Path(DEFAULT_FILE).read_text())
    assert (written["start_date"], written["advertiser_ids"]) == ("2026-01-01", ["7001", "7002"])
    assert "app_id, secret, access_token" in ended.stderr
    assert "tiktok-marketing login" in ended.stderr


def test_init_takes_credentials_from_the_environment(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it writes can be used, and nothing that it prints has a secret."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    ended = command("config", "init", "--config", "c.json")
    for name in SECRETS:
        monkeypatch.delenv(name)
    assert command("config", "check", "--config", "c.json").returncode == 0
    assert not any(value in ended.stdout + ended.stderr for value in SECRETS.values())


def test_init_replaces_a_file_only_by_force(command: Callable[..., Any]) -> None:
    """Without it, the file stays as it is."""
    Path(DEFAULT_FILE).write_text("{}")
    ended = command("config", "init")
    assert (ended.returncode, Path(DEFAULT_FILE).read_text()) == (2, "{}")
    assert "exists already" in ended.stderr
    assert command("config", "init", "--force").returncode == 0
    assert mode_of(DEFAULT_FILE) == 0o600


def test_init_refuses_wrong_values_before_it_writes(command: Callable[..., Any]) -> None:
    """A wrong day or a day before the start is no configuration."""
    for options in (["--start-date", "x"], ["--start-date", "2026-02-01", "--end-date", "2026-01-01"]):
        assert command("config", "init", *options).returncode == 2
    assert not Path(DEFAULT_FILE).exists()


def test_init_asks_on_a_terminal(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks again after a wrong answer, and never shows a secret while it is typed."""
    answers = iter(["7000000000000000042", "s3cr3t-s3cr3t", "", "1.2.2026", "2026-02-01"])
    hidden: list[bool] = []

    def prompt(_question: str, **settings: Any) -> str:
        hidden.append(settings["hide_input"])
        return next(answers)

    monkeypatch.setattr(config_module, "is_interactive", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    ended = command("config", "init")
    written = json.loads(Path(DEFAULT_FILE).read_text())
    assert written["credentials"] == {
        "auth_type": "oauth2.0",
        "app_id": "7000000000000000042",
        "secret": "s3cr3t-s3cr3t",
        "access_token": "",
    }
    assert written["start_date"] == "2026-02-01"
    assert 'start_date is "1.2.2026", which is not a date.' in ended.stderr
    assert hidden == [False, True, True, False, False]


def test_show_tells_every_value_and_its_origin(
    command: Callable[..., Any], config: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table has them for people, --json for programs; neither has a secret."""
    path = config(attribution_window=3)
    token = json.loads(Path(path).read_text())["credentials"]["access_token"]
    monkeypatch.setenv("TIKTOK_SECRET", SECRETS["TIKTOK_SECRET"])
    monkeypatch.setenv("TIKTOK_START_DAT", "2026-01-01")
    ended = command("config", "show", "--config", path, "--report-granularity", "7", "--json")
    shown = json.loads(ended.stdout)
    found = {each["name"]: (each["value"], each["place"], each["origin"]) for each in shown["settings"]}
    assert found["attribution_window"] == (3, "file", path)
    assert found["report_granularity"] == (7, "option", "--report-granularity")
    assert found["credentials.secret"] == ("***", "environment", "TIKTOK_SECRET")
    assert found["credentials.access_token"] == ("***", "file", path)
    assert found["refresh_objects"] == ("changed", "default", None)
    assert (shown["error"], shown["unknown_variables"]) == (None, ["TIKTOK_START_DAT"])
    table = command("config", "show", "--config", path)
    assert "Did you mean TIKTOK_START_DATE?" in table.stderr
    assert "environment TIKTOK_SECRET" in table.stdout
    for output in (ended, table):
        assert not {token, SECRETS["TIKTOK_SECRET"]} & {word.strip('",') for word in output.stdout.split()}


def test_show_tells_what_is_wrong(command: Callable[..., Any], config: Callable[..., str]) -> None:
    """The values that are there come all the same."""
    ended = command("config", "show", "--config", config(attribution_window=400))
    assert ended.returncode == 2
    assert "400" in ended.stdout
    assert "attribution_window is 400." in ended.stderr
    as_json = command("config", "show", "--json", "--config", config(attribution_window=400))
    assert (as_json.returncode, "attribution_window is 400." in json.loads(as_json.stdout)["error"]) == (2, True)


def test_show_of_what_is_no_configuration_is_an_error(command: Callable[..., Any]) -> None:
    """A list, a text or a number in the file is not the program's fault."""
    for content in ("[]", "5", '"x"', "null"):
        Path("c.json").write_text(content)
        for name in ("show", "check"):
            ended = command("config", name, "--config", "c.json")
            assert (ended.returncode, "not a JSON object" in ended.stderr) == (2, True)


def test_check_needs_no_network(
    command: Callable[..., Any], config: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It validates, names unknown keys and misspelt variables, and warns of a file that others can read."""
    monkeypatch.setenv("TIKTOK_API_URL", "http://127.0.0.1:9")
    path = config()
    Path(path).chmod(0o644)
    ended = command("config", "check", "--config", path)
    assert (ended.returncode, "chmod 600" in ended.stderr) == (0, True)
    Path(path).chmod(0o600)
    assert "chmod" not in command("config", "check", "--config", path).stderr
    unknown = command("config", "check", "--config", config(start_dat="2026-01-01"))
    assert (unknown.returncode, "did you mean start_date?" in unknown.stderr) == (2, True)
    monkeypatch.setenv("TIKTOK_ENDDATE", "2026-01-01")
    assert command("config", "check", "--config", config()).returncode == 1


def test_commands_need_no_file(
    command: Callable[..., Any], config: Callable[..., str], monkeypatch: pytest.MonkeyPatch, api: Any
) -> None:
    """With the credentials in the environment, `check` works without one."""
    credentials = json.loads(Path(config()).read_text())["credentials"]
    monkeypatch.setenv("TIKTOK_API_URL", api.url)
    for name in ("app_id", "secret", "access_token"):
        monkeypatch.setenv(f"TIKTOK_{name.upper()}", credentials[name])
    ended = command("check", "--start-date", "2026-06-09", "--requests-per-second", "500")
    assert ended.returncode == 0, ended.stderr
    assert "start_date 2026-06-09" in ended.stdout


def test_a_doctor_without_any_configuration_says_so(command: Callable[..., Any]) -> None:
    """That is wrong usage, as before there were variables."""
    ended = command("doctor")
    assert (ended.returncode, "environment variables" in ended.stderr) == (2, True)


def test_writing_keeps_the_other_settings_and_drops_old_secrets() -> None:
    """Credentials of the older shape would be secrets that nothing reads."""
    old = {"access_token": "old", "environment": {"app_id": "1"}, "start_date": "2026-01-01", "_comment": "mine"}
    new = with_credentials(old, {"app_id": "2", "secret": "3", "access_token": "4"})
    assert new == {
        "credentials": {"auth_type": "oauth2.0", "app_id": "2", "secret": "3", "access_token": "4"},
        "start_date": "2026-01-01",
        "_comment": "mine",
    }
    kept = {"credentials": {"auth_type": "oauth2.0", "advertiser_id": "7001", "access_token": "old"}}
    assert with_credentials(kept, {"access_token": "4"})["credentials"]["advertiser_id"] == "7001"
    sandbox = {"credentials": {"auth_type": "sandbox_access_token", "advertiser_id": "7001"}}
    assert "advertiser_id" not in with_credentials(sandbox, {"access_token": "4"})["credentials"]


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the old file, and nothing beside it."""
    path = tmp_path / "c.json"
    path.write_text('{"start_date": "2026-01-01"}')

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        write_config(str(path), {"credentials": {}})
    assert existing_config(str(path)) == {"start_date": "2026-01-01"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["Größe 東京", "half \ud83d", "\x00\x1b[2J"])
def test_every_text_is_written_as_it_was(tmp_path: Path, text: str) -> None:
    """Whatever somebody noted in the file."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"_comment": text}))
    write_config(str(path), existing_config(str(path)))
    assert existing_config(str(path)) == {"_comment": text}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that it leads to is written."""
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "c.json").symlink_to("real.json")
    write_config(str(tmp_path / "c.json"), {"start_date": "2026-01-01"})
    assert (tmp_path / "c.json").is_symlink()
    assert existing_config(str(tmp_path / "real.json")) == {"start_date": "2026-01-01"}


@pytest.mark.parametrize("path", ["-", ".", "/dev/null", "gone/c.json", "/proc/c.json", "a\0b"])
def test_places_that_no_file_can_have_are_refused_at_once(path: str) -> None:
    """Before anybody takes the trouble to get a token."""
    with pytest.raises(ConfigurationError):
        check_place(path) if path != "/proc/c.json" else write_config(path, {})


def test_a_file_of_another_user_stays_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The superuser writes it and leaves it to its owner. Anybody else is refused."""
    path = tmp_path / "c.json"
    path.write_text("{}")
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
        write_config(str(path), {})
        assert path.stat().st_uid == 12345
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        check_place(str(path))


def test_a_file_in_utf_16_is_not_added_to(tmp_path: Path) -> None:
    """It says what to do, and the file stays."""
    path = tmp_path / "c.json"
    path.write_bytes("{}".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="UTF-16"):
        existing_config(str(path))


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda setting: setting.name)
def test_a_command_that_is_advised_has_the_same_options(command: Callable[..., Any], setting: Setting) -> None:
    """`doctor` advises syncs, and they must mean the same configuration, however the option is written."""
    text = {
        Kind.DAY: "2026-01-01",
        Kind.FLAG: "false" if setting.default else "true",
        Kind.CHOICE: setting.choices[-1] if setting.choices else "",
        Kind.ADVERTISER_IDS: "7001,7002",
        Kind.REPORTS: '[{"name": "mine", "metrics": ["spend"]}]',
        Kind.METRICS_BY_LEVEL: '{"ad": ["total_checkout"]}',
    }.get(setting.kind, "5")
    words = ConfigSources(path="c.json", options={setting.name: text}).arguments
    write_config("c.json", {"credentials": {"access_token": "t0ken-t0ken", "app_id": "1", "secret": "s3cr3t-s3cr3t"}})
    shown = json.loads(command("config", "show", "--json", *words).stdout)
    assert shown["error"] is None
    assert [each["name"] for each in shown["settings"] if each["place"] == "option"] == [setting.name]
