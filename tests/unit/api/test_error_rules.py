from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.api.error_rules import ERROR_RULES, ErrorRule, rule_for, transport_error, wrong_path
from tiktok_marketing.errors import (
    Action,
    ConfigurationError,
    ConnectorError,
    DestinationError,
    FailureType,
    IncompleteReadError,
    SyncInterruptedError,
)

AGAIN = {Action.RETRY, Action.SLOW_DOWN, Action.SLOW_ACCOUNT}
FINAL = {Action.FAIL_ACCOUNT, Action.FAIL_STREAM, Action.STOP_SYNC}

# The appendix of return codes, by what TikTok's documents and others' experience say of each.
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
def test_passing_trouble_is_tried_again(code: int) -> None:
    """TikTok's own errors, its quotas and tasks that are not ready: the same request may succeed later."""
    rule = rule_for(code)
    assert rule.action in AGAIN
    assert rule.failure_type is FailureType.TRANSIENT


@pytest.mark.parametrize("code", [40016, 40100])
def test_the_applications_quota_slows_down(code: int) -> None:
    """More of the same would prolong the suspension."""
    assert rule_for(code).action is Action.SLOW_DOWN


@pytest.mark.parametrize("code", SPLIT)
def test_what_is_too_large_is_split(code: int) -> None:
    """Too many ids, too large a query: only a smaller request can succeed."""
    assert rule_for(code).action is Action.SPLIT


@pytest.mark.parametrize("code", WRONG_REQUEST)
def test_a_wrong_request_fails_loudly(code: int) -> None:
    """Neither ignored nor repeated, 40002 above all, which Airbyte's connector passes over in silence."""
    assert rule_for(code).action in FINAL


@pytest.mark.parametrize("code", PERMISSION)
def test_a_refusal_fails_what_it_is_about(code: int) -> None:
    """Permissions, tokens and accounts do not come back by asking again."""
    assert rule_for(code).action in FINAL


@pytest.mark.parametrize("code", ACCOUNT)
def test_an_account_out_of_reach_fails_alone(code: int) -> None:
    """The others go on, and `skip_inaccessible_advertisers` makes it a warning."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.inaccessible
    assert rule.failure_type is FailureType.CONFIG


def test_nothing_but_an_account_out_of_reach_can_be_skipped() -> None:
    """A wrong request or a bad token must not become a warning."""
    skippable = {code for code, rule in ERROR_RULES.items() if rule.inaccessible}
    assert skippable == set(ACCOUNT)


@pytest.mark.parametrize("code", WRONG_REQUEST)
def test_a_wrong_request_fails_its_account_and_is_ours_to_mend(code: int) -> None:
    """It is a fault of the connector or a change at TikTok, not of the configuration; the other accounts go on."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.SYSTEM


@pytest.mark.parametrize("code", REFUSED_TO_USER)
def test_what_tiktok_refuses_the_user_is_the_users_to_mend(code: int) -> None:
    """It fails the account with a remedy for the configuration, and cannot be skipped."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.CONFIG
    assert not rule.inaccessible


@pytest.mark.parametrize("code", STREAM)
def test_data_that_is_not_there_for_the_application_fails_its_stream(code: int) -> None:
    """The other streams go on."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_STREAM
    assert rule.failure_type is FailureType.CONFIG


@pytest.mark.parametrize("code", TOKEN)
def test_a_bad_token_stops_the_sync(code: int) -> None:
    """Nothing can succeed with it, and the user has to act."""
    rule = rule_for(code)
    assert rule.action is Action.STOP_SYNC
    assert rule.failure_type is FailureType.CONFIG


@given(st.integers(50000, 69999))
def test_every_code_of_tiktoks_own_trouble_is_tried_again(code: int) -> None:
    """5xxxx and 6xxxx that nobody has documented may pass too."""
    assert rule_for(code).action is Action.RETRY


@given(st.integers(max_value=49999).filter(lambda code: code not in ERROR_RULES))
def test_an_unknown_refusal_fails_loudly(code: int) -> None:
    """An undocumented 4xxxx is an error to report: it is neither ignored nor repeated."""
    rule = rule_for(code)
    assert rule.action is Action.FAIL_ACCOUNT
    assert rule.failure_type is FailureType.SYSTEM
    assert not rule.inaccessible


@pytest.mark.parametrize("code", sorted(ERROR_RULES))
def test_every_ruling_says_what_to_do(code: int) -> None:
    """A remedy is a full sentence."""
    assert ERROR_RULES[code].remedy.endswith(".")


def test_an_error_names_what_support_will_ask_for() -> None:
    """Endpoint, account, TikTok's words, code, request id and the remedy are in its text."""
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


def test_an_error_without_an_envelope_names_what_there_is() -> None:
    """No code and no request id are no empty brackets."""
    error = transport_error("the answer broke off", endpoint="ad/get/", advertiser_id=None)
    assert error.message == "/ad/get/ failed: the answer broke off."


def test_an_error_says_how_often_it_was_tried() -> None:
    """Only when it was more than once."""
    error = transport_error("silence", endpoint="ad/get/", advertiser_id=None)
    assert "tries" not in error.after(1).message
    assert error.after(7).message == "/ad/get/ failed: silence (7 tries)."
    assert "7 tries" in str(error)


def test_a_wrong_path_is_about_the_address() -> None:
    """The remedy names the variable that sets it."""
    error = wrong_path(404, endpoint="ad/get/")
    assert error.action is Action.STOP_SYNC
    assert "HTTP 404" in error.message
    assert "TIKTOK_API_URL" in error.remedy


@pytest.mark.parametrize(
    ("code", "slow"), [(50002, True), (51002, True), (50000, False), (52000, False), (None, False)]
)
def test_heavy_requests_are_known_by_code_or_silence(code: int | None, slow: bool) -> None:
    """50002 and 51xxx may mean that the request was too much; so does silence."""
    error = rule_for(50000).error("x", endpoint="ad/get/", code=code)
    assert error.slow is slow
    assert rule_for(50000).error("x", endpoint="ad/get/", code=code, timed_out=True).slow


@pytest.mark.parametrize("kind", [ConfigurationError, IncompleteReadError, DestinationError, SyncInterruptedError])
def test_every_error_is_of_the_tree(kind: type[ConnectorError]) -> None:
    """Whoever catches the root catches all, and has a message and a remedy."""
    error = kind("It broke.", remedy="Mend it.", detail="more")
    assert isinstance(error, ConnectorError)
    assert (str(error), error.message, error.remedy, error.detail) == (
        "It broke. Mend it.",
        "It broke.",
        "Mend it.",
        "more",
    )


def test_an_error_without_a_remedy_has_no_trailing_space() -> None:
    """The text is the message then."""
    assert str(ConnectorError("It broke.")) == "It broke."


def test_a_ruling_is_skippable_only_if_it_says_so() -> None:
    """Accessible is the default."""
    assert not ErrorRule(Action.FAIL_ACCOUNT, FailureType.CONFIG, "Do.").inaccessible
