from __future__ import annotations

import io
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from unit_builders import APP_ID, OAUTH, SECRET, TOKEN

import tiktok_marketing
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.config import AIRBYTE, Config, load_file, parse_config
from tiktok_marketing.config_sources import ConfigSources, Place, load_config, option_of
from tiktok_marketing.environment import OTHER_VARIABLES, settings_in, unknown_variables, warning_of_misspellings
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import CREDENTIALS, OPTIONS, SETTINGS, Kind, Setting, variable_of

CREDENTIALS_IN_ENVIRONMENT = {"TIKTOK_ACCESS_TOKEN": TOKEN, "TIKTOK_APP_ID": APP_ID, "TIKTOK_SECRET": SECRET}

TEXTS = {
    Kind.DAY: ("2026-11-01", date(2026, 11, 1)),
    Kind.WHOLE_NUMBER: ("3", 3),
    Kind.NUMBER: ("20", 20.0),
    Kind.ADVERTISER_IDS: (" 7001, 7002,", ("7001", "7002")),
    Kind.REPORTS: ('[{"name": "mine", "metrics": ["spend"]}]', (CustomReport(name="mine", metrics=("spend",)),)),
    Kind.METRICS_BY_LEVEL: ('{"ad": ["total_checkout"]}', {"ad": ("total_checkout",)}),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**fields: Any) -> str:
    """A configuration file in the working folder. Returns its path."""
    Path("c.json").write_text(json.dumps({"credentials": OAUTH, **fields}))
    return "c.json"


def load(path: str | None = None, options: dict[str, str] | None = None, **environment: str) -> Config:
    """The configuration from these places."""
    return ConfigSources(path=path, options=options or {}, environment=environment).load()


def refused(path: str | None = None, options: dict[str, str] | None = None, **environment: str) -> ConfigurationError:
    """The error about the configuration from these places."""
    with pytest.raises(ConfigurationError) as caught:
        load(path, options, **environment)
    return caught.value


def text_and_value(setting: Setting) -> tuple[str, Any]:
    """A text for a setting, and what it means. It is not the default."""
    if setting.kind is Kind.FLAG:
        return ("no", False) if setting.default else ("yes", True)
    if setting.kind is Kind.CHOICE:
        return setting.choices[1], setting.choices[1]
    return TEXTS[setting.kind]


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda setting: setting.name)
def test_every_setting_has_a_variable_and_an_option(setting: Setting) -> None:
    """Both mean the same, and neither needs a file."""
    text, value = text_and_value(setting)
    by_variable = load(**CREDENTIALS_IN_ENVIRONMENT, **{variable_of(setting): text})
    by_option = load(options={setting.name: text}, **CREDENTIALS_IN_ENVIRONMENT)
    assert getattr(by_variable, setting.name) == getattr(by_option, setting.name) == value
    assert by_variable != load(**CREDENTIALS_IN_ENVIRONMENT)


def test_credentials_in_the_environment_need_no_file() -> None:
    """Without `auth_type`, they are those of production."""
    config = load(**CREDENTIALS_IN_ENVIRONMENT, TIKTOK_ADVERTISER_ID="7001")
    assert (config.access_token, config.app_id, config.secret, config.sandbox) == (TOKEN, APP_ID, SECRET, False)
    assert config.advertiser_id == "7001"


def test_a_token_and_accounts_in_the_environment_are_enough() -> None:
    """Only the list of accounts needs the application."""
    assert load(TIKTOK_ACCESS_TOKEN=TOKEN, TIKTOK_ADVERTISER_IDS="7001").advertiser_ids == ("7001",)
    assert not load(TIKTOK_ACCESS_TOKEN=TOKEN, TIKTOK_ADVERTISER_ID="7001").sandbox


