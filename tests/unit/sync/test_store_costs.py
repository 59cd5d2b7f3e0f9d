"""The lists that a store's parts come from are compared with what the level above cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from unit_builders import NOON, FakeClock, client, page, refusal, success

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import StoreRequests
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, ConnectorError, IncompleteReadError, TikTokError, UnusableIdError
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import SequentialBudget
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.report_requests import StorePart
from tiktok_marketing.sync.read.store_parts import StorePartFinder, lacking, store_ids, total_cost

WINDOW = Window(date(2026, 1, 1), date(2026, 1, 30))
CAMPAIGNS = StoreRequests(promotion="PRODUCT", filters=("campaign_ids",))
PRODUCTS = StoreRequests(promotion="PRODUCT", filters=("campaign_ids", "item_group_ids"))
REPORT = "gmv_max_product_campaign_reports_daily"
Costs = Mapping[str, int]
"""What each object cost, by its id."""


class Stores:
    """Answers for one store, or more, each of the same figures. The last answer of each kind stays.

    Args:
        store: What its campaigns cost together; a reply instead if TikTok does not say.
        campaigns: Their list, each time it is asked for.
        products: The list of their products, each time it is asked for.
        deleted: The list of deleted campaigns.
        stores: The ids of the stores.
    """

    def __init__(
        self,
        store: Sequence[int | Reply],
        campaigns: Sequence[Costs] = ({},),
        products: Sequence[Costs] = ({},),
        deleted: Costs | None = None,
        stores: Sequence[str] = ("71",),
    ) -> None:
        self._answers: dict[str, list[Any]] = {
            "advertiser_id": [*store],
            "campaign_id": [*campaigns],
            "item_group_id": [*products],
            "deleted": [deleted or {}],
        }
        self._stores = stores
        self.asked: list[str] = []
        """What each request was about: the last dimension, or `deleted`."""
        self.from_then_on: Reply | None = None
        """What TikTok answers to everything once it has listed the stores."""
        self._listed = False
        self.odd: dict[str, Reply] = {}
        """What TikTok answers about the campaigns of some stores instead."""

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request."""
        assert token
        if self.from_then_on is not None and self._listed:
            return self.from_then_on
        if endpoint == "gmv_max/store/list/":
            self._listed = True
            return success({"store_list": [{"store_id": each} for each in self._stores]})
        dimensions, filtering = json.loads(params["dimensions"]), json.loads(params.get("filtering", "{}"))
        kind = "deleted" if filtering.get("campaign_statuses") == ["STATUS_DELETE"] else dimensions[-1]
        self.asked.append(kind)
        if kind in {"advertiser_id", "deleted"}:
            assert filtering["gmv_max_promotion_types"] == ["PRODUCT"]
        [store_id] = json.loads(params["store_ids"])
        if kind == "campaign_id" and store_id in self.odd:
            return self.odd[store_id]
        answers = self._answers[kind]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Reply):
            return answer
        if kind == "advertiser_id":
            return Reply(
                200, {}, page([{"dimensions": {"advertiser_id": "7001"}, "metrics": {"cost": f"{answer}.00"}}])
            )
        campaign = {} if kind in {"campaign_id", "deleted"} else {"campaign_id": "1"}
        field = "item_group_id" if campaign else "campaign_id"
        rows = [
            {"dimensions": {**campaign, field: name}, "metrics": {"cost": f"{of}.00"}} for name, of in answer.items()
        ]
        return Reply(200, {}, page(rows))


def finder(api: Stores, *, include_deleted: bool = True) -> StorePartFinder:
    """A finder of the account's parts, on 10 March 2026."""
    clocked = client(api, FakeClock(), tier=tier_of(1000))
    lists = ParentLists(clocked, NOON.date, include_deleted=include_deleted)
    return StorePartFinder(clocked, AdvertiserId("7001"), lists, SequentialBudget(), include_deleted=include_deleted)


async def why_incomplete(finding: StorePartFinder) -> ConnectorError:
    """Why parts may be missing, once they were found."""
    await finding.parts(CAMPAIGNS, WINDOW)
    error = finding.error(REPORT)
    assert error is not None
    return error


