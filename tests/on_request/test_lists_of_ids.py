"""Reports by store need ids that another report shows. What that one lacks is asked for again, or reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from on_request.conftest import emulator_of
from support import Outcome, config_for, quickly, read_from
from tiktok_marketing.emulator import Emulator, Fault

REPORT = "gmv_max/report/get/"
CAMPAIGNS = 'dimensions=["campaign_id"]'
PRODUCTS, ROOMS = 'dimensions=["campaign_id","item_group_id"]&', 'dimensions=["campaign_id","room_id"]&'
POSTS, LIVES = "gmv_max_creative_reports_daily", "gmv_max_live_room_reports_daily"
BY_PRODUCT, DURATIONS = "gmv_max_product_reports_daily", "gmv_max_live_duration_reports_lifetime"
SUMS = "gmv_max_product_campaign_reports_daily"
DAYS: dict[str, Any] = {"start_date": "2026-06-01", "end_date": "2026-06-08"}


def emulator() -> Emulator:
    """A business of one account, whose figures are final."""
    return emulator_of(advertisers=1, settled=True)


def keys(outcome: Outcome, name: str) -> set[str]:
    """The rows of a stream."""
    return {repr(sorted(record["dimensions"].items())) for record in outcome.records(name)}


async def read(name: str, *faults: Fault, include_deleted: bool) -> Outcome:
    """Read a stream in spite of faults."""
    async with emulator() as running:
        for fault in faults:
            running.faults.add(fault)
        return await read_from(running, config_for(running, **DAYS, include_deleted=include_deleted), [name])


@pytest.mark.parametrize("name", quickly(POSTS, BY_PRODUCT, LIVES, DURATIONS))
@pytest.mark.parametrize("lack", quickly(1, 0.5))
@pytest.mark.parametrize("include_deleted", [True, False])
async def test_campaigns_that_a_list_lacks_are_reported(name: str, lack: float, include_deleted: bool) -> None:
    """The store's cost shows that they are missing. The error names the account, the store and the days."""
    whole = await read(name, include_deleted=include_deleted)
    outcome = await read(name, Fault(path=REPORT, contains=CAMPAIGNS, lack=lack), include_deleted=include_deleted)
    assert whole.exit_code == 0
    assert keys(whole, name)
    assert keys(outcome, name) < keys(whole, name)
    assert outcome.exit_code == 1
    (error,) = outcome.errors
    for text in ("store", "2026-06-01", "of advertiser", "cost"):
        assert text in error["message"]
    assert not outcome.last_states.get(name, {}).get("states")


@pytest.mark.parametrize("contains", [CAMPAIGNS, PRODUCTS])
@pytest.mark.parametrize("include_deleted", [True, False])
async def test_a_list_that_lacks_something_once_is_asked_for_again(contains: str, include_deleted: bool) -> None:
    """Then nothing is missing, and nothing is said."""
    whole = await read(POSTS, include_deleted=include_deleted)
    fault = Fault(path=REPORT, contains=contains, lack=0.6, nth=1)
    outcome = await read(POSTS, fault, include_deleted=include_deleted)
    assert outcome.exit_code == 0
    assert keys(outcome, POSTS) == keys(whole, POSTS)
    assert "lacks" not in str(outcome.of_type("LOG"))


@pytest.mark.parametrize(("name", "contains"), [(POSTS, PRODUCTS), (DURATIONS, ROOMS)])
async def test_products_and_rooms_that_a_list_lacks_are_reported(name: str, contains: str) -> None:
    """Their cost may come late, and nobody documents that it ever adds up. So it is a warning, with the store."""
    outcome = await read(name, Fault(path=REPORT, contains=contains, lack=0.6), include_deleted=True)
    assert outcome.exit_code == 0
    warnings = [message["message"] for message in outcome.of_type("LOG") if message["level"] == "WARN"]
    assert any("TikTok's list of" in text and "lacks" in text and "store" in text for text in warnings), warnings


