"""A list that other requests come from is read once per account and sync, and never in part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
from unit_builders import NOON, FakeClock, client, refusal, success

from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import object_stream
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.read.parent_lists import ParentLists

STORES = object_stream("gmv_max_stores")
PIXELS = object_stream("pixels")


class Lists:
    """Each account has one store and one pixel, named like it.

    Args:
        answer: Says what is answered instead, from the number of the request on; None for the list.
    """

    def __init__(self, answer: Callable[[int], Reply | None] = lambda _: None) -> None:
        self._answer = answer
        self.requests: list[tuple[str, str]] = []
        self.filters: list[str] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer one request, after others had time to come."""
        assert token
        account = params["advertiser_id"]
        self.requests.append((endpoint, account))
        self.filters.append(params.get("filtering", ""))
        number = len(self.requests)
        await asyncio.sleep(0)
        instead = self._answer(number)
        if instead is not None:
            return instead
        if endpoint == STORES.endpoint:
            return success({"store_list": [{"store_id": f"s{account}"}]})
        info = {"page": 1, "page_size": 20, "total_number": 1, "total_page": 1}
        return success({"list": [{"campaign_id": "5"}], "pixels": [{"pixel_id": f"p{account}"}], "page_info": info})


def lists_of(api: Lists, *, include_deleted: bool = False) -> ParentLists:
    """The lists of a sync."""
    return ParentLists(client(api, FakeClock()), NOON.date, include_deleted=include_deleted)


async def test_windows_that_need_a_list_at_once_share_it() -> None:
    """The others wait for the first, and so does whoever comes later."""
    api = Lists()
    lists = lists_of(api)
    account = AdvertiserId("7001")
    every = [*await asyncio.gather(*(lists.records(STORES, account) for _ in range(5)))]
    every.append(await lists.records(STORES, account))
    assert [[record["store_id"] for record in records] for records in every] == [["s7001"]] * 6
    assert api.requests == [(STORES.endpoint, "7001")]


async def test_each_account_and_stream_has_a_list_of_its_own() -> None:
    """No account gets another's stores."""
    api = Lists()
    lists = lists_of(api)
    for account in ("7001", "7002", "7001"):
        [store] = await lists.records(STORES, AdvertiserId(account))
        [pixel] = await lists.records(PIXELS, AdvertiserId(account))
        assert (store["store_id"], pixel["pixel_id"]) == (f"s{account}", f"p{account}")
    assert len(api.requests) == 4


async def test_a_list_that_cannot_be_read_is_read_again_when_it_is_next_needed() -> None:
    """A failure is not remembered as an empty list."""
    lists = lists_of(Lists(lambda number: refusal(40300) if number == 1 else None))
    account = AdvertiserId("7001")
    outcomes = await asyncio.gather(
        *(lists.records(STORES, account) for _ in range(2)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], TikTokError)
    assert outcomes[1] == await lists.records(STORES, account) != []


@pytest.mark.parametrize("include_deleted", [False, True])
async def test_deleted_objects_are_listed_if_the_sync_includes_them(include_deleted: bool) -> None:
    """Their rows are in the reports that need the list."""
    api = Lists()
    await lists_of(api, include_deleted=include_deleted).records(object_stream("campaigns"), AdvertiserId("7001"))
    assert any("STATUS_ALL" in text for text in api.filters) == include_deleted