def test_a_sandbox_is_named_by_auth_type() -> None:
    """The variable is TIKTOK_AUTH_TYPE, as in a file."""
    config = load(TIKTOK_AUTH_TYPE="sandbox_access_token", TIKTOK_ACCESS_TOKEN=TOKEN, TIKTOK_ADVERTISER_ID="7001")
    assert config.sandbox


def test_the_stronger_place_counts() -> None:
    """Option, environment, file, default: in this order."""
    path = write(start_date="2026-01-01", end_date="2026-03-01", attribution_window=1)
    config = load(
        path,
        {"start_date": "2026-01-03"},
        TIKTOK_START_DATE="2026-01-02",
        TIKTOK_END_DATE="2026-02-02",
    )
    assert config.start_date == date(2026, 1, 3)
    assert config.end_date == date(2026, 2, 2)
    assert config.attribution_window == 1
    assert config.report_granularity == 30


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_not_set(value: str) -> None:
    """It does not hide the file's value."""
    assert load(write(start_date="2026-01-01"), TIKTOK_START_DATE=value).start_date == date(2026, 1, 1)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("TRUE", True), ("0", False), ("no", False)])
def test_flags_are_words_of_several_kinds(text: str, value: bool) -> None:
    """True, yes and 1 mean the same; so do false, no and 0."""
    assert load(write(include_deleted=not value), TIKTOK_INCLUDE_DELETED=text).include_deleted is value


def test_ids_may_be_a_json_list() -> None:
    """A list copied from a file works too."""
    assert load(**CREDENTIALS_IN_ENVIRONMENT, TIKTOK_ADVERTISER_IDS='["7001","7002"]').advertiser_ids == (
        "7001",
        "7002",
    )


@pytest.mark.parametrize(
    "old",
    [
        {"access_token": "old-token-1", "environment": {"app_id": APP_ID, "secret": SECRET}},
        {"credentials": {**OAUTH, "access_token": "old-token-1"}},
        {"credentials": {"app_id": APP_ID, "secret": SECRET}},
    ],
)
def test_a_variable_replaces_one_credential_of_any_shape(old: dict[str, Any]) -> None:
    """The others stay those of the file."""
    Path("c.json").write_text(json.dumps(old))
    config = load("c.json", TIKTOK_ACCESS_TOKEN=TOKEN)
    assert (config.access_token, config.app_id, config.secret, config.sandbox) == (TOKEN, APP_ID, SECRET, False)


@pytest.mark.parametrize(
    "old",
    [
        {"access_token": "old-token-1", "environment": {"advertiser_id": "7001"}},
        {"credentials": {"access_token": "old-token-1", "advertiser_id": "7001"}},
        {"credentials": {"auth_type": "sandbox_access_token", "advertiser_id": "7001"}},
    ],
)
def test_a_sandbox_file_stays_one(old: dict[str, Any]) -> None:
    """A token in the environment does not turn it into a file for production."""
    Path("c.json").write_text(json.dumps(old))
    config = load("c.json", TIKTOK_ACCESS_TOKEN=TOKEN)
    assert (config.access_token, config.advertiser_id, config.sandbox) == (TOKEN, "7001", True)


def test_a_file_without_variables_means_what_it_means_alone() -> None:
    """Nothing is added to it."""
    raw = {"credentials": OAUTH, "start_date": "2026-01-01", "include_deleted": False}
    Path("c.json").write_text(json.dumps(raw))
    assert load("c.json") == parse_config(raw)


@pytest.mark.parametrize(
    ("path", "environment", "expected"),
    [
        ("named.json", {"TIKTOK_CONFIG": "other.json"}, 1),
        (None, {"TIKTOK_CONFIG": "other.json"}, 2),
        (None, {"TIKTOK_CONFIG": ""}, 3),
        (None, {}, 3),
    ],
)
def test_one_file_is_read(path: str | None, environment: dict[str, str], expected: int) -> None:
    """The one that is named, or the one of the variable, or the one of the usual name in the working folder."""
    for days, name in enumerate(("named.json", "other.json", "tiktok-marketing.json"), start=1):
        Path(name).write_text(json.dumps({"credentials": OAUTH, "attribution_window": days}))
    assert load(path, **environment).attribution_window == expected