async def test_a_store_whose_sum_is_refused_is_read_with_a_warning() -> None:
    """Then nothing shows what a list of campaigns lacks."""
    whole = await read(POSTS, include_deleted=True)
    fault = Fault(path=REPORT, contains='dimensions=["advertiser_id"]', code=40002)
    outcome = await read(POSTS, fault, include_deleted=True)
    assert outcome.exit_code == 0
    assert keys(outcome, POSTS) == keys(whole, POSTS)
    assert "does not tell what the campaigns of a store cost together" in str(outcome.of_type("LOG"))


@pytest.mark.parametrize("include_deleted", [True, False])
async def test_a_quiet_sync_asks_each_list_once(include_deleted: bool) -> None:
    """One request per store for its sum, its campaigns and its products each, and none is repeated."""
    async with emulator() as running:
        config = config_for(running, **DAYS, include_deleted=include_deleted)
        outcome = await read_from(running, config, [POSTS])
        asked = [sorted(request.params.items()) for request in running.counters.requests if request.path == REPORT]
    assert outcome.exit_code == 0
    assert len(set(map(repr, asked))) == len(asked)


def stores_of(outcome: Outcome, name: str) -> set[str]:
    """The stores that a stream has rows of."""
    return {record["dimensions"]["store_id"] for record in outcome.records(name)}


@pytest.mark.parametrize("code", [40001, 40002])
@pytest.mark.parametrize("name", [POSTS, SUMS])
async def test_a_store_that_tiktok_refuses_costs_its_own_rows(name: str, code: int) -> None:
    """The other stores are read; the error names the store, and no state says that its days were read."""
    whole = await read(name, include_deleted=True)
    refused, *others = sorted(stores_of(whole, name))
    assert others
    outcome = await read(name, Fault(path=REPORT, contains=f'"{refused}"', code=code), include_deleted=True)
    assert outcome.exit_code == 1
    assert keys(outcome, name) == {key for key in keys(whole, name) if refused not in key}
    (error,) = outcome.errors
    assert f"store_id {refused}" in error["message"]
    assert str(code) in error["message"]
    assert not outcome.last_states.get(name, {}).get("states")


async def test_if_no_store_is_answered_the_account_is_refused() -> None:
    """After a few stores nothing more is asked, and the error is TikTok's own."""
    outcome = await read(SUMS, Fault(path=REPORT, code=40002), include_deleted=True)
    assert outcome.exit_code == 1
    assert not outcome.records(SUMS)
    (error,) = outcome.errors
    assert "store_id" not in error["message"]


@pytest.mark.parametrize(("list_of", "field", "name"), [
    (CAMPAIGNS, "campaign_id", POSTS), (CAMPAIGNS, "campaign_id", LIVES), (CAMPAIGNS, "campaign_id", BY_PRODUCT),
    (PRODUCTS, "item_group_id", POSTS), (ROOMS, "room_id", DURATIONS),
])  # fmt: skip
@pytest.mark.parametrize("value", quickly(None, "abc", [], "-"))
async def test_an_object_that_cannot_be_named_costs_its_own_rows(
    list_of: str, field: str, name: str, value: object
) -> None:
    """The other objects of the store are asked about. The error has the value, and no state covers the days."""
    await fails_alone(list_of, field, name, value)


@pytest.mark.parametrize("name", quickly(POSTS, LIVES, BY_PRODUCT))
async def test_a_campaign_has_an_id_of_digits(name: str) -> None:
    """Ids of products and rooms may have letters."""
    await fails_alone(CAMPAIGNS, "campaign_id", name, "x1")


async def fails_alone(list_of: str, field: str, name: str, value: object) -> None:
    """Read a report while an object of a list has this value in place of its id."""
    whole = await read(name, include_deleted=True)
    fault = Fault(path=REPORT, contains=list_of, edit=f"dimensions.{field}", value=value, records=1)
    outcome = await read(name, fault, include_deleted=True)
    assert outcome.exit_code == 1
    assert keys(outcome, name) < keys(whole, name)
    (error,) = outcome.errors
    assert f"{field} is {value if isinstance(value, str) else json.dumps(value)!r}" in error["message"]
    assert name in error["message"]
    assert not outcome.last_states.get(name, {}).get("states")
