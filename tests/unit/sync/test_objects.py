from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from unit_builders import NOON, FakeClock, account, client, config, refusal, stream, success

from support import Ahead
from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.catalog import Parent, field_types, object_stream
from tiktok_marketing.errors import (
    IncompleteReadError,
    OutOfReachError,
    PartialAnswerError,
    TikTokError,
    UnusableIdError,
)
from tiktok_marketing.sync.events import Checkpoint, Event, Notice, Rows, StreamEnded
from tiktok_marketing.sync.plan.partitions import Partition
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.objects import ObjectLists, object_requests
from tiktok_marketing.sync.read.parent_params import ParentParams, Unusable, parent_params
from tiktok_marketing.sync.run.byte_queue import ByteQueue
from tiktok_marketing.sync.run.engine import Sync
from tiktok_marketing.sync.run.scheduler import PartitionQueue
from tiktok_marketing.sync.run.stream_run import StreamRun
from tiktok_marketing.sync.run.window_reader import WindowReader

TODAY = NOON.date()
ANSWER_KEYS = {
    "file/music/get/": "musics",
    "creative/portfolio/list/": "creative_portfolios",
    "pixel/list/": "pixels",
}
NO_PERMISSION = refusal(40001, "Adv has no permission to operate on the Pixel 2.")
NOT_ACCEPTABLE = refusal(40002, "optimization_goal: one or more value of the param(s) is not acceptable, see docs.")


