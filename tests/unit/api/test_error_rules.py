from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.error_rules import (
    ERROR_RULES,
    ErrorRule,
    daily_quota_spent,
    nothing_answers,
    page_error,
    rule_for,
    transport_error,
)
from tiktok_marketing.errors import (
    AccountError,
    Action,
    AuthError,
    ConfigurationError,
    ConnectorError,
    DestinationError,
    FailureType,
    IncompleteReadError,
    OutOfMemoryError,
    PermissionDeniedError,
    SyncInterruptedError,
)

RETRY_ACTIONS = {Action.RETRY, Action.SLOW_DOWN, Action.SLOW_ACCOUNT}
FINAL_ACTIONS = {Action.FAIL_ACCOUNT, Action.FAIL_STREAM, Action.STOP_SYNC}

# The appendix of return codes, by what TikTok's documents and other people's experience say about each.
RETRIED = [40016, 40100, 40132, 40133, 40200, 40201, 40202, 40700]
RETRIED += [50000, 50002, 51001, 51002, 51004, 51010, 51039, 51041, 51305, 60001]
SPLIT = [40011, 40067]
WRONG_REQUEST = [40000, 40002, 40006, 40010, 40050, 40051, 40052, 40053]
ACCOUNT = [40001, 40013, 40106, 40119, 40300, 40301]
REFUSED_TO_USER = [40007, 40117, 41002]
STREAM = [40008, 40009, 40014, 40118, 41001]
TOKEN = [40101, 40102, 40103, 40104, 40105, 40107, 40108, 40109, 40110]
PERMISSION = [*ACCOUNT, *REFUSED_TO_USER, *STREAM, *TOKEN, 40112, 40113, 40115, 40116]
PERMISSION += [40121, 40122, 40124, 40125, 41000]


@pytest.mark.parametrize("code", RETRIED)
def test_transient_codes_are_retried(code: int) -> None:
    """Faults at TikTok, rate limits and unfinished tasks: the same request may succeed later."""
    rule = rule_for(code)
    assert rule.action in RETRY_ACTIONS
    assert rule.failure_type is FailureType.TRANSIENT


@pytest.mark.parametrize("code", [40016, 40100])
def test_the_applications_rate_limit_slows_down(code: int) -> None:
    """More requests at the same rate would prolong the suspension."""
    assert rule_for(code).action is Action.SLOW_DOWN


@pytest.mark.parametrize("code", SPLIT)
def test_a_request_that_is_too_large_is_split(code: int) -> None:
    """Too many ids, or too large a query: only a smaller request can succeed."""
    assert rule_for(code).action is Action.SPLIT


@pytest.mark.parametrize("code", WRONG_REQUEST)
def test_a_wrong_request_is_an_error(code: int) -> None:
    """It is neither ignored nor retried, not even 40002, which Airbyte's connector ignores silently."""
    assert rule_for(code).action in FINAL_ACTIONS


@pytest.mark.parametrize("code", PERMISSION)
def test_missing_permissions_are_final(code: int) -> None:
    """Retrying does not change permissions, tokens or accounts."""
    assert rule_for(code).action in FINAL_ACTIONS


@pytest.mark.parametrize("code", ACCOUNT)
def test_an_inaccessible_account_fails_alone(code: int) -> None:
    """The others continue, and `skip_inaccessible_advertisers` turns it into a warning."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.inaccessible
    assert rule.failure_type is FailureType.CONFIG


def test_only_an_inaccessible_account_can_be_skipped() -> None:
    """A wrong request or a bad token must not become a warning."""
    skippable = {code for code, rule in ERROR_RULES.items() if rule.inaccessible}
    assert skippable == set(ACCOUNT)


@pytest.mark.parametrize("code", WRONG_REQUEST)
def test_a_wrong_request_fails_its_account_as_a_system_error(code: int) -> None:
    """It is a bug in the connector or a change in TikTok's API, not in the configuration; other accounts continue."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.SYSTEM