def ids_of(parts: Sequence[StorePart], name: str = "campaign_ids") -> list[str]:
    """The ids of a filter in all parts."""
    return [each for part in parts for each in dict(part.filters)[name]]


async def test_campaigns_that_cost_what_the_store_did_are_listed_once() -> None:
    """Nothing is missing."""
    api = Stores([3], [{"1": 2, "2": 1}])
    finding = finder(api)
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1", "2"]
    assert api.asked == ["advertiser_id", "campaign_id"]
    assert finding.warnings == []


def told(*costs: Any) -> Reply:
    """What TikTok tells of the cost of a store: a row with each of these."""
    rows = [{"dimensions": {"advertiser_id": "7001"}, "metrics": {"cost": cost}} for cost in costs]
    return Reply(200, {}, page(rows))


@pytest.mark.parametrize("cost", [None, "-", "", "<5", [], "9" * 40])
async def test_a_cost_that_is_no_number_is_not_taken_for_none(cost: Any) -> None:
    """Nothing speaks for or against the list, which a warning says."""
    finding = finder(Stores([told(cost)], [{"1": 2}]))
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    (warning,) = finding.warnings
    assert "has no number for it. Campaigns may be missing." in warning
    assert finding.error(REPORT) is None


async def test_a_store_without_cost_whose_campaigns_have_some_is_asked_about_again() -> None:
    """Its row was missing for once. Then the list is compared with what the row has."""
    api = Stores([told(), 3], [{"1": 2}, {"1": 2}, {"1": 2, "2": 1}])
    finding = finder(api)
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1", "2"]
    assert finding.warnings == []


@pytest.mark.parametrize("store", [told(), 0])
async def test_a_store_that_stays_without_cost_is_worth_a_warning(store: Any) -> None:
    """If its campaigns have some. If they have none, there is nothing to say."""
    api = Stores([store], [{"1": 2}])
    finding = finder(api)
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    (warning,) = finding.warnings
    assert warning.startswith("By TikTok, store 71 of advertiser 7001 has no cost, and its campaigns have some.")
    assert api.asked == ["advertiser_id", "campaign_id", "advertiser_id"]
    for campaigns in ({}, {"1": 0}):
        idle = finder(Stores([store], [campaigns]))
        await idle.parts(CAMPAIGNS, WINDOW)
        assert idle.warnings == []


async def test_a_cost_that_cannot_be_had_the_second_time_is_told() -> None:
    """With the reason, beside what the first answer leaves open."""
    api = Stores([told(), refusal(40002, "No.")], [{"1": 2}])
    finding = finder(api)
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    assert len(finding.warnings) == 2


@pytest.mark.parametrize("lists", [2, 3])
async def test_campaigns_that_cost_less_are_listed_again(lists: int) -> None:
    """TikTok's list may be late."""
    api = Stores([3], [*[{"1": 2}] * (lists - 1), {"1": 2, "2": 1}])
    assert ids_of(await finder(api).parts(CAMPAIGNS, WINDOW)) == ["1", "2"]
    assert api.asked == ["advertiser_id", *["campaign_id"] * lists]


async def test_campaigns_that_stay_incomplete_are_an_error() -> None:
    """With the store, the account, the days and the cost."""
    api = Stores([3], [{"1": 2}])
    error = await why_incomplete(finder(api))
    assert f"campaigns of store 71 of advertiser 7001 on {WINDOW} which lack 1.00 of 3.00 cost." in error.message
    assert error.remedy
    assert error.goes_on
    assert api.asked == ["advertiser_id", *["campaign_id"] * 3, "advertiser_id"]


async def test_cost_that_the_store_has_no_more_is_not_missing() -> None:
    """TikTok takes figures back."""
    finding = finder(Stores([3, 2], [{"1": 2}]))
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    assert finding.error(REPORT) is None