class Api:
    """Answers each endpoint with pages of its records, or with the result of a function of the parameters.

    Args:
        endpoints: Records of an endpoint, or what answers for it.
        reach: Records of a list that are given at most, whatever its count says.
    """

    def __init__(
        self, endpoints: Mapping[str, Sequence[Any] | Callable[[dict[str, Any]], Reply]], *, reach: int = 10**9
    ) -> None:
        self._endpoints = endpoints
        self._reach = reach
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer with the page that is asked for."""
        assert token
        decoded = {name: _decoded(text) for name, text in params.items()}
        self.requests.append((endpoint, decoded))
        answer = self._endpoints[endpoint]
        if not isinstance(answer, Sequence):
            return answer(decoded)
        if decoded.get("filtering", {}).get("buying_types") == ["RESERVATION_TOP_VIEW"]:
            answer = []
        number, size = int(decoded["page"]), int(decoded["page_size"])
        rows = answer[: self._reach][(number - 1) * size : number * size]
        info = {"page": number, "page_size": size, "total_number": len(answer), "total_page": -(-len(answer) // size)}
        return success({ANSWER_KEYS.get(endpoint, "list"): rows, "page_info": info})

    def params_of(self, endpoint: str) -> list[dict[str, Any]]:
        """What the endpoint was asked, without the account."""
        return [
            {name: value for name, value in params.items() if name != "advertiser_id"}
            for item, params in self.requests
            if item == endpoint
        ]


def _decoded(text: str) -> Any:
    return json.loads(text) if text[:1] in {"[", "{"} else text


def lists(api: Api, name: str, *, since: str = "", deleted: bool = False) -> ObjectLists:
    """The lists of one stream of one account."""
    return ObjectLists(
        client(api, FakeClock(), tier=tier_of(1000)),
        object_stream(name),
        account().advertiser_id,
        include_deleted=deleted,
        today=TODAY,
        modified_since=since,
    )


async def records_of(reading: ObjectLists, records: list[Any] | None = None) -> list[Any]:
    """All records that are delivered; a list that is passed in has them even if reading fails."""
    records: list[Any] = [] if records is None else records
    async for delivery in reading.deliveries():
        records += delivery.records
    return records


def asset(number: int, modify_time: str, **fields: Any) -> dict[str, Any]:
    """An image."""
    return {"image_id": f"i{number}", "modify_time": modify_time, **fields}


@pytest.mark.parametrize(
    ("name", "endpoint", "record", "size"),
    [
        ("audiences", "dmp/custom_audience/list/", {"audience_id": "5", "cover_num": "12"}, 100),
        ("creative_assets_images", "file/image/ad/search/", {"image_id": "5", "width": "12"}, 100),
        ("creative_assets_videos", "file/video/ad/search/", {"video_id": "5", "duration": "12"}, 100),
        ("creative_assets_music", "file/music/get/", {"music_id": "5", "duration": "12"}, 1000),
        ("creative_assets_portfolios", "creative/portfolio/list/", {"creative_portfolio_id": "5"}, 100),
        ("pixels", "pixel/list/", {"pixel_id": "5", "events": [{"currency_value": 12}]}, 20),
    ],
)
async def test_each_list_is_read_completely_from_its_endpoint(
    name: str, endpoint: str, record: dict[str, Any], size: int
) -> None:
    """Pages are as large as TikTok allows; each record has its types and its account."""
    rows = [record | {next(iter(record)): str(n)} for n in range(size + 1)]
    api = Api({endpoint: rows})
    records = await records_of(lists(api, name))
    key = next(iter(record))
    assert [item[key] for item in records] == [str(n) for n in range(size + 1)]
    assert {item["advertiser_id"] for item in records} == {7001}
    assert [params["page_size"] for params in api.params_of(endpoint)] == [str(size)] * 2
    types = field_types(stream(name))
    kinds = {"integer": int, "number": float, "string": str, "array": list}
    assert all(isinstance(records[0][field], kinds[types[field].kind]) for field in record)


async def test_a_post_has_its_id_at_the_root() -> None:
    """Airbyte's key of Spark Ads repeats the nested `item_id`; the record is otherwise TikTok's."""
    post = {"item_info": {"item_id": "77", "text": "hi"}, "auth_info": {"ad_auth_status": "AUTHORIZED"}}
    (record,) = await records_of(lists(Api({"tt_video/list/": [post]}), "spark_ads"))
    assert record == {"spark_ads_post_id": "77", "advertiser_id": 7001, **post}


async def test_a_post_without_an_id_is_delivered() -> None:
    """A missing path gives null, not an error."""
    sent = [{"item_info": None}, {"item_info": {}}, {}]
    records = await records_of(lists(Api({"tt_video/list/": sent}), "spark_ads"))
    assert [record["spark_ads_post_id"] for record in records] == [None, None, None]


async def test_assets_before_the_start_date_are_left_out() -> None:
    """Their times are compared as times, and delivered as TikTok writes them."""
    rows = [asset(1, "2026-02-01T10:00:00Z"), asset(2, "2025-12-31T23:59:59Z"), asset(3, "2026-01-01T00:00:00Z")]
    reading = lists(Api({"file/image/ad/search/": rows}), "creative_assets_images", since="2026-01-01 00:00:00")
    records = await records_of(reading)
    assert [record["modify_time"] for record in records] == ["2026-02-01T10:00:00Z", "2026-01-01T00:00:00Z"]
    assert reading.latest == "2026-02-01 10:00:00"


async def test_an_asset_created_after_its_last_change_is_new() -> None:
    """TikTok lists images whose `modify_time` is before their `create_time`, so both must be compared."""
    late_image = asset(1, "2025-12-20T10:00:00Z", create_time="2026-01-05T10:00:00Z")
    old = asset(2, "2025-12-20T10:00:00Z", create_time="2025-12-19T10:00:00Z")
    reading = lists(
        Api({"file/image/ad/search/": [late_image, old]}), "creative_assets_images", since="2026-01-01 00:00:00"
    )
    assert [record["image_id"] for record in await records_of(reading)] == ["i1"]
    assert reading.latest == "2025-12-20 10:00:00"


@pytest.mark.parametrize("total", [10_000, 10_001, 25_000])
async def test_assets_that_tiktok_does_not_list_are_a_failure(total: int) -> None:
    """The records that TikTok lists are delivered; that more exist, or may exist, is an error."""
    rows = [asset(n, "2026-02-01T10:00:00Z") for n in range(total)]
    api = Api({"file/image/ad/search/": rows}, reach=10_000)
    reading = lists(api, "creative_assets_images", since="2026-01-01 00:00:00")
    records: list[Any] = []
    with pytest.raises(IncompleteReadError, match="no more than 10,000 records of advertiser 7001") as caught:
        await records_of(reading, records)
    assert len(records) == 10_000
    assert len(api.requests) == 100
    assert ("25,000" in caught.value.message) == (total == 25_000)
    assert "2026-02-01" in caught.value.remedy


async def test_music_that_tiktok_does_not_list_is_a_failure() -> None:
    """It has no time, so nothing shows that the rest is not needed."""
    api = Api({"file/music/get/": [{"music_id": str(n)} for n in range(100_000)]})
    with pytest.raises(OutOfReachError, match="no more than 100,000"):
        await records_of(lists(api, "creative_assets_music", since="2026-01-01 00:00:00"))


async def test_fewer_assets_than_the_limit_are_complete() -> None:
    """With one record fewer, the list has ended by itself."""
    rows = [asset(n, "2026-02-01T10:00:00Z") for n in range(9_999)]
    records = await records_of(lists(Api({"file/image/ad/search/": rows}), "creative_assets_images"))
    assert len(records) == 9_999


async def test_assets_that_are_not_listed_are_not_missed_if_they_are_older_than_the_state() -> None:
    """TikTok lists what changed last. Once a record is older than the state, the rest is older still.

    A notice says so.
    """
    rows = [asset(n, "2026-02-01T10:00:00Z" if n < 9_999 else "2025-06-01T10:00:00Z") for n in range(12_000)]
    api = Api({"file/image/ad/search/": rows}, reach=10_000)
    reading = lists(api, "creative_assets_images", since="2026-01-01 00:00:00")
    assert len(await records_of(reading)) == 9_999
    (notice,) = reading.notices
    assert notice.level == "info"
    assert "12,000 exist" in notice.text
    assert "before 2025-06-01 10:00:00" in notice.text


async def test_assets_that_are_not_listed_may_be_needed_if_others_were_created_after_their_change() -> None:
    """They changed before the oldest one listed, and may have been created as long after that as any listed one."""
    late_image = asset(0, "2025-06-20T10:00:00Z", create_time="2025-12-20T10:00:00Z")  # it took 183 days
    rows = [late_image, *(asset(n, "2025-06-18T10:00:00Z") for n in range(1, 12_000))]
    for since, is_needed in (("2025-12-18 10:00:00", True), ("2025-12-18 10:00:01", False)):
        reading = lists(Api({"file/image/ad/search/": rows}, reach=10_000), "creative_assets_images", since=since)
        records: list[Any] = []
        with pytest.raises(OutOfReachError, match="no more than 10,000") if is_needed else nullcontext() as caught:
            await records_of(reading, records)
        assert [record["image_id"] for record in records] == ["i0"]
        assert (caught is None) or "start_date after 2025-12-18, nothing is missing" in caught.value.remedy


async def test_a_missing_asset_within_the_limit_is_a_failure() -> None:
    """One of the 10,000 that TikTok should list is missing, and nobody knows when it changed."""
    rows = [asset(n, "2026-02-01T10:00:00Z" if n < 5000 else "2025-06-01T10:00:00Z") for n in range(12_000)]

    def answer(params: dict[str, Any]) -> Reply:
        number, size = int(params["page"]), int(params["page_size"])
        page_rows = [row for row in rows[(number - 1) * size : number * size] if row["image_id"] != "i7"]
        info = {"page": number, "page_size": size, "total_number": len(rows), "total_page": len(rows) // size}
        return success({"list": page_rows, "page_info": info})

    reading = lists(Api({"file/image/ad/search/": answer}), "creative_assets_images", since="2026-01-01 00:00:00")
    with pytest.raises(IncompleteReadError, match="delivered 9,999 of the 10,000 rows"):
        await records_of(reading)
    assert reading.notices == []


@given(st.integers(0, 45))
def test_pixels_are_requested_ten_at_a_time(count: int) -> None:
    """Each of the account's pixels once, in order; no request has more than ten, and none is empty."""
    parent = object_stream("pixel_events_statistics").source.parent
    assert parent is not None
    all_params = [
        item.params["pixel_ids"] for item in parent_params(parent, [{"pixel_id": str(n + 1)} for n in range(count)])[0]
    ]
    assert [item for ids in all_params for item in ids] == [str(n + 1) for n in range(count)]
    assert all(len(ids) == 10 for ids in all_params[:-1])
    assert all(1 <= len(ids) <= 10 for ids in all_params)


