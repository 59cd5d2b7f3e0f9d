from __future__ import annotations

import contextlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import APP_ID, OAUTH, SANDBOX, SECRET, TOKEN, json_values

from tiktok_marketing.config import AIRBYTE, COMMAND, Config, Face, load_file, parse_config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import CREDENTIALS, OPTIONS

FIELDS = tuple(setting.name for setting in OPTIONS)
NOBODY: list[Any] = [",", " , ,", [""], ["", " "]]
"""Lists of accounts that were given and name none. Without an error, a sync would read all accounts."""


def parsed(**fields: Any) -> Config:
    """A production configuration with these fields."""
    return parse_config({"credentials": OAUTH, **fields})


def refused(raw: Any) -> ConfigurationError:
    """The error of a configuration that is rejected."""
    with pytest.raises(ConfigurationError) as caught:
        parse_config(raw)
    return caught.value


def test_every_setting_is_a_field_with_its_default() -> None:
    """The table of settings and the configuration name the same fields, and give them the same defaults."""
    derived = {"sandbox", "objects_since_start_date", "shard"}
    assert {setting.name for setting in (*CREDENTIALS, *OPTIONS)} - {"auth_type"} == {
        *Config.__struct_fields__
    } - derived
    config = Config(access_token=TOKEN)
    for setting in OPTIONS:
        default = getattr(config, setting.name)
        assert default == (date.fromisoformat(setting.default) if setting.name == "start_date" else setting.default)


def test_production_credentials_are_read() -> None:
    """`oauth2.0` credentials contain token, application and secret, and select every account."""
    config = parse_config({"credentials": OAUTH})
    assert (config.access_token, config.app_id, config.secret) == (TOKEN, APP_ID, SECRET)
    assert config.advertiser_id is None
    assert not config.sandbox


def test_production_credentials_may_select_one_account() -> None:
    """`advertiser_id` in the credentials restricts the sync to that account."""
    assert parse_config({"credentials": {**OAUTH, "advertiser_id": "7001"}}).advertiser_id == "7001"


def test_sandbox_credentials_are_read() -> None:
    """`sandbox_access_token` credentials need neither application nor secret."""
    config = parse_config({"credentials": SANDBOX})
    assert config.sandbox
    assert (config.access_token, config.advertiser_id, config.secret) == (TOKEN, "7001", None)


def test_the_old_production_shape_is_read() -> None:
    """A token at the top level and an `environment` with a secret mean production."""
    config = parse_config({"access_token": TOKEN, "environment": {"app_id": APP_ID, "secret": SECRET}})
    assert not config.sandbox
    assert (config.access_token, config.app_id, config.secret) == (TOKEN, APP_ID, SECRET)


def test_the_old_sandbox_shape_is_read() -> None:
    """An `environment` without a secret means a sandbox, as in Airbyte's connector."""
    config = parse_config({"access_token": TOKEN, "environment": {"advertiser_id": "7001"}})
    assert config.sandbox
    assert config.advertiser_id == "7001"


def test_credentials_outrank_the_old_shape() -> None:
    """If both are given, `credentials` counts."""
    old = {"access_token": "other", "environment": {"advertiser_id": "1"}}
    assert parse_config({"credentials": OAUTH, **old}) == parse_config({"credentials": OAUTH})


@pytest.mark.parametrize("nothing", [{}, None, "", []])
def test_empty_credentials_do_not_hide_the_old_shape(nothing: Any) -> None:
    """The form's empty `credentials` object is ignored."""
    old = {"access_token": TOKEN, "environment": {"app_id": APP_ID, "secret": SECRET}}
    assert parse_config({"credentials": nothing, **old}) == parse_config(old)