@pytest.mark.parametrize(
    ("path", "options", "environment", "sentence"),
    [
        ("c.json", {}, {}, "The file c.json sets it, as attribution_window."),
        ("c.json", {}, {"TIKTOK_ATTRIBUTION_WINDOW": "500"}, "variable TIKTOK_ATTRIBUTION_WINDOW sets it."),
        ("c.json", {"attribution_window": "x"}, {}, "The option --attribution-window sets it."),
    ],
)
def test_an_error_says_where_a_wrong_value_is_from(
    path: str, options: dict[str, str], environment: dict[str, str], sentence: str
) -> None:
    """Somebody who sets it in several places learns which of them to change."""
    write(attribution_window=400)
    error = refused(path, options, **environment)
    assert error.message.startswith("attribution_window is ")
    assert sentence in error.message


@pytest.mark.parametrize("setting", OPTIONS, ids=lambda setting: setting.name)
def test_every_wrong_variable_is_named(setting: Setting) -> None:
    """No kind of setting forgets it."""
    error = refused(**CREDENTIALS_IN_ENVIRONMENT, **{variable_of(setting): "x?"})
    assert variable_of(setting) in error.message


def test_both_places_of_a_contradiction_are_named() -> None:
    """A start in the file after an end in the environment is an error of two places."""
    error = refused(write(start_date="2026-05-01"), TIKTOK_END_DATE="2026-04-01")
    assert "The file c.json sets it, as start_date. The environment variable TIKTOK_END_DATE sets it." in error.message


def test_a_missing_credential_is_reported_with_all_places() -> None:
    """The variables, and the keys of the file."""
    Path("c.json").write_text(json.dumps({"credentials": {"auth_type": "oauth2.0", "app_id": APP_ID}}))
    error = refused("c.json", TIKTOK_SECRET=SECRET)
    assert "credentials.access_token is missing. The environment does not have TIKTOK_ACCESS_TOKEN." in error.message
    assert "The file c.json does not have credentials.access_token." in error.message


def test_without_any_place_the_error_names_them_all() -> None:
    """It also says how to get a token."""
    error = refused()
    for place in ("TIKTOK_ACCESS_TOKEN", "--config", "TIKTOK_CONFIG", "tiktok-marketing.json"):
        assert place in error.message
    assert "tiktok-marketing login" in error.remedy


def test_no_error_shows_a_secret() -> None:
    """A secret that stands in the wrong variable is masked."""
    error = refused(**CREDENTIALS_IN_ENVIRONMENT, TIKTOK_START_DATE=SECRET)
    assert SECRET not in str(error)


def test_a_file_that_a_variable_names_is_named_with_the_variable() -> None:
    """Nobody sees the name on the command line."""
    error = refused(TIKTOK_CONFIG="gone.json")
    assert error.message == (
        "The configuration file gone.json does not exist. The environment variable TIKTOK_CONFIG names it."
    )


def test_an_unknown_key_is_still_an_error() -> None:
    """The environment changes nothing about it."""
    error = refused(write(start_dat="2026-01-01"), **CREDENTIALS_IN_ENVIRONMENT)
    assert '"start_dat" (did you mean start_date?)' in error.message
    assert "The configuration file c.json" in error.message


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TIKTOK_START_DAT", "TIKTOK_START_DATE"),
        ("TIKTOK_STARTDATE", "TIKTOK_START_DATE"),
        ("tiktok_start_date", "TIKTOK_START_DATE"),
        ("TIKTOK_ADVERTISERS_IDS", "TIKTOK_ADVERTISER_IDS"),
        ("TIKTOK_API_ULR", "TIKTOK_API_URL"),
        ("TIKTOK_CONFIGS", "TIKTOK_CONFIG"),
        ("TIKTOK_SHOP_KEY", None),
        ("TIKTOK_CLIENT_KEY", None),
        ("TIKTOK_PIXEL_ID", None),
        ("TIKTOK_", None),
    ],
)
def test_a_misspelt_variable_is_a_warning(name: str, nearest: str | None) -> None:
    """One that is plainly another program's is not."""
    assert [(each.name, each.nearest) for each in unknown_variables({name: "x"})] == [(name, nearest)]
    warnings = warning_of_misspellings({name: "x"})
    assert [nearest in warning and name in warning for warning in warnings if nearest] == [True] * (nearest is not None)
    told: list[str] = []
    load_config(write(), environment={name: "x"}, on_warning=told.append)
    assert told == warnings