async def test_statistics_are_requested_for_the_accounts_pixels_and_thirty_days() -> None:
    """No pixel of another account is requested, and the range is today and the 29 days before."""
    api = Api(
        {
            "pixel/list/": [{"pixel_id": str(n)} for n in range(1, 26)],
            "pixel/event/stats/": lambda params: success(
                {"list": [{"pixel_id": item, "statistics": []} for item in params["pixel_ids"]]}
            ),
        }
    )
    records = await records_of(lists(api, "pixel_events_statistics"))
    assert [record["pixel_id"] for record in records] == [str(n) for n in range(1, 26)]
    all_params = api.params_of("pixel/event/stats/")
    assert [len(params["pixel_ids"]) for params in all_params] == [10, 10, 5]
    assert [params["date_range"] for params in all_params] == [
        {"start_date": "2026-02-09", "end_date": "2026-03-10"}
    ] * 3
    assert all(set(params) == {"pixel_ids", "date_range"} for params in all_params)


async def test_a_pixel_that_a_joint_answer_leaves_out_is_asked_about_alone() -> None:
    """It may have figures all the same. One that answers alone without any has none."""

    def statistics(params: dict[str, Any]) -> Reply:
        ids = params["pixel_ids"]
        rows = [{"pixel_id": each, "event_type": "x"} for each in ids if each == "1" or (each == "2" and len(ids) == 1)]
        return success({"list": rows})

    api = Api({"pixel/list/": [{"pixel_id": each} for each in "123"], "pixel/event/stats/": statistics})
    records = await records_of(lists(api, "pixel_events_statistics"))
    assert [record["pixel_id"] for record in records] == ["1", "2"]
    assert [params["pixel_ids"] for params in api.params_of("pixel/event/stats/")] == [["1", "2", "3"], ["2"], ["3"]]


@pytest.mark.parametrize("only_changed", [False, True])
async def test_only_changed_objects_are_asked_for_if_all_were_read_before(only_changed: bool) -> None:
    """TikTok has a filter for them."""
    api = Api({"ad/get/": [{"ad_id": "1", "modify_time": "2026-02-01 00:00:00"}]})
    reading = ObjectLists(
        client(api, FakeClock(), tier=tier_of(1000)),
        object_stream("ads"),
        account().advertiser_id,
        include_deleted=False,
        today=TODAY,
        modified_since="2026-01-01 00:00:00",
        only_changed=only_changed,
    )
    await records_of(reading)
    filters = [params.get("filtering", {}) for params in api.params_of("ad/get/")]
    assert [each.get("modified_after") for each in filters] == ["2025-12-31 23:59:59" if only_changed else None] * len(
        filters
    )


@pytest.mark.parametrize("partial", ["pixel/list/", "pixel/event/stats/"])
async def test_a_list_that_came_in_part_is_an_error_at_the_end(partial: str) -> None:
    """Also if it is the one that the parameters come from. What came is delivered."""

    def answer(endpoint: str, key: str, rows: list[dict[str, Any]]) -> Reply:
        body = {"code": 20001 if endpoint == partial else 0, "message": "", "request_id": "r", "data": {key: rows}}
        return Reply(200, {}, json.dumps(body).encode())

    api = Api(
        {
            "pixel/list/": lambda _: answer("pixel/list/", "pixels", [{"pixel_id": "1"}]),
            "pixel/event/stats/": lambda _: answer("pixel/event/stats/", "list", [{"pixel_id": "1"}]),
        }
    )
    records: list[Any] = []
    with pytest.raises(PartialAnswerError):
        await records_of(lists(api, "pixel_events_statistics"), records)
    assert [record["pixel_id"] for record in records] == ["1"]


@pytest.mark.parametrize(
    ("name", "deleted", "asked"),
    [("campaigns_bid_protection", False, False), ("campaigns_bid_protection", True, True),
     ("smart_plus_legacy_campaigns", True, False)],
)  # fmt: skip
async def test_deleted_parents_are_asked_about_if_they_are_included_and_tiktok_answers_for_them(
    name: str, deleted: bool, asked: bool
) -> None:
    """Otherwise each of them would cost an error."""
    endpoint, key = object_stream(name).endpoint, object_stream(name).source.list_key
    api = Api({"campaign/get/": [{"campaign_id": "1"}], endpoint: lambda _: success({key: []})})
    await records_of(lists(api, name, deleted=deleted))
    filters = [json.dumps(params.get("filtering", {})) for params in api.params_of("campaign/get/")]
    assert ["STATUS_ALL" in text for text in filters] == [asked] * len(filters)


@pytest.mark.parametrize(("name", "pixels", "requests"), [("campaigns", 0, 2), ("pixel_events_statistics", 11, 2)])
async def test_the_requests_of_a_list_are_counted_by_its_queries_and_parameters(
    name: str, pixels: int, requests: int
) -> None:
    """If each has one page."""
    api = Api({"pixel/list/": [{"pixel_id": str(number + 1)} for number in range(pixels)]})
    assert await lists(api, name).count_requests() == requests
    assert {endpoint for endpoint, _ in api.requests} == ({"pixel/list/"} if pixels else set())


@pytest.mark.parametrize(("campaigns", "protected", "requests"), [(3, 1, 3), (3, 3, 1), (1, 0, 1), (0, 0, 0)])
async def test_values_that_an_answer_about_several_leaves_out_count_as_a_request_each(
    campaigns: int, protected: int, requests: int
) -> None:
    """For a list that has records about few values: the sync asks about each of the others alone."""
    source = object_stream("campaigns_bid_protection").source
    records = [{"campaign_id": str(number)} for number in range(1, protected + 1)]
    api = Api(
        {
            "campaign/get/": [{"campaign_id": str(number)} for number in range(1, campaigns + 1)],
            "report/bid_protection/detail/get/": lambda _: success({source.list_key: records}),
        }
    )
    assert await lists(api, "campaigns_bid_protection").count_requests() == requests
    await records_of(lists(api, "campaigns_bid_protection"))
    assert len(api.params_of("report/bid_protection/detail/get/")) == requests + min(campaigns, 1)