def test_defaults_of_the_command_are_the_documented_ones() -> None:
    """The command and the library read seven days again, deleted objects, and objects whatever their age."""
    assert parsed() == Config(
        access_token=TOKEN,
        app_id=APP_ID,
        secret=SECRET,
        start_date=date(2016, 9, 1),
        end_date=None,
        attribution_window=7,
        report_granularity=30,
        include_deleted=True,
        objects_since_start_date=False,
        requests_per_second=10.0,
    )
    assert parsed() == Config(access_token=TOKEN, app_id=APP_ID, secret=SECRET)


@pytest.mark.parametrize(
    "silent", [{}, {"attribution_window": None}, {"include_deleted": "", "attribution_window": ""}]
)
def test_through_airbyte_defaults_are_airbytes(silent: dict[str, Any]) -> None:
    """Three days, nothing deleted, and objects since `start_date`. An empty value is silent, too."""
    config = parse_config({"credentials": OAUTH, **silent}, AIRBYTE)
    assert (config.attribution_window, config.include_deleted, config.objects_since_start_date) == (3, False, True)


@pytest.mark.parametrize("face", [COMMAND, AIRBYTE])
def test_what_a_configuration_says_holds_for_every_face(face: Face) -> None:
    """Also where it says the other face's default."""
    for window, deleted in ((3, False), (7, True), (0, "false")):
        raw = {"credentials": OAUTH, "attribution_window": window, "include_deleted": deleted}
        config = parse_config(raw, face)
        assert (config.attribution_window, config.include_deleted) == (window, deleted is True)


def test_a_config_of_the_library_may_leave_fields_empty() -> None:
    """None means the default, as in a file."""
    nothing: Any = None
    config = Config(access_token=TOKEN, attribution_window=nothing, include_deleted=nothing, skip_empty_days=nothing)
    assert config == Config(access_token=TOKEN)
    assert config.include_deleted
    assert config.skip_empty_days


@pytest.mark.parametrize("nothing", ["", None])
@pytest.mark.parametrize("field", FIELDS)
def test_an_empty_text_means_not_set(field: str, nothing: str | None) -> None:
    """A form field that was cleared sends an empty text, which means the same as a missing field."""
    assert parsed(**{field: nothing}) == parsed()


def test_an_empty_advertiser_id_means_not_set() -> None:
    """A cleared account in the credentials means every account."""
    assert parse_config({"credentials": {**OAUTH, "advertiser_id": ""}}) == parsed()


@pytest.mark.parametrize("word", ["LIFETIME", "DAY", "HOUR", "day", " Hour "])
def test_old_values_of_the_granularity_are_ignored(word: str) -> None:
    """Before 0.1.13 `report_granularity` meant something else; those configurations still work."""
    assert parsed(report_granularity=word).report_granularity == 30


@pytest.mark.parametrize(("given", "read"), [(1, 1), (30, 30), ("7", 7), (7.0, 7), (" 12 ", 12)])
def test_whole_numbers_may_be_text_or_have_a_decimal_point(given: Any, read: int) -> None:
    """`"7"` and `7.0` are accepted as 7."""
    assert parsed(report_granularity=given).report_granularity == read


@pytest.mark.parametrize(
    ("given", "read"), [(True, True), (False, False), ("true", True), ("False", False), (" TRUE ", True)]
)
def test_flags_may_be_text(given: Any, read: bool) -> None:
    """`"true"` means the same as true."""
    assert parsed(include_deleted=given).include_deleted is read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], ()),
        (["7001", "7002"], ("7001", "7002")),
        ([7001, "7001", " 7002 ", ""], ("7001", "7002")),
        ("7001, 7002", ("7001", "7002")),
        ("7001", ("7001",)),
    ],
)
@pytest.mark.parametrize("field", ["advertiser_ids", "exclude_advertiser_ids"])
def test_lists_of_accounts_keep_their_order_without_duplicates(field: str, given: Any, read: tuple[str, ...]) -> None:
    """Ids may be numbers, texts or one text with commas."""
    assert getattr(parsed(**{field: given}), field) == read


