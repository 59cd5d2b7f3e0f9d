"""Large answers and queries: compression, latency, the size budget of reports, and the penalty for slow queries."""

import json
import zlib
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.packing import Packer
from tiktok_marketing.emulator.routes import Server
from tiktok_marketing.emulator.slow_queries import SlowQueries

REPORT: dict[str, Any] = {
    "report_type": "BASIC", "data_level": "AUCTION_AD", "dimensions": ["ad_id", "stat_time_day"],
    "metrics": ["spend", "clicks", "ad_name"], "start_date": "2026-02-10", "end_date": "2026-03-10",
}  # fmt: skip


def smaller(**changes: Any) -> dict[str, Any]:
    """The report with other parameters."""
    return REPORT | changes


@pytest.mark.parametrize("layout", [None, "pretty"])
async def test_answers_are_compressed_for_clients_that_accept_it(
    session: aiohttp.ClientSession, layout: str | None
) -> None:
    """Large answers are gzip by default, small ones are not. Every one unpacks to the same text as without gzip."""
    texts = []
    for gzip in (True, False):
        async with Emulator(Options(now=NOW, gzip=gzip)) as emulator:
            if layout:
                emulator.faults.add(Fault(layout=layout))
            client = Client(emulator, session)
            for _ in range(2):
                texts.append(await client.data("campaign/get/", advertiser_id=emulator.advertiser_ids[0]))
                assert (client.headers.get("Content-Encoding") == "gzip") is gzip
            await client.data("user/info/")
            assert "Content-Encoding" not in client.headers
            headers = {"Access-Token": emulator.access_token, "Accept-Encoding": "identity"}
            url = f"{emulator.url}/open_api/v1.3/campaign/get/?advertiser_id={emulator.advertiser_ids[0]}"
            async with session.get(url, headers=headers) as response:
                assert "Content-Encoding" not in response.headers
                texts.append((await response.json())["data"])
    assert all(text == texts[0] for text in texts)


def test_packed_answers_are_one_gzip_member() -> None:
    """Clients that unpack only the first member of a gzip file get the whole answer, however often it comes."""
    packer, data = Packer(), json.dumps(list(range(5000))).encode()
    for number in range(3):
        body = b'{"request_id":"%d","data":%b}' % (number, data)
        unpacker = zlib.decompressobj(wbits=31)
        assert unpacker.decompress(packer.pack(body, data)) == body
        assert unpacker.eof
        assert not unpacker.unused_data