@pytest.mark.parametrize("code", REFUSED_TO_USER)
def test_a_request_refused_to_the_user_is_a_configuration_error(code: int) -> None:
    """It fails the account with a remedy for the configuration, and cannot be skipped."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.CONFIG
    assert not rule.inaccessible


@pytest.mark.parametrize("code", STREAM)
def test_data_unavailable_to_the_application_fails_its_stream(code: int) -> None:
    """The other streams continue."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_STREAM
    assert rule.failure_type is FailureType.CONFIG


@pytest.mark.parametrize("code", TOKEN)
def test_a_bad_token_stops_the_sync(code: int) -> None:
    """No request can succeed with it, and the user must act."""
    rule = rule_for(code)
    assert rule.action is Action.STOP_SYNC
    assert rule.failure_type is FailureType.CONFIG


@given(st.integers(50000, 69999))
def test_every_code_from_50000_is_retried(code: int) -> None:
    """Undocumented codes from 50000 to 69999 may pass too."""
    assert rule_for(code).action is Action.RETRY


@given(st.integers(max_value=39999).filter(lambda code: code not in ERROR_RULES))
def test_a_code_that_is_none_of_tiktoks_may_pass(code: int) -> None:
    """A gateway sends such codes: the request is repeated."""
    assert rule_for(code).action is Action.RETRY
    assert rule_for(code, "Access denied").action is Action.RETRY


TELLING = [
    ("Too many requests, requests from App are temporarily restricted.", Action.SLOW_DOWN, None),
    ("QPM limit reached", Action.SLOW_DOWN, None),
    ("Advertiser (7)'s QPS (5) reaches QPS limit 5", Action.SLOW_ACCOUNT, None),
    ("The query is too large. Please narrow the date range.", Action.SPLIT, None),
    ("The date range must not exceed 7 days.", Action.SPLIT, None),
    ("max time span is 7 days when use stat_time_day", Action.SPLIT, None),
    ("The advertiser doesn't exist or has been deleted", Action.FAIL_ACCOUNT, AccountError),
    ("No permission for this scope", Action.FAIL_ACCOUNT, PermissionDeniedError),
    ("Access token is invalid", Action.STOP_SYNC, AuthError),
    ("Expired access_token", Action.STOP_SYNC, AuthError),
    ("System error, please try again later", Action.RETRY, None),
    ("Service temporarily unavailable", Action.RETRY, None),
]


@pytest.mark.parametrize(("message", "action", "kind"), TELLING)
@given(code=st.integers(40000, 49999).filter(lambda code: code not in ERROR_RULES))
def test_the_message_of_an_unknown_code_decides(code: int, message: str, action: Action, kind: type | None) -> None:
    """TikTok has more codes than its list, and their messages are those of the codes that are listed."""
    rule = rule_for(code, message)
    assert rule.action is action
    assert kind is None or rule.error_class is kind


@pytest.mark.parametrize("code", [40000, 40002])
@pytest.mark.parametrize(
    "message",
    ["max time span is 7 days when use stat_time_day", "The date range must not exceed 7 days.", "time range too long"],
)
def test_days_that_are_too_many_are_divided(code: int, message: str) -> None:
    """TikTok may shorten the longest time that a report may cover."""
    assert rule_for(code, message).action is Action.SPLIT


@pytest.mark.parametrize("message", ["Invalid date range", "start_date: Missing data", "Maximum of metrics is 100"])
def test_other_words_about_days_divide_nothing(message: str) -> None:
    """A smaller request would fail, too."""
    assert rule_for(40002, message).action is Action.FAIL_ACCOUNT


@given(st.integers(40000, 49999).filter(lambda code: code not in ERROR_RULES))
def test_an_unknown_code_below_50000_is_an_error(code: int) -> None:
    """It is neither ignored nor retried, and should be reported."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.SYSTEM
    assert not rule.inaccessible


@pytest.mark.parametrize("code", sorted(ERROR_RULES))
def test_every_rule_has_a_remedy(code: int) -> None:
    """A remedy is a full sentence."""
    assert ERROR_RULES[code].remedy.endswith(".")


def test_an_error_contains_what_support_will_ask_for() -> None:
    """Endpoint, account, TikTok's message, code, request id and the remedy are in its text."""
    error = rule_for(40001).error(
        "No permission.",
        endpoint="report/integrated/get/",
        code=40001,
        request_id="2026-abc",
        advertiser_id="7001",
    )
    assert error.message == (
        "/report/integrated/get/ failed for advertiser 7001: No permission (code 40001, request_id 2026-abc)."
    )
    assert str(error) == f"{error.message} {rule_for(40001).remedy}"