async def test_the_first_of_two_lists_that_lack_objects_is_reported() -> None:
    """The other list is read all the same."""

    def answer(params: dict[str, Any]) -> Reply:
        of_top_view = params["filtering"].get("buying_types") == ["RESERVATION_TOP_VIEW"]
        info = {"total_number": 3 if of_top_view else 2, "total_page": 1, "page_size": 1000}
        return success({"list": [{"ad_id": "9" if of_top_view else "1"}], "page_info": info})

    records: list[Any] = []
    with pytest.raises(IncompleteReadError, match="delivered 1 of the") as caught:
        await records_of(lists(Api({"ad/get/": answer}), "ads"), records)
    first = 3 if records[0]["ad_id"] == 9 else 2
    assert f"1 of the {first} rows" in caught.value.message
    assert sorted(record["ad_id"] for record in records) == [1, 9]


@pytest.mark.parametrize(
    ("times", "since", "needed"),
    [
        (["2026-02-04", "2026-02-03", "2026-02-02", "2026-02-01"], "2026-02-01", True),
        (["2026-02-04", "2026-02-03", "2026-02-02", "2026-02-01"], "2026-02-02", False),
        (["2026-02-01", "2026-02-02", "2026-02-03", "2026-02-04"], "2026-02-02", False),
        (["2026-02-04", "2026-02-03", "2026-02-01", ""], "2026-02-02", False),
        (["", "", "", ""], "2026-02-02", True),
    ],
)
async def test_what_is_not_listed_changed_before_the_oldest_that_is(times: list[str], since: str, needed: bool) -> None:
    """Whatever its order, and although some have no time. Without any time nothing is known."""
    images = object_stream("creative_assets_images")
    short = replace(images, source=replace(images.source, page_size=2, max_records=4))
    rows = [asset(number, f"{time}T00:00:00Z" if time else "") for number, time in enumerate([*times, "2025-01-01"])]
    reading = ObjectLists(
        client(Api({images.endpoint: rows}, reach=4), FakeClock(), tier=tier_of(1000)),
        short,
        account().advertiser_id,
        include_deleted=False,
        today=TODAY,
        modified_since=f"{since} 00:00:00",
    )
    with pytest.raises(OutOfReachError) if needed else nullcontext():
        await records_of(reading)
    assert [notice.level for notice in reading.notices] == ([] if needed else ["info"])


async def test_an_asset_that_was_created_at_the_limit_is_delivered() -> None:
    """TikTok lists images that changed before they were created."""
    since = "2026-02-01 00:00:00"
    rows = [
        asset(number, "2026-01-01T00:00:00Z", create_time=f"{day}T00:00:00Z")
        for number, day in ((1, "2026-02-01"), (2, "2026-01-31"))
    ]
    records = await records_of(lists(Api({"file/image/ad/search/": rows}), "creative_assets_images", since=since))
    assert [record["image_id"] for record in records] == ["i1"]


async def test_objects_before_start_date_that_are_not_listed_are_a_warning() -> None:
    """Nobody asked to leave them out, and TikTok offers no way to list them."""
    images = object_stream("creative_assets_images")
    short = replace(images, source=replace(images.source, page_size=2, max_records=2))
    rows = [asset(number, f"2026-02-0{number}T00:00:00Z") for number in (3, 2, 1)]
    reading = ObjectLists(
        client(Api({images.endpoint: rows}, reach=2), FakeClock(), tier=tier_of(1000)),
        short,
        account().advertiser_id,
        include_deleted=False,
        today=TODAY,
        required_since="2026-02-03 00:00:00",
    )
    assert len(await records_of(reading)) == 2
    [notice] = reading.notices
    assert notice.level == "warning"
    assert "long before start_date. They are missing" in notice.text


async def test_a_time_that_is_none_is_no_time() -> None:
    """The object is delivered."""
    rows = [asset(1, "soon", create_time="later"), asset(2, "2025-01-01T00:00:00Z", create_time="later")]
    reading = lists(Api({"file/image/ad/search/": rows}), "creative_assets_images", since="2026-01-01 00:00:00")
    assert [record["image_id"] for record in await records_of(reading)] == ["i1"]


async def test_an_expected_error_with_another_code_is_an_error() -> None:
    """Its words alone prove nothing."""
    other = refusal(40300, "Adv has no permission to operate on the Pixel 2.")
    api = Api({"pixel/list/": [{"pixel_id": "2"}], "pixel/event/stats/": lambda _: other})
    with pytest.raises(TikTokError) as caught:
        await records_of(lists(api, "pixel_events_statistics"))
    assert caught.value.code == 40300


async def test_an_asset_with_a_creation_alone_is_delivered() -> None:
    """Nothing says that it did not change."""
    api = Api({"file/image/ad/search/": [{"image_id": "i1", "create_time": "2025-01-01T00:00:00Z"}]})
    assert len(await records_of(lists(api, "creative_assets_images", since="2026-01-01 00:00:00"))) == 1


async def test_different_objects_with_one_id_are_reported() -> None:
    """All of them come."""
    rows = [{"audience_id": "5", "name": "a"}, {"audience_id": "5", "name": "b"}, {"audience_id": "6", "name": "c"}]

    def audiences(_: dict[str, Any]) -> Reply:
        return success({"list": rows, "page_info": {"total_number": 2, "total_page": 1, "page_size": 100}})

    reading = lists(Api({"dmp/custom_audience/list/": audiences}), "audiences")
    assert len(await records_of(reading)) == 3
    [notice] = reading.notices
    assert notice.level == "warning"
    assert notice.text.startswith("audiences, advertiser 7001: TikTok delivers 2 different records")


async def test_an_account_without_pixels_needs_no_request_for_statistics() -> None:
    """A request with an empty list of ids would be useless."""
    api = Api({"pixel/list/": []})
    assert await records_of(lists(api, "pixel_events_statistics")) == []