async def test_every_answer_takes_a_little_while(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer waits for `latency` seconds, by default for some milliseconds, and not at all with 0."""
    waits: list[float] = []

    async def remember(_: object, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(Server, "_wait", remember)
    for options in (Options(now=NOW), Options(now=NOW, latency=0.25), Options(now=NOW, latency=0)):
        async with Emulator(options) as emulator:
            await Client(emulator, session).data("user/info/")
    assert waits == [Options().latency, 0.25]
    assert 0 < Options().latency < 0.1


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, True),
        ({"start_date": "2026-03-10"}, False),
        ({"metrics": ["spend", "ad_name", "ad_text"], "start_date": "2026-02-25"}, False),
        ({"dimensions": ["ad_id", "stat_time_hour"], "start_date": "2026-03-10"}, True),
        ({"dimensions": ["ad_id", "country_code", "stat_time_day"], "start_date": "2026-03-08"}, True),
        ({"dimensions": ["ad_id"]}, False),
        ({"dimensions": ["campaign_id", "stat_time_day"], "data_level": "AUCTION_CAMPAIGN"}, False),
        ({"page": 2, "page_size": 10}, True),
    ],
)
async def test_a_report_above_the_budget_is_too_large(
    session: aiohttp.ClientSession, changes: dict[str, Any], refused: bool
) -> None:
    """Its size is ids times days or hours times metrics times values. Names, pages and missing time cost nothing."""
    options = Options(now=NOW, tier="unlimited", report_size_limit=2_000, slow_query_penalty=False)
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        answer = await client.envelope(
            "report/integrated/get/", advertiser_id=emulator.advertiser_ids[0], **smaller(**changes)
        )
    assert (answer["code"] in {40067, 50002}) is refused, answer
    assert not refused or answer["data"] == {}


async def test_filters_make_a_report_smaller(session: aiohttp.ClientSession) -> None:
    """A filter by campaign leaves fewer ads, so that the report fits into the budget."""
    async with Emulator(Options(now=NOW, tier="unlimited", report_size_limit=1_000)) as emulator:
        client = Client(emulator, session)
        advertiser = emulator.advertiser_ids[0]
        campaign = (await client.data("campaign/get/", advertiser_id=advertiser))["list"][0]["campaign_id"]
        condition = {"field_name": "campaign_ids", "filter_type": "IN", "filter_value": f'["{campaign}"]'}
        whole = await client.envelope("report/integrated/get/", advertiser_id=advertiser, **REPORT)
        part = await client.envelope(
            "report/integrated/get/", advertiser_id=advertiser, **smaller(filtering=[condition])
        )
    assert whole["code"] in {40067, 50002}
    assert part["code"] == 0


@pytest.mark.parametrize(
    ("dimension", "most"), [("behavior_id", 200), ("interest_category_tier2", 150), ("interest_category_tier4", 100)]
)
async def test_some_breakdowns_accept_few_ids(session: aiohttp.ClientSession, dimension: str, most: int) -> None:
    """A report about more is too large, and a filter or a higher level helps. The switch turns this off."""
    report = smaller(
        report_type="AUDIENCE", dimensions=["ad_id", dimension], metrics=["spend"], page_size=1, filtering=[]
    )
    codes: dict[bool, list[int]] = {}
    for switch in (True, False):
        options = Options(now=NOW, tier="unlimited", ads_per_account=420, breakdown_id_limits=switch)
        async with Emulator(options) as emulator:
            client = Client(emulator, session)
            advertiser = emulator.advertiser_ids[0]
            ads = [ad["ad_id"] for ad in await client.read_all("ad/get/", advertiser_id=advertiser)]
            assert len(ads) > most
            of_ads = [{"field_name": "ad_ids", "filter_type": "IN", "filter_value": json.dumps(ads[:100])}]
            of_campaigns = {"data_level": "AUCTION_CAMPAIGN", "dimensions": ["campaign_id", dimension]}
            codes[switch] = [
                (await client.envelope("report/integrated/get/", advertiser_id=advertiser, **report | changes))["code"]
                for changes in ({}, {"filtering": of_ads}, of_campaigns)
            ]
    assert codes == {True: [40067, 0, 0], False: [0, 0, 0]}


async def test_some_reports_above_the_budget_time_out(session: aiohttp.ClientSession) -> None:
    """Of several sizes, some answer 40067 and some 50002. The same query always answers the same."""
    options = Options(now=NOW, tier="unlimited", report_size_limit=100, slow_query_penalty=False)
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        codes: dict[int, list[int]] = {}
        for _ in range(2):
            for day in range(1, 10):
                answer = await client.envelope(
                    "report/integrated/get/",
                    advertiser_id=emulator.advertiser_ids[0],
                    **smaller(end_date=f"2026-03-0{day}"),
                )
                codes.setdefault(day, []).append(answer["code"])
    assert {tuple(set(item)) for item in codes.values()} == {(40067,), (50002,)}


def test_the_usual_reports_of_a_moderate_account_are_not_too_large() -> None:
    """The reports of 2,000 ads by day and by hour, and for a month by age and gender, are within the budget."""
    limit = Options().report_size_limit
    assert limit > 2_000 * 30 * 100
    assert limit > 2_000 * 24 * 100
    assert limit > 2_000 * 30 * 40 * 21


class Time:
    """A time in seconds that tests move."""

    seconds = 1_000.0

    def __call__(self) -> float:
        """The present time."""
        return self.seconds


def admitted(queries: SlowQueries, params: dict[str, str]) -> bool:
    """Whether the penalty lets a query in."""
    try:
        queries.admit("report/integrated/get/", params, "1")
    except Refusal:
        return False
    return True


def test_the_same_slow_query_is_blocked_after_three_times() -> None:
    """It is refused for ten minutes. Other queries are not."""
    clock = Time()
    queries = SlowQueries(Options(), clock)
    slow, other = {"start_date": "2026-01-01"}, {"start_date": "2026-01-02"}
    for _ in range(3):
        assert admitted(queries, slow)
        queries.count("report/integrated/get/", slow)
        clock.seconds += 60
    assert not admitted(queries, slow)
    assert admitted(queries, other)
    clock.seconds += 540
    assert admitted(queries, slow)


@pytest.mark.parametrize(("timeouts", "per_second"), [(9, 100), (10, 5), (20, 1), (30, 0)])
def test_many_timeouts_leave_few_requests(timeouts: int, per_second: int) -> None:
    """10, 20 or 30 timeouts within ten seconds leave 5, 1 or 0 requests per second, for five minutes."""
    clock = Time()
    queries = SlowQueries(Options(), clock)
    for number in range(timeouts):
        queries.count("report/integrated/get/", {"page": str(number)})
    for _ in range(2):
        assert sum(admitted(queries, {"page": f"x{number}"}) for number in range(100)) == per_second
        clock.seconds += 1
    clock.seconds += 300
    assert sum(admitted(queries, {"page": f"y{number}"}) for number in range(100)) == 100


def test_timeouts_count_only_with_the_penalty() -> None:
    """Without it, a slow query may be repeated."""
    queries = SlowQueries(Options(slow_query_penalty=False), Time())
    for _ in range(50):
        queries.count("report/integrated/get/", {})
    assert admitted(queries, {})


async def test_the_emulator_blocks_a_query_that_times_out_again(session: aiohttp.ClientSession) -> None:
    """The fourth time, a query that timed out answers 40100. A reset forgets it."""
    async with Emulator(Options(now=NOW, tier="unlimited", report_size_limit=100)) as emulator:
        client = Client(emulator, session)
        request = {"advertiser_id": emulator.advertiser_ids[0]}
        for day in range(1, 10):
            request |= smaller(end_date=f"2026-03-0{day}")
            if (await client.envelope("report/integrated/get/", **request))["code"] == 50002:
                break
        codes = [(await client.envelope("report/integrated/get/", **request))["code"] for _ in range(3)]
        async with session.post(f"{emulator.url}/_emulator/reset"):
            codes.append((await client.envelope("report/integrated/get/", **request))["code"])
    assert codes == [50002, 50002, 40100, 50002]