def test_an_error_without_an_envelope_has_no_empty_brackets() -> None:
    """Without a code and a request id there are no brackets for them."""
    error = transport_error("the answer broke off", endpoint="ad/get/", advertiser_id=None)
    assert error.message == "/ad/get/ failed: the answer broke off."


def test_an_error_contains_the_number_of_tries() -> None:
    """Only if there was more than one."""
    error = transport_error("silence", endpoint="ad/get/", advertiser_id=None)
    assert "tries" not in error.after(1).message
    assert error.after(7).message == "/ad/get/ failed: silence (7 tries)."
    assert "7 tries" in str(error)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 410, 451, 418, 499])
def test_a_page_in_place_of_an_answer_is_retried_and_names_its_path(status: int) -> None:
    """The message has the status, the account and the beginning of the page; the remedy does not doubt the address."""
    error = page_error(status, "Access denied", endpoint="ad/get/", advertiser_id="7001")
    assert error.action is Action.RETRY
    assert error.http_status == status
    assert error.message.startswith(f"/ad/get/ failed for advertiser 7001: HTTP {status}")
    assert '"Access denied"' in error.message
    assert "TIKTOK_API_URL" not in str(error)
    assert "proxy" not in str(error)
    assert "/open_api/v1.3/ad/get/" in error.remedy or status == 200 or status < 400


def test_only_if_nothing_answers_the_address_may_be_wrong() -> None:
    """The remedy names the variable that sets the address, if it is set."""
    page = page_error(404, "not found", endpoint="ad/get/", advertiser_id="7001")
    own, tiktoks = nothing_answers(page, own_address=True), nothing_answers(page, own_address=False)
    assert own.action is tiktoks.action is Action.STOP_SYNC
    assert "HTTP 404" in own.message
    assert "TIKTOK_API_URL" in own.remedy
    assert "TIKTOK_API_URL" not in tiktoks.remedy
    assert "proxy" in tiktoks.remedy


@pytest.mark.parametrize("code", [40001, 40002])
@pytest.mark.parametrize(
    "message",
    [
        "Advertiser 7001 does not grant you /report/integrated/get/:GET permission",
        "advertiser doesn't grant you /ad/get/:GET permission.",
        "You have no permission to access pixel/list",
        "No permission for this scope",
        "The access token lacks the scope of this API.",
        "Insufficient scope",
        "The app has no permission to call this API.",
        "You don't have permission to [/open_api/v1.3/report/integrated/get/]",
        "Permission denied: report/integrated/get",
        "Your app lacks the permission for Ads Management",
        "The app is missing the permission Ad Account Management",
        "Missing permission: pixel.read",
        "Invalid scope",
    ],
)
def test_a_message_that_names_an_endpoint_or_a_scope_is_about_a_scope(code: int, message: str) -> None:
    """The account is not dead: its other streams go on, and `skip_inaccessible_advertisers` hides nothing."""
    rule = rule_for(code, message, "report/integrated/get/")
    assert rule.error_class is PermissionDeniedError
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.CONFIG
    assert not rule.inaccessible
    assert "scope" in rule.remedy


@pytest.mark.parametrize("code", [40001, 40002])
@pytest.mark.parametrize(
    "message",
    [
        "No permission to operate advertiser: 7001",
        "No permission to operate advertiser 7001.",
        "No permission to operate the advertiser.",
        "Advertiser 7001 doesn't exist or has been deleted.",
        "The advertiser doesn\u2019t exist or has been deleted",
        "advertiser_ids: [7001] has been deleted",
        "You have no permission for the advertiser.",
    ],
)
def test_a_message_about_the_account_is_about_the_account(code: int, message: str) -> None:
    """The token has no access to it."""
    assert rule_for(code, message, "report/integrated/get/").inaccessible