async def test_a_pixel_without_permission_does_not_affect_others() -> None:
    """Its request is divided until it is alone; then it is left out, and a notice says so."""

    def stats(params: dict[str, Any]) -> Reply:
        ids = params["pixel_ids"]
        return (
            NO_PERMISSION if "2" in ids else success({"list": [{"pixel_id": item, "statistics": []} for item in ids]})
        )

    api = Api({"pixel/list/": [{"pixel_id": str(n)} for n in range(1, 9)], "pixel/event/stats/": stats})
    reading = lists(api, "pixel_events_statistics")
    records = await records_of(reading)
    assert [record["pixel_id"] for record in records] == ["1", "3", "4", "5", "6", "7", "8"]
    (notice,) = [notice.text for notice in reading.notices]
    assert "pixel_events_statistics" in notice
    assert "7001" in notice
    assert "pixel 2 is left out" in notice


async def test_another_missing_permission_is_a_failure() -> None:
    """The same code with another message means that the account is inaccessible."""
    api = Api(
        {
            "pixel/list/": [{"pixel_id": "1"}],
            "pixel/event/stats/": lambda _: refusal(40001, "No permission for advertiser 7001."),
        }
    )
    with pytest.raises(TikTokError) as caught:
        await records_of(lists(api, "pixel_events_statistics"))
    assert caught.value.code == 40001


def ad_group(number: int, campaign: int, goal: str | None) -> dict[str, Any]:
    """An ad group."""
    return {"adgroup_id": str(number), "campaign_id": str(campaign), "optimization_goal": goal}


async def test_instant_pages_are_requested_for_the_accounts_own_pairs() -> None:
    """Each pair of objective and goal that an ad group has through its campaign, once; no other pair."""
    api = Api(
        {
            "campaign/get/": [
                {"campaign_id": "1", "objective_type": "TRAFFIC"},
                {"campaign_id": "2", "objective_type": "LEAD_GENERATION"},
                {"campaign_id": "3", "objective_type": None},
            ],
            "adgroup/get/": [
                ad_group(11, 1, "CLICK"),
                ad_group(12, 1, "CLICK"),
                ad_group(13, 2, "LEAD_GENERATION"),
                ad_group(14, 2, "CLICK"),
                ad_group(15, 3, "REACH"),
                ad_group(16, 1, None),
                ad_group(17, 9, "SHOW"),
            ],
            "pixel/instant_page/event/": lambda params: success({"list": [{"business_type": str(params)}]}),
        }
    )
    records = await records_of(lists(api, "pixel_instant_page_events"))
    assert api.params_of("pixel/instant_page/event/") == [
        {"objective_type": "TRAFFIC", "optimization_goal": "CLICK"},
        {"objective_type": "LEAD_GENERATION", "optimization_goal": "LEAD_GENERATION"},
        {"objective_type": "LEAD_GENERATION", "optimization_goal": "CLICK"},
    ]
    assert [set(record) for record in records] == [{"advertiser_id", "business_type"}] * 3


async def test_a_pair_without_instant_pages_is_not_an_error() -> None:
    """TikTok does not accept it; the others are read, and no notice is needed."""

    def events(params: dict[str, Any]) -> Reply:
        if params["optimization_goal"] == "REACH":
            return NOT_ACCEPTABLE
        return success({"list": [{"business_type": "LEAD", "instant_page_events": {"objective_types": []}}]})

    api = Api(
        {
            "campaign/get/": [{"campaign_id": "1", "objective_type": "TRAFFIC"}],
            "adgroup/get/": [ad_group(1, 1, "REACH"), ad_group(2, 1, "CLICK"), ad_group(3, 1, "SHOW")],
            "pixel/instant_page/event/": events,
        }
    )
    reading = lists(api, "pixel_instant_page_events")
    assert len(await records_of(reading)) == 1  # the second pair's answer is the third's
    assert reading.notices == []


async def test_another_parameter_error_is_never_ignored() -> None:
    """A request that TikTok does not understand must not look like an account without instant pages."""
    api = Api(
        {
            "campaign/get/": [{"campaign_id": "1", "objective_type": "TRAFFIC"}],
            "adgroup/get/": [ad_group(1, 1, "CLICK")],
            "pixel/instant_page/event/": lambda _: refusal(40002, "Missing required field(s): objective_type."),
        }
    )
    with pytest.raises(TikTokError, match="Missing required"):
        await records_of(lists(api, "pixel_instant_page_events"))


async def test_deleted_parents_count_if_deleted_objects_are_included() -> None:
    """`include_deleted` also applies to the lists that are read for the parameters."""
    api = Api({"campaign/get/": [], "adgroup/get/": []})
    await records_of(lists(api, "pixel_instant_page_events", deleted=True))
    statuses = {
        params["filtering"].get("primary_status")
        for name in ("campaign/get/", "adgroup/get/")
        for params in api.params_of(name)
    }
    assert statuses == {"STATUS_ALL"}


def test_a_path_names_a_field_of_each_object_of_a_list() -> None:
    """A creative of two ads is asked for once, and an ad without creatives causes no request."""
    creatives = Parent(stream="smart_plus_ads", parameters={"ids": "creative_list.ad_material_id"}, at_once=2)
    records = [
        {"creative_list": [{"ad_material_id": "1"}, {"ad_material_id": "2"}, {}]},
        {"creative_list": []},
        {"creative_list": None},
        {"creative_list": [{"ad_material_id": "2"}, {"ad_material_id": "3"}]},
    ]
    all_params, unusable = parent_params(creatives, records)
    assert [item.params for item in all_params] == [{"ids": ["1", "2"]}, {"ids": ["3"]}]
    assert all_params[0].several(creatives) == {"ad_material_id": {"1", "2"}}
    assert unusable == []


def test_only_some_records_of_a_parent_may_cause_requests() -> None:
    """Those whose fields have the wanted values."""
    smart = Parent(stream="campaigns", parameters={"id": "campaign_id"}, where={"is_smart": True})
    records = [{"campaign_id": 1, "is_smart": True}, {"campaign_id": 2, "is_smart": False}, {"campaign_id": 3}]
    assert parent_params(smart, records) == ([ParentParams({"id": "1"})], [])