@pytest.mark.parametrize("nothing", ["", " ", [], None])
@pytest.mark.parametrize("field", ["advertiser_ids", "exclude_advertiser_ids"])
def test_an_empty_list_of_accounts_is_not_set(field: str, nothing: Any) -> None:
    """A form sends it for a list without entries."""
    assert getattr(parsed(**{field: nothing}), field) == ()


@pytest.mark.parametrize(("given", "read"), [(20, 20.0), ("30", 30.0), (0.5, 0.5), (50.0, 50.0)])
def test_the_rate_may_be_text_or_a_fraction(given: Any, read: float) -> None:
    """The tier's requests per second need not be an integer."""
    assert parsed(requests_per_second=given).requests_per_second == read


def test_start_and_end_may_be_the_same_day() -> None:
    """A range may be a single day."""
    config = parsed(start_date="2026-01-31", end_date="2026-01-31")
    assert config.start_date == config.end_date == date(2026, 1, 31)


def test_a_start_after_the_end_is_rejected() -> None:
    """The error contains both dates and what to do about them."""
    error = refused({"credentials": OAUTH, "start_date": "2026-02-01", "end_date": "2026-01-31"})
    assert "start_date 2026-02-01 is after end_date 2026-01-31" in error.message
    assert error.remedy


def test_an_end_before_the_default_start_is_rejected() -> None:
    """The default start counts too."""
    assert "start_date" in refused({"credentials": OAUTH, "end_date": "2016-08-31"}).message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start_date", "2026-02-30"),
        ("start_date", "2026-1-1"),
        ("start_date", "2026-01-01T00:00:00Z"),
        ("start_date", "31.01.2026"),
        ("start_date", 20260101),
        ("start_date", ["2026-01-01"]),
        ("start_date", "0000-01-01"),
        ("end_date", "tomorrow"),
        ("end_date", False),
        ("attribution_window", -1),
        ("attribution_window", 365),
        ("attribution_window", 1.5),
        ("attribution_window", True),
        ("attribution_window", "three"),
        ("attribution_window", float("nan")),
        ("attribution_window", float("inf")),
        ("attribution_window", "99999999999"),
        ("report_granularity", 0),
        ("report_granularity", 31),
        ("report_granularity", "WEEK"),
        ("report_granularity", {}),
        ("include_deleted", "yes"),
        ("include_deleted", 1),
        ("skip_inaccessible_advertisers", []),
        ("advertiser_ids", ["abc"]),
        ("advertiser_ids", [True]),
        ("advertiser_ids", [None]),
        ("advertiser_ids", [-5]),
        ("advertiser_ids", {"7001": True}),
        ("advertiser_ids", 7001),
        ("advertiser_ids", ["\uff17\uff10\uff10\uff11"]),  # full-width digits
        ("advertiser_ids", "\u0667\u0660\u0660\u0661"),  # Arabic ones
        ("exclude_advertiser_ids", "7001;7002"),
        ("exclude_advertiser_ids", [["7001"]]),
        *((field, nobody) for field in ("advertiser_ids", "exclude_advertiser_ids") for nobody in NOBODY),
        ("requests_per_second", 0),
        ("requests_per_second", -10),
        ("requests_per_second", True),
        ("requests_per_second", "fast"),
        ("requests_per_second", float("nan")),
        ("requests_per_second", float("inf")),
        ("requests_per_second", 1001),
        ("requests_per_second", [10]),
        pytest.param("requests_per_second", 10**400, id="requests_per_second-beyond-doubles"),
    ],
)
def test_the_error_of_a_wrong_value_has_its_field_and_a_remedy(field: str, value: Any) -> None:
    """The error names the field in one sentence and says what to write; it shows no secret."""
    error = refused({"credentials": OAUTH, field: value})
    assert field in error.message
    assert error.message.endswith(".")
    assert "\n" not in str(error)
    assert error.remedy.endswith(".")
    assert not any(secret in str(error) for secret in (TOKEN, SECRET, APP_ID))


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_a_configuration_that_is_not_an_object_is_rejected(raw: Any) -> None:
    """A configuration is an object."""
    error = refused(raw)
    assert "not a JSON object" in error.message
    assert error.remedy


