"""Parameters that come from another list: which refusals may be about one of them, and what people are told."""

from __future__ import annotations

import pytest

from tiktok_marketing.catalog import Parent
from tiktok_marketing.errors import Action, ConnectorError, FailureType, TikTokError, UnusableIdError
from tiktok_marketing.sync.read.parent_params import ParentParams, RefusedParams, Unusable, parent_params

STORE = ParentParams({"store_id": "71"})


def error_of(
    code: int = 40002, action: Action = Action.FAIL_ACCOUNT, message: str = "it does not exist", request_id: str = "r-9"
) -> TikTokError:
    """TikTok's refusal of a request."""
    return TikTokError(
        message,
        action=action,
        failure_type=FailureType.CONFIG,
        remedy="Look.",
        endpoint="gmv_max/report/get/",
        code=code,
        request_id=request_id,
    )


def refused(*params: ParentParams, answered: bool = True) -> ConnectorError:
    """The error after these parameters were refused, one after the other."""
    refusals = RefusedParams("gmv_max_stores", "7001")
    refusals.answered = answered
    for number, each in enumerate(params):
        refusals.note(each, error_of(request_id=f"r-{number}"))
    error = refusals.error()
    assert error is not None
    return error


@pytest.mark.parametrize("code", [40001, 40002])
def test_a_refusal_of_parameters_may_be_about_one_of_them(code: int) -> None:
    """TikTok has these two codes for it."""
    assert RefusedParams("pixels", "7001").may_cause(error_of(code), STORE)


@pytest.mark.parametrize(
    ("code", "action", "params"),
    [
        (40700, Action.FAIL_ACCOUNT, STORE),
        (40002, Action.FAIL_STREAM, STORE),
        (40001, Action.STOP_SYNC, STORE),
        (40002, Action.FAIL_ACCOUNT, ParentParams()),
    ],
)
def test_other_refusals_are_about_more(code: int, action: Action, params: ParentParams) -> None:
    """So is any refusal of a request without such parameters."""
    refusals = RefusedParams("pixels", "7001")
    refusals.answered = True
    assert not refusals.may_cause(error_of(code, action), params)


def test_after_three_refusals_without_an_answer_the_account_is_refused() -> None:
    """An answer shows that it is not."""
    refusals = RefusedParams("pixels", "7001")
    for _ in range(3):
        assert refusals.may_cause(error_of(), STORE)
        refusals.note(STORE, error_of())
    assert not refusals.may_cause(error_of(), STORE)
    refusals.answered = True
    assert refusals.may_cause(error_of(), STORE)


def test_the_first_refusal_is_shown_with_its_values_and_the_number_of_others() -> None:
    """With TikTok's own words, its code, the id of the request, the list and the account."""
    one = refused(STORE)
    assert isinstance(one, UnusableIdError)
    assert "in gmv_max_stores of advertiser 7001 (store_id 71). " in one.message
    assert "it does not exist" in one.message
    assert (one.code, one.request_id) == (40002, "r-0")
    two = refused(ParentParams({"pixel_ids": ["5"]}), STORE)
    assert "(pixel_ids 5, and 1 more). " in two.message
    assert two.request_id == "r-0"
    assert "(store_id 71, and 2 more). " in refused(STORE, STORE, STORE).message


def test_without_an_answer_the_first_refusal_itself_is_the_error() -> None:
    """Nothing shows that it is about one value. Without a refusal there is no error."""
    error = refused(STORE, STORE, answered=False)
    assert isinstance(error, TikTokError)
    assert error.request_id == "r-0"
    assert RefusedParams("pixels", "7001").error() is None


def test_a_record_that_no_request_can_name_is_shown_with_the_number_of_others() -> None:
    """With the list, the field, the value, the account and the stream that lacks its rows."""
    unusable = Unusable("gmv_max_stores", "store_id", "-")
    one = unusable.error("gmv_max_videos", "7001").message
    assert "TikTok lists a record in gmv_max_stores of advertiser 7001 that" in one
    assert "(store_id is '-')" in one
    assert "rows of gmv_max_videos are missing" in one
    more = unusable.error("gmv_max_videos", "7001", 1200).message
    assert "lists 1,200 records in" in more
    assert "(for example store_id is '-')" in more
    assert "lists 2 records in" in unusable.error("gmv_max_videos", "7001", 2).message


JOINED = Parent(
    stream="smart_plus_ads",
    parameters={"smart_plus_ad_id": "smart_plus_ad_id", "store_id": "store_id"},
    join_stream="ads",
    join_field="ad_id",
)


def test_a_record_lacks_what_neither_it_nor_its_joined_record_has() -> None:
    """A record without a joined one has no value at all, and that one is noted, once."""
    records = [
        {"ad_id": "1", "smart_plus_ad_id": "11", "store_id": None},
        {"ad_id": "1", "smart_plus_ad_id": "13", "store_id": "72"},
        {"ad_id": "1", "smart_plus_ad_id": "14"},
        {"ad_id": "2", "smart_plus_ad_id": "12"},
        {"ad_id": "3", "smart_plus_ad_id": "-", "store_id": "-"},
    ]
    joined = [{"ad_id": "1", "store_id": "71"}, {"ad_id": "2"}, {"ad_id": "-"}]
    params, unusable = parent_params(JOINED, records, joined)
    assert [(each.params["smart_plus_ad_id"], each.params["store_id"]) for each in params] == [
        ("11", "71"),
        ("13", "72"),
        ("14", "71"),
    ]
    assert unusable == [
        Unusable("ads", "ad_id", "-"),
        Unusable("smart_plus_ads", "store_id", None),
        Unusable("smart_plus_ads", "smart_plus_ad_id", "-"),
    ]