@pytest.mark.parametrize("deleted", [False, True])
async def test_queries_for_deleted_objects_are_sent_only_if_they_are_included(deleted: bool) -> None:
    """TikTok lists deleted GMV Max campaigns in no list with the others. Each record says what the query asked for."""
    whole = {"page": 1, "page_size": 100, "total_number": 1, "total_page": 1}
    api = Api(
        {
            "gmv_max/campaign/get/": lambda params: success(
                {"list": [{"campaign_id": len(str(params))}], "page_info": whole}
            )
        }
    )
    records = await records_of(lists(api, "gmv_max_campaigns", deleted=deleted))
    asked = [params["filtering"] for params in api.params_of("gmv_max/campaign/get/")]
    kinds = [{"gmv_max_promotion_types": [kind]} for kind in ("PRODUCT_GMV_MAX", "LIVE_GMV_MAX")]
    assert asked == kinds + [{**kind, "primary_status": "STATUS_DELETE"} for kind in kinds] * deleted
    assert {record["gmv_max_promotion_type"] for record in records} == {"PRODUCT_GMV_MAX", "LIVE_GMV_MAX"}


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_parent_may_leave_out_deleted_records(deleted: bool) -> None:
    """Reviews of deleted ads are not asked for, whatever the configuration says."""
    api = Api({"ad/get/": []})
    await records_of(lists(api, "ad_reviews", deleted=deleted))
    assert all("primary_status" not in params["filtering"] for params in api.params_of("ad/get/"))


def test_a_list_parameter_that_accepts_one_value_gets_a_list_of_one() -> None:
    """For example the shop of a GMV Max report."""
    shops = Parent(stream="pixels", parameters={"store_ids": "store_id"}, at_once=1)
    all_params, unusable = parent_params(
        shops, [{"store_id": 5}, {"store_id": "6"}, {"store_id": "5"}, {"store_id": ""}]
    )
    assert unusable == [Unusable("pixels", "store_id", "")]
    assert [item.params for item in all_params] == [{"store_ids": ["5"]}, {"store_ids": ["6"]}]
    assert [item.halves() for item in all_params] == [None, None]


@given(st.lists(st.integers().map(str), min_size=2, max_size=12), st.text())
def test_halves_of_parent_params_contain_the_same_values(ids: list[str], plain: str) -> None:
    """Lists are divided; other values are in both."""
    halves = ParentParams({"ids": ids, "kind": plain}).halves()
    assert halves is not None
    first, second = (item.params for item in halves)
    assert [*first["ids"], *second["ids"]] == ids
    assert first["ids"]
    assert second["ids"]
    assert (first["kind"], second["kind"]) == (plain, plain)


def test_values_that_are_requested_together_may_be_asked_about_alone() -> None:
    """Only lists of several. The field of their records is the end of the path."""
    parent = Parent(stream="pixels", parameters={"pixel_ids": "a.pixel_id", "kinds": "kind", "shop": "shop"}, at_once=9)
    params = ParentParams({"pixel_ids": ["2", "1"], "kinds": ["x"], "shop": "5"})
    assert params.several(parent) == {"pixel_id": {"1", "2"}}
    assert params.several(None) == {}
    missing = {"pixel_id": {"2", "1"}, "kind": set()}
    assert params.alone(parent, missing) == [ParentParams({"pixel_ids": ["1"]}), ParentParams({"pixel_ids": ["2"]})]
    assert params.alone(None, missing) == []


def test_records_that_a_parent_does_not_want_are_passed_over() -> None:
    """Those after them are not."""
    stores = Parent(stream="pixels", parameters={"store_id": "store_id"}, where={"open": True})
    records = [{"store_id": "1", "open": False}, {"store_id": "2", "open": True}, {"store_id": "3"}]
    assert parent_params(stores, records) == ([ParentParams({"store_id": "2"})], [])


@pytest.mark.parametrize(("refused", "asked"), [(range(1, 10), 4), (range(2, 10), 9), ([9], 9)])
async def test_refusals_of_single_values_cost_the_others_nothing(refused: Sequence[int], asked: int) -> None:
    """If TikTok has answered about none, a few are enough, and its refusal is the error."""
    campaigns = [{"campaign_id": str(number)} for number in range(1, 10)]
    api = Api(
        {
            "gmv_max/campaign/get/": lambda params: success(
                {"list": campaigns if "PRODUCT_GMV_MAX" in str(params) else [], "page_info": {}}
            ),
            "campaign/gmv_max/session/list/": lambda params: (
                refusal(40002, "campaign_id: it does not exist")
                if int(params["campaign_id"]) in refused
                else success({"session_list": [{"session_id": params["campaign_id"]}]})
            ),
        }
    )
    with pytest.raises(TikTokError if 1 in refused else UnusableIdError, match="it does not exist") as caught:
        await records_of(lists(api, "gmv_max_sessions"))
    assert caught.value.code == 40002
    assert caught.value.request_id == "r-9"
    assert ("lists in gmv_max_campaigns of advertiser 7001" in caught.value.message) == (1 not in refused)
    assert len(api.params_of("campaign/gmv_max/session/list/")) == asked


@pytest.mark.parametrize(("code", "asked"), [(40067, [3, 2, 1, 1, 1]), (40300, [3])])
async def test_a_request_about_many_ids_that_is_too_large_is_divided(code: int, asked: list[int]) -> None:
    """Other refusals are not about their number."""
    api = Api(
        {
            "pixel/list/": [{"pixel_id": each} for each in "123"],
            "pixel/event/stats/": lambda params: (
                refusal(code, "no")
                if len(params["pixel_ids"]) > 1
                else success({"list": [{"pixel_id": params["pixel_ids"][0], "statistics": []}]})
            ),
        }
    )
    reading = records_of(lists(api, "pixel_events_statistics"))
    if code == 40067:
        assert sorted(record["pixel_id"] for record in await reading) == ["1", "2", "3"]
    else:
        with pytest.raises(TikTokError, match="no"):
            await reading
    sizes = [len(params["pixel_ids"]) for params in api.params_of("pixel/event/stats/")]
    assert sorted(sizes, reverse=True) == sorted(asked, reverse=True)