@pytest.mark.parametrize("raw", [{}, {"credentials": {}}, {"credentials": None}, {"environment": "x"}])
def test_missing_credentials_are_reported(raw: Any) -> None:
    """The remedy shows both shapes."""
    error = refused(raw)
    assert "no credentials" in error.message
    assert "oauth2.0" in error.remedy
    assert "sandbox_access_token" in error.remedy


@pytest.mark.parametrize("credentials", [[1], "token", 5, True])
def test_credentials_that_are_not_an_object_are_rejected(credentials: Any) -> None:
    """`credentials` is an object."""
    assert "credentials" in refused({"credentials": credentials}).message


@pytest.mark.parametrize("kind", [None, "", "oauth", "OAUTH2.0", 2, True, [], {}, ["oauth2.0"]])
def test_an_unknown_kind_of_credentials_is_reported(kind: Any) -> None:
    """The remedy lists the two kinds."""
    error = refused({"credentials": {**OAUTH, "auth_type": kind}})
    assert "credentials.auth_type" in error.message
    assert "oauth2.0" in error.remedy


@pytest.mark.parametrize("field", ["access_token", "app_id", "secret"])
@pytest.mark.parametrize("empty", [None, "", "   "])
def test_a_missing_field_of_the_credentials_is_named(field: str, empty: str | None) -> None:
    """With its path; an empty text counts as missing."""
    assert refused({"credentials": {**OAUTH, field: empty}}).message == f"credentials.{field} is missing."


@pytest.mark.parametrize("named", [{"advertiser_ids": ["7001"]}, {}])
@pytest.mark.parametrize("field", ["app_id", "secret"])
def test_named_accounts_need_no_application(field: str, named: dict[str, Any]) -> None:
    """Only the list of accounts needs it."""
    credentials = {name: value for name, value in OAUTH.items() if name != field}
    if not named:
        credentials["advertiser_id"] = "7001"
    assert getattr(parse_config({"credentials": credentials, **named}), field) is None


def test_all_missing_fields_are_named_together() -> None:
    """One error is enough to complete the credentials."""
    error = refused({"credentials": {"auth_type": "oauth2.0"}})
    assert all(field in error.message for field in ("access_token", "app_id", "secret"))


def test_a_sandbox_needs_its_account() -> None:
    """A sandbox token cannot list accounts, so its account must be given."""
    error = refused({"credentials": {"auth_type": "sandbox_access_token", "access_token": TOKEN}})
    assert error.message == "credentials.advertiser_id is missing."


def test_errors_of_the_old_shape_name_its_own_fields() -> None:
    """Missing fields are named where the user would write them."""
    assert refused({"environment": {"app_id": APP_ID, "secret": SECRET}}).message == "access_token is missing."
    assert refused({"access_token": TOKEN, "environment": {"secret": SECRET}}).message == (
        "environment.app_id is missing."
    )


@pytest.mark.parametrize(
    "value", ["70-01", "abc", "7001,7002", "7.5", "\uff17\uff10\uff10\uff11", "\u0667\u0660\u0660\u0661"]
)
def test_an_advertiser_id_is_a_number(value: str) -> None:
    """One account is one number."""
    assert "credentials.advertiser_id" in refused({"credentials": {**OAUTH, "advertiser_id": value}}).message


@pytest.mark.parametrize("value", [["a"], {"a": 1}, True, 1.5])
@pytest.mark.parametrize("field", ["access_token", "app_id", "secret"])
def test_credentials_are_texts(field: str, value: Any) -> None:
    """The error names the field; its value, which may be a secret of the wrong type, is not shown."""
    error = refused({"credentials": {**OAUTH, field: value}})
    assert field in error.message
    assert json.dumps(value) not in str(error)


def test_numeric_credentials_are_accepted_as_text() -> None:
    """An application's id without quotes is accepted."""
    assert parse_config({"credentials": {**OAUTH, "app_id": 7123}}).app_id == "7123"