@pytest.mark.parametrize("include_deleted", [True, False])
@pytest.mark.parametrize("now", [refusal(40300, "no"), Reply(200, {}, page([], total=2))], ids=["refused", "in part"])
async def test_cost_that_tiktok_does_not_tell_again_is_still_missing(now: Reply, include_deleted: bool) -> None:
    """What it told first stands, so the days are read again by the next sync."""
    finding = finder(Stores([3, now], [{"1": 2}]), include_deleted=include_deleted)
    assert "lack 1.00 of 3.00 cost" in (await why_incomplete(finding)).message
    assert len(finding.warnings) == 1


async def test_cost_that_the_store_got_meanwhile_need_not_come() -> None:
    """But what it had at first must."""
    assert "lack 1.00 of 3.00 cost" in (await why_incomplete(finder(Stores([3, 9], [{"1": 2}])))).message
    assert "lack 7.00 of 9.00 cost" in (await why_incomplete(finder(Stores([9, 3], [{"1": 2}])))).message


async def test_without_the_cost_of_the_store_its_campaigns_are_listed_once() -> None:
    """People are told so once, for all stores."""
    api = Stores([refusal(40300, "no")], [{"1": 2}], stores=("71", "72"))
    finding = finder(api)
    assert len(await finding.parts(CAMPAIGNS, WINDOW)) == 2
    assert api.asked == ["advertiser_id", "campaign_id"] * 2
    [warning] = finding.warnings
    assert "does not tell what the campaigns of a store cost together" in warning


async def test_a_cost_that_comes_in_part_is_unknown() -> None:
    """TikTok counts rows that it does not deliver."""
    row = {"dimensions": {"advertiser_id": "7001"}, "metrics": {"cost": "9.00"}}
    finding = finder(Stores([Reply(200, {}, page([row], total=2))], [{"1": 2}]))
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    assert len(finding.warnings) == 1


@pytest.mark.parametrize("code", [50000, 40100, 40133])
@pytest.mark.parametrize("before", [[], [3]], ids=["at once", "later"])
async def test_an_error_that_passes_is_passed_on(code: int, before: list[int]) -> None:
    """This request may succeed in the next sync, which knows then what is missing."""
    finding = finder(Stores([*before, refusal(code, "trouble")], [{"1": 2}]))
    with pytest.raises(TikTokError, match="trouble"):
        await finding.parts(CAMPAIGNS, WINDOW)
    assert finding.warnings == []


async def test_if_nothing_is_answered_any_more_nothing_is_said_about_cost() -> None:
    """For example because the token was revoked meanwhile."""
    api = Stores([3], [{"1": 2}])
    api.from_then_on = refusal(40105, "revoked")
    finding = finder(api)
    with pytest.raises(TikTokError, match="revoked") as caught:
        await finding.parts(CAMPAIGNS, WINDOW)
    assert caught.value.action is Action.STOP_SYNC
    assert finding.warnings == []


async def test_deleted_campaigns_may_have_the_cost_that_others_lack() -> None:
    """They are no parts, if their rows are not included."""
    api = Stores([3], [{"1": 2}], deleted={"9": 1})
    assert ids_of(await finder(api, include_deleted=False).parts(CAMPAIGNS, WINDOW)) == ["1"]
    assert api.asked == ["advertiser_id", "campaign_id", "deleted"]
    whole = Stores([2], [{"1": 2}], deleted={"9": 1})
    await finder(whole, include_deleted=False).parts(CAMPAIGNS, WINDOW)
    assert whole.asked == ["advertiser_id", "campaign_id"]


async def test_a_campaign_that_is_in_both_lists_counts_once() -> None:
    """It was deleted meanwhile."""
    api = Stores([4], [{"1": 2}], deleted={"1": 2})
    assert await why_incomplete(finder(api, include_deleted=False))


async def test_a_list_that_comes_in_part_costs_its_store_only() -> None:
    """The campaigns of the other store are read."""
    api = Stores([3], [{"1": 3}], stores=("71", "72"))
    api.odd = {"71": Reply(200, {}, page([], total=2))}
    finding = finder(api)
    assert [part.store_id for part in await finding.parts(CAMPAIGNS, WINDOW)] == ["72"]
    error = finding.error(REPORT)
    assert isinstance(error, IncompleteReadError)
    api.odd["72"] = Reply(200, {}, page([], total=3))
    await finding.parts(CAMPAIGNS, WINDOW)
    assert finding.error(REPORT) is error  # the first