async def test_a_request_about_one_id_that_is_too_large_is_an_error() -> None:
    """Nothing smaller can be asked for."""
    api = Api({"pixel/list/": [{"pixel_id": "1"}], "pixel/event/stats/": lambda _: refusal(40067, "too large")})
    with pytest.raises(TikTokError, match="too large"):
        await records_of(lists(api, "pixel_events_statistics"))


KINDS = ("PRODUCT_GMV_MAX", "LIVE_GMV_MAX")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_filter_that_tiktok_refuses_costs_its_own_objects(kind: str) -> None:
    """Those of the other filters come, and the refusal is the error at the end."""
    whole = {"page": 1, "page_size": 100, "total_number": 1, "total_page": 1}

    def answer(params: dict[str, Any]) -> Reply:
        [asked] = params["filtering"]["gmv_max_promotion_types"]
        if asked == kind:
            return refusal(40002, f"{asked} is not supported")
        return success({"list": [{"campaign_id": "5"}], "page_info": whole})

    records: list[Any] = []
    with pytest.raises(TikTokError, match=f"{kind} is not supported"):
        await records_of(lists(Api({"gmv_max/campaign/get/": answer}), "gmv_max_campaigns"), records)
    assert len(records) == 1


@pytest.mark.parametrize(
    ("code", "message", "asked"),
    [
        (40002, "gmv_max_promotion_types: not supported", 4),
        (40001, "No permission to operate advertiser 7001.", 1),
        (40118, "The application is not on the allowlist.", 1),
    ],
)
async def test_a_refusal_of_every_filter_is_the_accounts(code: int, message: str, asked: int) -> None:
    """The first is the error. If it is about the account or the application, the other filters are not tried."""
    count = iter(range(1, 100))
    api = Api({"gmv_max/campaign/get/": lambda _: refusal(code, f"{message} {next(count)}.")})
    with pytest.raises(TikTokError) as caught:
        await records_of(lists(api, "gmv_max_campaigns", deleted=True))
    assert caught.value.tiktok_message.endswith(" 1.")
    assert len(api.params_of("gmv_max/campaign/get/")) == asked


async def test_a_record_of_a_parent_without_a_usable_id_is_reported_at_the_end() -> None:
    """What belongs to the others is delivered. The error shows the first of them, and how many there are."""
    api = Api(
        {
            "pixel/list/": [{"pixel_id": "-"}, {"pixel_id": "+"}, {"pixel_id": "5"}],
            "pixel/event/stats/": lambda _: success({"list": [{"pixel_id": "5", "statistics": []}]}),
        }
    )
    records: list[Any] = []
    with pytest.raises(UnusableIdError, match=r"2 records in pixels of .* \(for example pixel_id is '-'\)"):
        await records_of(lists(api, "pixel_events_statistics"), records)
    assert [record["pixel_id"] for record in records] == ["5"]


async def test_an_endpoint_that_tiktok_has_ended_has_nothing() -> None:
    """TikTok announced that it will, and its code is no refusal of parameters."""
    campaign = {"campaign_id": "5", "is_smart_performance_campaign": True}
    ended = object_stream("smart_plus_legacy_campaigns")
    api = Api({"campaign/get/": [campaign], ended.endpoint: lambda _: refusal(40008, "not implemented")})
    assert await records_of(lists(api, ended.name)) == []
    assert len(api.params_of(ended.endpoint)) == 1


@pytest.mark.parametrize("value", [None, "", 0, "0", [], "-", {}, 1.5, "x", "9" * 40])
def test_a_record_that_no_request_can_name_is_noted_and_the_others_are_asked_about(value: object) -> None:
    """Whether its id is missing or no number of 64 bits."""
    pixels = Parent(stream="pixels", parameters={"pixel_ids": "pixel_id"}, at_once=10)
    records = [{"pixel_id": "1"}, {"pixel_id": value}, {"pixel_id": 2}]
    assert parent_params(pixels, records) == (
        [ParentParams({"pixel_ids": ["1", "2"]})],
        [Unusable("pixels", "pixel_id", value)],
    )


def test_a_record_whose_condition_cannot_be_read_is_noted() -> None:
    """Nobody knows whether the request is wanted. One without a value is not."""
    stores = Parent(stream="gmv_max_stores", parameters={"store_id": "store_id"}, where={"open": True})
    records = [{"store_id": "1", "open": "x"}, {"store_id": "2", "open": True}, {"store_id": "x", "open": False}, {}]
    params, unusable = parent_params(stores, records)
    assert ParentParams({"store_id": "2"}) in params
    assert unusable == [Unusable("gmv_max_stores", "open", "x")]


def test_records_that_cannot_be_joined_are_noted() -> None:
    """In either of the lists. A list that lacks a record is no reason: it may be deleted."""
    pages = Parent(stream="ad_groups", parameters={"kind": "kind"}, join_stream="campaigns", join_field="campaign_id")
    campaigns = [{"campaign_id": 1, "kind": "A"}, {"campaign_id": [], "kind": "B"}]
    groups = [{"campaign_id": 1}, {"campaign_id": 2}, {"campaign_id": None}]
    assert parent_params(pages, groups, campaigns) == (
        [ParentParams({"kind": "A"})],
        [Unusable("campaigns", "campaign_id", []), Unusable("ad_groups", "campaign_id", None)],
    )


def test_parent_params_with_one_value_have_no_halves() -> None:
    """There is nothing smaller to request."""
    assert ParentParams({"objective_type": "TRAFFIC"}).halves() is None
    assert ParentParams().halves() is None


def test_a_list_without_a_parent_is_requested_by_account_only() -> None:
    """Without a filter, a range or a parameter from another list."""
    (request,) = object_requests(stream("spark_ads"), "7001", include_deleted=True, today=TODAY)
    assert request.params == {"advertiser_id": "7001"}