def test_white_space_around_credentials_is_removed() -> None:
    """A pasted token often ends with a line break."""
    assert parse_config({"credentials": {**OAUTH, "access_token": f" {TOKEN}\n"}}).access_token == TOKEN


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX-Y: 1", "tok\u0142", "tok\0"])
def test_a_token_that_does_not_fit_into_a_header_is_rejected(token: str) -> None:
    """Line breaks and characters outside ASCII are reported before any request; the token is not shown."""
    error = refused({"credentials": {**OAUTH, "access_token": token}})
    assert "credentials.access_token" in error.message
    assert token not in str(error)


@pytest.mark.parametrize("field", ["start_date", "advertiser_ids", "attribution_window"])
@pytest.mark.parametrize("secret", [TOKEN, SECRET])
def test_a_secret_that_was_pasted_into_another_field_is_masked(field: str, secret: str) -> None:
    """The error names the field, and shows stars instead of the secret."""
    error = refused({"credentials": OAUTH, field: secret})
    assert field in error.message
    assert "***" in error.message
    assert secret not in str(error)


@pytest.mark.parametrize(
    "key", ["concurrency_level", "__injected_declarative_manifest", "__injected_components_py", "$schema", "_comment"]
)
@pytest.mark.parametrize("face", [COMMAND, AIRBYTE])
def test_keys_of_airbyte_are_known(key: str, face: Face) -> None:
    """What only Airbyte's connector uses, and what its platform adds, is accepted without a word."""
    warnings: list[str] = []
    raw = {"credentials": OAUTH, key: {"a": [1]}}
    assert parse_config(raw, face, on_warning=warnings.append) == parse_config({"credentials": OAUTH}, face)
    assert warnings == []


UNKNOWN_KEYS = [
    ({"start_dat": "2026-01-01"}, '"start_dat"', "start_date"),
    ({"Start_Date": "2026-01-01"}, '"Start_Date"', "start_date"),
    ({"startDate": "2026-01-01"}, '"startDate"', "start_date"),
    ({"start-date": "2026-01-01"}, '"start-date"', "start_date"),
    ({"include deleted": True}, '"include deleted"', "include_deleted"),
    ({"advertiserIds": ["1"]}, '"advertiserIds"', "advertiser_ids"),
    ({"attribution_windw": 1}, '"attribution_windw"', "attribution_window"),
    ({"app_id": "1"}, '"app_id"', "credentials.app_id"),
    ({"credentials": {**OAUTH, "acess_token": "hidden"}}, '"credentials.acess_token"', "credentials.access_token"),
    ({"credentials": {**OAUTH, "appId": "hidden"}}, '"credentials.appId"', "credentials.app_id"),
    ({"credentials": {**OAUTH, "start_date": "hidden"}}, '"credentials.start_date"', "start_date"),
    ({"environment": {"advertiserid": "hidden"}}, '"environment.advertiserid"', "environment.advertiser_id"),
]


@pytest.mark.parametrize(("fields", "key", "nearest"), UNKNOWN_KEYS, ids=[key for _, key, _ in UNKNOWN_KEYS])
def test_an_unknown_key_is_an_error_that_names_the_nearest(fields: dict[str, Any], key: str, nearest: str) -> None:
    """Otherwise what it should set would silently stay at its default."""
    error = refused({"credentials": OAUTH, **fields})
    assert f"unknown key: {key} (did you mean {nearest}?)" in error.message
    assert "hidden" not in str(error)


@pytest.mark.parametrize(("fields", "key", "nearest"), UNKNOWN_KEYS, ids=[key for _, key, _ in UNKNOWN_KEYS])
def test_through_airbyte_an_unknown_key_is_a_warning(fields: dict[str, Any], key: str, nearest: str) -> None:
    """Airbyte allows additional properties, so a sync goes on."""
    warnings: list[str] = []
    parse_config({"credentials": OAUTH, **fields}, AIRBYTE, on_warning=warnings.append)
    (warning,) = warnings
    assert f"{key} (did you mean {nearest}?)" in warning
    assert "hidden" not in warning