def test_the_other_variables_are_those_that_the_program_reads() -> None:
    """None of them passes for a misspelling."""
    root = Path(tiktok_marketing.__file__).parent
    read = {
        name
        for path in [*root.rglob("*.py"), root.parents[1] / "setup.py"]
        for name in re.findall(r"\"(TIKTOK_[A-Z_]+)\"", path.read_text())
    } - {"TIKTOK_", "TIKTOK_SHOP", "TIKTOK_NATIVE_PAGE", *map(variable_of, SETTINGS)}
    assert read == set(OTHER_VARIABLES)
    assert not unknown_variables(dict.fromkeys([*OTHER_VARIABLES, *map(variable_of, SETTINGS)], "x"))


def test_variables_and_keys_are_different_places() -> None:
    """The name of a variable follows from the setting's name alone."""
    assert settings_in({"TIKTOK_APP_ID": " 1 ", "APP_ID": "2"}) == {"app_id": "1"}
    assert {option_of(setting.name) for setting in OPTIONS} & {option_of(each.name) for each in CREDENTIALS} == set()


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment outranks it, too. An empty one is an error."""

    def pipe(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe(json.dumps({"credentials": OAUTH, "attribution_window": 2}))
    assert load("-", TIKTOK_START_DATE="2026-01-01").attribution_window == 2
    pipe(json.dumps({"credentials": OAUTH, "attribution_window": 400}))
    assert "Standard input sets it, as attribution_window." in refused("-").message
    pipe("")
    assert refused("-", **CREDENTIALS_IN_ENVIRONMENT).message == "The configuration on standard input is empty."


def test_origins_are_known_for_every_setting() -> None:
    """`config show` shows them."""
    path = write(start_date="2026-01-01")
    sources = ConfigSources(path=path, options={"end_date": "2026-02-01"}, environment={"TIKTOK_APP_ID": APP_ID})
    places = {name: origin.place for name, origin in sources.collect().origins.items()}
    assert places.keys() == {setting.name for setting in SETTINGS}
    assert (places["start_date"], places["end_date"], places["app_id"], places["refresh_objects"]) == (
        Place.FILE,
        Place.OPTION,
        Place.ENVIRONMENT,
        Place.DEFAULT,
    )


def test_the_library_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`load_config()` needs no path; an empty environment means the file alone."""
    for name, value in CREDENTIALS_IN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TIKTOK_ATTRIBUTION_WINDOW", "5")
    assert tiktok_marketing.load_config().attribution_window == 5
    assert tiktok_marketing.load_config(write(attribution_window=2)).attribution_window == 5
    assert tiktok_marketing.load_config(Path("c.json"), environment={}).attribution_window == 2


def test_the_airbyte_source_reads_its_file_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its platform's configuration is complete, and its environment is not its user's."""
    for setting in OPTIONS:
        monkeypatch.setenv(variable_of(setting), text_and_value(setting)[0])
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "another-token-1")
    assert load_file(write(), AIRBYTE) == parse_config({"credentials": OAUTH}, AIRBYTE)


def test_a_folder_that_cannot_be_searched_has_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor has one that is gone."""
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load(**CREDENTIALS_IN_ENVIRONMENT).access_token == TOKEN