async def test_lists_that_lack_campaigns_of_two_stores_are_reported_once() -> None:
    """The first store is named, and all that the lists have is read."""
    finding = finder(Stores([3], [{"1": 2}], stores=("71", "72")))
    assert "store 71" in (await why_incomplete(finding)).message
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1", "1"]


async def test_a_store_without_a_usable_id_is_reported() -> None:
    """The others are read."""
    finding = finder(Stores([3], [{"1": 3}], stores=("71", "-")))
    error = await why_incomplete(finding)
    assert isinstance(error, UnusableIdError)
    assert "lists a record in gmv_max_stores of advertiser 7001" in error.message
    assert "'-'" in error.message
    assert "'-'" in (await why_incomplete(finder(Stores([3], [{"1": 3}], stores=("-", "+", "71"))))).message


@pytest.mark.parametrize("campaign", ["x", "A1b", "0"])
async def test_a_campaign_that_no_filter_can_name_is_reported(campaign: str) -> None:
    """The others are parts. It has digits only, as TikTok's campaigns have."""
    finding = finder(Stores([3], [{campaign: 1, "1": 2}]))
    assert ids_of(await finding.parts(CAMPAIGNS, WINDOW)) == ["1"]
    error = finding.error(REPORT)
    assert isinstance(error, UnusableIdError)
    assert f"campaign_id is '{campaign}'" in error.message
    assert "a record in gmv_max_product_campaign_reports_lifetime" in error.message


async def test_products_have_letters_too_and_minus_one_is_none() -> None:
    """TikTok writes -1 for cost without a product, which a filter accepts."""
    finding = finder(Stores([3], [{"1": 3}], [{"A1b": 1, "-1": 1, "-": 1}]))
    assert ids_of(await finding.parts(PRODUCTS, WINDOW), "item_group_ids") == ["A1b", "-1"]
    error = finding.error(REPORT)
    assert error is not None
    assert "item_group_id is '-'" in error.message


@pytest.mark.parametrize("stores", [("71", "72", "73", "74", "75", "76"), ("72", "73", "74", "71", "75", "76")])
async def test_a_refused_store_costs_itself_only(stores: Sequence[str]) -> None:
    """The others are read, and the error names the first that was refused, with TikTok's code."""
    api = Stores([3], [{"1": 3}], stores=stores)
    api.odd = {store: refusal(40002, "no such store") for store in stores if store != "71"}
    finding = finder(api)
    assert [part.store_id for part in await finding.parts(CAMPAIGNS, WINDOW)] == ["71"]
    error = finding.error(REPORT)
    assert isinstance(error, UnusableIdError)
    assert "store_id 72, and 4 more" in error.message
    assert error.code == 40002


async def test_a_request_about_no_store_costs_no_store() -> None:
    """Its refusal is the account's."""
    finding = finder(Stores([3]))
    with pytest.raises(TikTokError) as caught:
        await finder(Stores([refusal(40100, "no")], stores=("71",))).parts(CAMPAIGNS, WINDOW)
    caught.value.code, caught.value.action = 40002, Action.FAIL_ACCOUNT
    assert not finding.costs_itself(None, caught.value)
    assert finding.error(REPORT) is None
    assert finding.costs_itself(StorePart("71"), caught.value)


async def test_if_the_first_stores_are_refused_the_account_is() -> None:
    """Nothing is asked about the others after four."""
    stores = ("71", "72", "73", "74", "75", "76")
    api = Stores([3], [{"1": 3}], stores=stores)
    api.odd = {store: refusal(40002, "no such store") for store in stores}
    with pytest.raises(TikTokError, match="no such store"):
        await finder(api).parts(CAMPAIGNS, WINDOW)
    assert api.asked.count("campaign_id") == 4