def test_an_unknown_key_never_shows_its_value_or_a_secret() -> None:
    """The value may be a secret, and somebody may have pasted one as a key."""
    error = refused({"credentials": OAUTH, SECRET: "a-value", "x" * 5000: "another-value"})
    assert SECRET not in str(error)
    assert "value" not in str(error)
    assert len(str(error)) < 1000


def test_an_unknown_key_names_the_file(tmp_path: Path) -> None:
    """The error says where to look."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"credentials": OAUTH, "start_dat": "2026-01-01"}))
    with pytest.raises(ConfigurationError, match=r"mine\.json has an unknown key: \"start_dat\""):
        load_file(path)


@given(st.dictionaries(st.text(max_size=20), json_values, max_size=5))
def test_any_key_is_known_or_named(fields: dict[str, Any]) -> None:
    """Whatever the key, parsing ends with a configuration or a sentence."""
    with contextlib.suppress(ConfigurationError):
        parse_config({"credentials": OAUTH, **fields})


def test_long_wrong_values_are_cut() -> None:
    """A whole file pasted into a field does not fill the screen."""
    assert len(str(refused({"credentials": OAUTH, "start_date": "x" * 10_000}))) < 200


def test_secrets_are_listed_for_scrubbing() -> None:
    """No message may contain the token, the secret or the application's id."""
    assert set(parsed().secrets) == {TOKEN, SECRET, APP_ID}


_scalar_kind = st.sampled_from(["oauth2.0", "sandbox_access_token", "", "x"]) | st.none() | st.integers()
_credentials = st.fixed_dictionaries(
    {},
    optional={
        "auth_type": _scalar_kind,
        "access_token": json_values | st.just(TOKEN),
        "app_id": json_values | st.just(APP_ID),
        "secret": json_values | st.just(SECRET),
        "advertiser_id": json_values | st.just("7001"),
    },
)
_dates = st.dates().map(str) | json_values
_fields = st.fixed_dictionaries(
    {},
    optional={
        "credentials": _credentials | json_values.filter(lambda value: not isinstance(value, dict)),
        "environment": _credentials | json_values,
        "access_token": json_values | st.just(TOKEN),
        **dict.fromkeys(FIELDS, json_values),
        "start_date": _dates,
        "end_date": _dates,
    },
)


def _check(raw: Any) -> None:
    try:
        config = parse_config(raw)
    except ConfigurationError as error:
        assert error.message.strip()  # noqa: PT017 - either way out is fine, and this one has to speak
        assert error.remedy.strip()  # noqa: PT017
        str(error).encode()
    else:
        assert config.access_token
        assert 0 <= config.attribution_window <= 364
        assert 1 <= config.report_granularity <= 30
        assert config.end_date is None or config.start_date <= config.end_date


@given(_fields | json_values)
def test_any_json_is_a_configuration_or_a_configuration_error(raw: Any) -> None:
    """No value of any field raises another exception."""
    _check(raw)


_secrets = st.sampled_from([TOKEN, SECRET, APP_ID])
_pasted = _secrets | st.tuples(st.text(max_size=4), _secrets, st.text(max_size=4)).map("".join)
_elsewhere = json_values | _pasted | st.lists(json_values | _pasted, max_size=3)


@given(st.fixed_dictionaries({"credentials": st.just(OAUTH)}, optional=dict.fromkeys(FIELDS, _elsewhere)))
def test_no_error_about_a_field_shows_a_secret(raw: Any) -> None:
    """Errors quote the wrong value but no credentials, even if those were pasted into the field."""
    try:
        parse_config(raw)
    except ConfigurationError as error:
        assert not any(secret in f"{error} {error.detail}" for secret in (TOKEN, SECRET, APP_ID))  # noqa: PT017