async def synced(api: Api, name: str, state: Any = None, **settings: Any) -> list[Any]:
    """The events of a sync of one stream of one account."""
    info = {"advertiser_id": "7001", "display_timezone": "UTC", "create_time": 1672531200}
    api._endpoints = {**api._endpoints, "advertiser/info/": lambda _: success({"list": [info]})}
    clock = FakeClock(datetime(2026, 3, 10, 12, tzinfo=UTC))
    sync = Sync(
        config(advertiser_id="7001", **settings),
        [Selected(stream(name), incremental=True)],
        {} if state is None else {name: state},
        client(api, clock, tier=tier_of(1000)),
        clock,
    )
    return [event async for event in sync.events()]


async def test_the_state_of_assets_is_written_as_airbyte_4_writes_it() -> None:
    """Airbyte 4.4 and later has one form for all objects, with a space and a Z, and also reads 3.9.6's with a T."""
    rows = [asset(1, "2026-02-01T10:00:00Z"), asset(2, "2026-01-20T10:00:00Z")]
    api = Api({"file/image/ad/search/": rows})
    events = await synced(api, "creative_assets_images", {"modify_time": "2026-01-25T00:00:00Z"})
    assert [record["image_id"] for event in events if isinstance(event, Rows) for record in event.records] == ["i1"]
    (state,) = [event.state for event in events if isinstance(event, Checkpoint)]
    (entry,) = state["states"]
    assert entry["cursor"] == {"modify_time": "2026-02-01 10:00:00Z"}


async def test_what_is_left_out_is_in_the_log() -> None:
    """The stream is complete all the same."""
    api = Api({"pixel/list/": [{"pixel_id": "2"}], "pixel/event/stats/": lambda _: NO_PERMISSION})
    events = await synced(api, "pixel_events_statistics")
    (notice,) = [event.text for event in events if isinstance(event, Notice)]
    assert "pixel 2 is left out" in notice
    (ended,) = [event for event in events if isinstance(event, StreamEnded)]
    assert ended.complete


async def test_assets_that_are_not_listed_fail_their_account_and_keep_its_state() -> None:
    """The records that TikTok lists are delivered, and the stream is incomplete."""
    rows = [asset(n, "2026-02-01T10:00:00Z") for n in range(10_050)]
    events = await synced(Api({"file/image/ad/search/": rows}, reach=10_000), "creative_assets_images")
    (ended,) = [event for event in events if isinstance(event, StreamEnded)]
    assert [failure.advertiser_id for failure in ended.failures] == ["7001"]
    assert ended.records == 10_000
    assert [event.state["states"] for event in events if isinstance(event, Checkpoint)] == [[]]


async def test_the_sum_over_a_year_is_one_request() -> None:
    """For many years, the last 365 days up to the end date, in one window, without `query_lifetime`."""
    row = {
        "dimensions": {"advertiser_id": "7001", "gender": "MALE", "age": "AGE_25_34"},
        "metrics": {"spend": "1.00"},
    }
    api = Api({"report/integrated/get/": [row]})
    events = await synced(
        api,
        "advertisers_audience_reports_lifetime",
        start_date=date(2020, 1, 1),
        end_date=date(2026, 2, 28),
        report_granularity=7,
    )
    (all_params,) = api.params_of("report/integrated/get/")
    assert (all_params["start_date"], all_params["end_date"]) == ("2025-03-01", "2026-02-28")
    assert "query_lifetime" not in all_params
    assert all_params["report_type"] == "AUDIENCE"
    (ended,) = [event for event in events if isinstance(event, StreamEnded)]
    assert (ended.complete, ended.records) == (True, 1)


async def test_a_sum_over_days_is_never_divided() -> None:
    """Two halves of the days would be two rows with one key, each with some of the sum, so it fails instead."""
    api = Api({"report/integrated/get/": lambda _: refusal(40067, "too large")})
    events = await synced(api, "advertisers_audience_reports_lifetime", start_date=date(2026, 1, 1))
    (ended,) = [event for event in events if isinstance(event, StreamEnded)]
    assert [failure.advertiser_id for failure in ended.failures] == ["7001"]
    assert {(params["start_date"], params["end_date"]) for params in api.params_of("report/integrated/get/")} == {
        ("2026-01-01", "2026-03-10")
    }


async def test_a_sync_over_midnight_leaves_the_next_day_its_full_read() -> None:
    """If only changed ads were read, the cursor stays on the day on which all were read."""
    clock = FakeClock()
    api = Api({"ad/get/": [{"ad_id": "1", "modify_time": "2026-03-11 02:00:00"}]})
    reading = WindowReader(config(), client(api, clock), buffer := ByteQueue[Event | None](10**6))
    partition = Partition(
        stream=stream("ads"), account=account(), modified_since="2026-03-10 09:00:00", only_changed=True
    )
    clock.seconds += 86_400
    run = StreamRun(Selected(partition.stream, incremental=True), None, 0.0)
    queue = PartitionQueue(partition)
    step = queue.take()
    assert queue.finish(step, await reading.deliver(run, step, Ahead(1))) == "2026-03-10 23:59:59"
    assert isinstance(await buffer.get(), Rows)


class SlowApi(Api):
    """An `Api` whose answers take a while."""

    under_way = 0
    most = 0

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer later."""
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(10):
            await asyncio.sleep(0)
        self.under_way -= 1
        return await super().send(endpoint, params, token)


@pytest.mark.parametrize("pages", [1, 4])
async def test_pages_of_a_list_are_requested_in_parallel(pages: int) -> None:
    """As many as its budget allows, and each object comes once."""
    api = SlowApi({"ad/get/": [{"ad_id": str(n), "modify_time": "2026-02-01 00:00:00"} for n in range(9_500)]})
    lists = ObjectLists(
        client(api, FakeClock(), tier=tier_of(1000)),
        object_stream("ads"),
        account().advertiser_id,
        include_deleted=False,
        today=TODAY,
        budget=Ahead(pages),
    )
    records = [record["ad_id"] async for delivery in lists.deliveries() for record in delivery.records]
    assert sorted(records) == list(range(9_500))
    assert api.most == pages