@pytest.mark.parametrize("code", [40006, 40007, 40106, 40300, 40301])
@pytest.mark.parametrize("message", ["No permission for this scope", "no scope", "Missing permission: pixel.read"])
def test_a_scope_is_a_scope_under_codes_with_another_meaning(code: int, message: str) -> None:
    """Whatever their usual meaning, the account is not dead."""
    assert rule_for(code, message, "pixel/list/").error_class is PermissionDeniedError
    assert rule_for(code, "Advertiser 7001 is not available", "pixel/list/") is rule_for(code)


@pytest.mark.parametrize(
    "message",
    [
        "Your app has no permission to operate advertiser 7001",
        "The app has no permission for this ad account",
        "The app is missing permission for the advertiser 7001.",
        "Missing permission: advertiser 7001",
        "Permission denied",
    ],
)
def test_an_application_without_access_to_an_account_is_no_missing_scope(message: str) -> None:
    """The account is inaccessible, and nothing else."""
    assert rule_for(40001, message, "pixel/list/").inaccessible


def test_a_metric_that_may_not_be_read_makes_no_account_inaccessible() -> None:
    """Otherwise `skip_inaccessible_advertisers` would pass over all its rows."""
    rule = rule_for(40001, "You have no permission for metric skan_result", "report/integrated/get/")
    assert not rule.inaccessible
    assert rule.failure_type is FailureType.CONFIG


@pytest.mark.parametrize(
    "message",
    [
        "Missing required field(s): advertiser_id.",
        "Missing required field(s): app_id. See the API's documentation.",
        "Campaign 5 does not exist under the advertiser.",
        "Invalid param: 'filtering.buying_types'. The value 'RESERVATION_TOP_VIEW' cannot be combined.",
    ],
)
def test_a_wrong_parameter_is_neither(message: str) -> None:
    """It is a bug in the connector or a change in TikTok's API."""
    assert rule_for(40002, message, "report/integrated/get/") is rule_for(40002)


@pytest.mark.parametrize(
    ("code", "slow"), [(50002, True), (51002, True), (50000, False), (52000, False), (None, False)]
)
def test_slow_requests_are_known_by_code_or_timeout(code: int | None, slow: bool) -> None:
    """50002 and 51xxx may mean that the request was too heavy, and so may a timeout."""
    error = rule_for(50000).error("x", endpoint="ad/get/", code=code)
    assert error.slow is slow
    assert rule_for(50000).error("x", endpoint="ad/get/", code=code, timed_out=True).slow


@pytest.mark.parametrize("kind", [ConfigurationError, IncompleteReadError, DestinationError, SyncInterruptedError])
def test_every_error_has_the_common_base_class(kind: type[ConnectorError]) -> None:
    """Code that catches the base class gets a message and a remedy."""
    error = kind("It broke.", remedy="Fix it.", detail="more")
    assert isinstance(error, ConnectorError)
    assert (str(error), error.message, error.remedy, error.detail) == (
        "It broke. Fix it.",
        "It broke.",
        "Fix it.",
        "more",
    )


def test_an_error_without_a_remedy_has_no_trailing_space() -> None:
    """Its text is the message alone."""
    assert str(ConnectorError("It broke.")) == "It broke."


def test_a_rule_is_not_skippable_by_default() -> None:
    """`inaccessible` is false unless set."""
    assert not ErrorRule(Action.FAIL_ACCOUNT, FailureType.CONFIG, "Do.").inaccessible


def test_what_to_do_fits_every_command() -> None:
    """`check`, `doctor` and `login` ask TikTok too, and none of them is a sync that could be run again."""
    where: dict[str, Any] = {"endpoint": "ad/get/", "advertiser_id": None}
    pages = [page_error(status, "", **where) for status in (200, 302, 403, 404)]
    errors: list[ConnectorError] = [
        *pages,
        *(nothing_answers(page, own_address=own) for page in pages for own in (True, False)),
        *(transport_error("it failed", **{fact: True}, **where) for fact in ("timed_out", "connecting", "not_http")),
        daily_quota_spent(5, **where),
        OutOfMemoryError(),
        OutOfMemoryError("9 of 10 MB"),
    ]
    for text in (*(rule.remedy for rule in ERROR_RULES.values()), *map(str, errors)):
        assert "the sync again" not in text
        assert "the sync stopped" not in text