async def test_products_that_cost_what_their_campaigns_did_are_listed_once() -> None:
    """Nothing is missing."""
    api = Stores([2], [{"1": 2}], [{"5": 2}])
    finding = finder(api)
    assert ids_of(await finding.parts(PRODUCTS, WINDOW), "item_group_ids") == ["5"]
    assert api.asked == ["advertiser_id", "campaign_id", "item_group_id"]
    assert finding.warnings == []


async def test_products_that_cost_less_are_listed_once_more() -> None:
    """What either list has is a part, with the later cost."""
    api = Stores([3], [{"1": 3}], [{"5": 1, "6": 1}, {"6": 2, "7": 0}])
    finding = finder(api)
    assert sorted(ids_of(await finding.parts(PRODUCTS, WINDOW), "item_group_ids")) == ["5", "6", "7"]
    assert api.asked == ["advertiser_id", "campaign_id", "item_group_id", "item_group_id"]
    assert finding.warnings == []


@pytest.mark.parametrize(("end", "warned"), [(date(2026, 3, 7), True), (date(2026, 3, 8), False)])
async def test_cost_that_products_still_lack_after_two_days_is_a_warning(end: date, warned: bool) -> None:
    """TikTok adds cost to products later."""
    finding = finder(Stores([3], [{"1": 3}], [{"5": 1}]))
    assert ids_of(await finding.parts(PRODUCTS, Window(date(2026, 1, 1), end)), "item_group_ids") == ["5"]
    assert len(finding.warnings) == warned
    if warned:
        assert "campaigns of store 71, TikTok's list of products lacks 2.00 of 3.00 cost" in finding.warnings[0]


async def test_a_product_whose_cost_rose_meanwhile_counts_once() -> None:
    """With its later cost."""
    finding = finder(Stores([4], [{"1": 4}], [{"5": 1, "6": 1}, {"6": 2}]))
    await finding.parts(PRODUCTS, WINDOW)
    [warning] = finding.warnings
    assert "lacks 1.00 of 4.00 cost" in warning


async def test_the_requests_of_a_report_are_those_of_its_lists_and_its_parts() -> None:
    """If each has one page. Lists that were read before do not count."""
    finding = finder(Stores([2], [{"1": 2}], [{"5": 2}]))
    assert await finding.count_requests(PRODUCTS, WINDOW) == 4
    assert await finding.count_requests(PRODUCTS, WINDOW) == 4
    assert await finding.count_requests(StoreRequests(), WINDOW) == 1


@pytest.mark.parametrize(("costs", "expected", "lack"), [
    (["1.00"], "1.02", ""), (["1.00"], "1.03", "0.03 of 1.03 cost"), ([], "0.01", ""),
    ([], "0.02", "0.02 of 0.02 cost"),
    (["1.00", "1.00"], "2.03", ""), (["5.00"], "1.00", ""), ([None, "-"], "1234.00", "1,234.00 of 1,234.00 cost"),
])  # fmt: skip
def test_a_cent_per_row_is_only_rounding(costs: Sequence[Any], expected: str, lack: str) -> None:
    """And one more for the sum. A cost that is no number is none."""
    rows = [{"campaign_id": "1", "cost": cost} for cost in costs]
    assert lacking(rows, Decimal(expected)) == lack


def test_costs_add_up() -> None:
    """Without rows there is none."""
    assert total_cost([{"cost": "1.25"}, {"cost": 2}]) == Decimal("3.25")
    assert total_cost([]) == 0


def test_a_store_is_known_by_its_id() -> None:
    """Once, in the order of the list."""
    assert store_ids([{"store_id": 72}, {"store_id": "71"}, {"store_id": "72"}, {"store_id": ""}, {}]) == ["72", "71"]


async def test_cost_that_belongs_to_no_product_is_asked_about() -> None:
    """TikTok's id of it is no usual one."""
    finding = finder(Stores([3], [{"1": 3}], [{"-1": 2, "5": 1}]))
    assert ids_of(await finding.parts(PRODUCTS, WINDOW), "item_group_ids") == ["-1", "5"]
    assert finding.error("gmv_max_creative_reports_daily") is None
