"""Quota, faults, counters, control paths and options."""

import asyncio
import contextlib
import json
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.faults import FaultRegister
from tiktok_marketing.emulator.throttle import Throttle


class Time:
    """A time in seconds that tests move."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        """The present time."""
        return self.seconds


def throttle(time: Time, **options: Any) -> Throttle:
    """A throttle that follows this time."""
    return Throttle(Options(**options), monotonic=time, wall=time)


def admitted(throttle: Throttle, count: int, path: str = "ad/get/", *, sandbox: bool = False) -> int:
    """How many of `count` simultaneous requests are admitted."""
    admissions = 0
    for _ in range(count):
        with contextlib.suppress(Refusal):
            throttle.admit("7", path, "1", sandbox=sandbox)
            admissions += 1
    return admissions


async def test_the_date_header_shows_the_emulators_time() -> None:
    """As at TikTok, a client can compare its clock with the server's."""
    async with (
        Emulator(Options(now=NOW)) as emulator,
        aiohttp.ClientSession() as session,
        session.get(f"{emulator.url}/open_api/v1.3/user/info/") as answer,
    ):
        assert answer.headers["Date"] == format_datetime(emulator.clock.now(), usegmt=True)


@pytest.mark.parametrize(("tier", "per_second"), [("basic", 10), ("advanced", 20), ("premium", 30), ("ultimate", 50)])
def test_each_tier_has_its_own_requests_per_second(tier: str, per_second: int) -> None:
    """Further requests are refused until the next second. Each endpoint counts its own requests."""
    time = Time()
    quota = throttle(time, tier=tier)
    assert admitted(quota, 100) == per_second
    assert admitted(quota, 100, "adgroup/get/") == per_second
    time.seconds += 1
    assert admitted(quota, 100) == per_second


@pytest.mark.parametrize(("tier", "per_second"), [("basic", 2), ("ultimate", 2), ("unlimited", 100)])
def test_asynchronous_reports_have_a_quota_of_their_own(tier: str, per_second: int) -> None:
    """Two per second and sixty per minute may be created, whatever the tier."""
    time = Time()
    quota = throttle(time, tier=tier)
    assert admitted(quota, 100, "report/task/create/") == per_second
    if tier == "unlimited":
        return
    for _ in range(29):
        time.seconds += 1
        assert admitted(quota, 2, "report/task/create/") == 2
    time.seconds += 1
    assert admitted(quota, 1, "report/task/create/") == 0
    assert admitted(quota, 1, "report/task/check/") == 1


def test_a_client_within_the_limit_per_second_is_within_the_limit_per_minute() -> None:
    """Ten requests per second are not refused for ten minutes."""
    time = Time()
    quota = throttle(time)
    for _ in range(600):
        assert admitted(quota, 10) == 10
        time.seconds += 1


def test_too_many_requests_in_a_minute_close_the_endpoint_for_five_minutes() -> None:
    """The endpoint stays closed for 300 seconds. Other endpoints stay open."""
    time = Time()
    quota = throttle(time, requests_per_second=1000, requests_per_minute=600)
    assert admitted(quota, 700) == 600
    time.seconds += 299
    assert admitted(quota, 1) == 0
    assert admitted(quota, 1, "adgroup/get/") == 1
    time.seconds += 1
    assert admitted(quota, 1) == 1


@pytest.mark.parametrize("suspension", [0.5, 5.0, 59.0, 61.0, 300.0])
def test_a_suspension_lasts_as_long_as_its_option_says(suspension: float) -> None:
    """Also if it is shorter than the minute in which it began: then a new minute begins with it."""
    time = Time()
    quota = throttle(time, requests_per_second=1000, requests_per_minute=20, minute_suspension=suspension)
    for _ in range(3):
        assert admitted(quota, 30) == 20
        time.seconds += suspension - 0.01
        assert admitted(quota, 1) == 0
        time.seconds += 0.02
    assert admitted(quota, 30) == 20


def test_too_many_requests_in_a_day_close_the_endpoint_until_midnight_utc() -> None:
    """At 00:00 UTC the endpoint opens again."""
    time = Time()
    quota = throttle(time, requests_per_second=1000, requests_per_minute=10_000, requests_per_day=50)
    assert admitted(quota, 60) == 50
    time.seconds += 3600
    assert admitted(quota, 1) == 0
    time.seconds = (time.seconds // 86_400 + 1) * 86_400
    assert admitted(quota, 1) == 1


def test_the_sandbox_has_its_own_quota() -> None:
    """The sandbox has one request per second and thirty per minute. Production requests do not count."""
    time = Time()
    quota = throttle(time, tier="unlimited")
    admissions = 0
    for _ in range(31):
        admissions += admitted(quota, 2, sandbox=True)
        time.seconds += 1
    assert admissions == 30
    assert admitted(quota, 500) == 500


@pytest.mark.parametrize(("second", "admissions"), [("first", 4), ("clock", 8), ("sliding", 4)])
def test_a_second_can_be_counted_in_three_ways(second: str, admissions: int) -> None:
    """At 0.9 and 1.1 seconds: within one second of the first request, but in two seconds of the clock."""
    time = Time()
    quota = throttle(time, requests_per_second=4, quota_second=second)
    time.seconds += 0.9
    admitted_first = admitted(quota, 10)
    time.seconds += 0.2
    assert admitted_first + admitted(quota, 10) == admissions


def test_a_sliding_second_ends_with_each_request() -> None:
    """A request is accepted as soon as one of the requests before it is a second old."""
    time = Time()
    quota = throttle(time, requests_per_second=2, quota_second="sliding")
    assert admitted(quota, 1) == 1
    time.seconds += 0.6
    assert admitted(quota, 2) == 1
    time.seconds += 0.4
    assert admitted(quota, 2) == 1
    time.seconds += 0.5
    assert admitted(quota, 2) == 0


@pytest.mark.parametrize("jitter", ["arrival_jitter", "answer_jitter"])
async def test_requests_and_answers_can_be_late(session: aiohttp.ClientSession, jitter: str) -> None:
    """Ten requests that leave together are answered at different times."""
    async with Emulator(Options(now=NOW, tier="unlimited", **{jitter: 0.2})) as emulator:
        client = Client(emulator, session)
        order: list[int] = []

        async def ask(number: int) -> None:
            await client.envelope("user/info/")
            order.append(number)

        await asyncio.gather(*(ask(number) for number in range(10)))
    assert sorted(order) == list(range(10))
    assert order != sorted(order)


def test_an_account_may_have_its_own_limit() -> None:
    """With the option set, further requests about the same account answer 40133."""
    time = Time()
    quota = throttle(time, tier="unlimited", advertiser_requests_per_second=3)
    assert admitted(quota, 10) == 3
    with pytest.raises(Refusal, match="QPS limit 3 for current path") as caught:
        quota.admit("7", "ad/get/", "1", sandbox=False)
    assert caught.value.code == 40133


async def test_requests_above_the_quota_answer_40100(session: aiohttp.ClientSession) -> None:
    """The answer comes on HTTP 200 with the app's id. It does not say when to retry."""
    async with Emulator(Options(now=NOW, requests_per_second=2)) as emulator:
        client = Client(emulator, session)
        answers = await asyncio.gather(*(client.envelope("user/info/") for _ in range(6)))
        assert sorted(answer["code"] for answer in answers) == [0, 0, 40100, 40100, 40100, 40100]
        text = f"Due to too many requests, requests from App {emulator.app_id} are temporarily restricted."
        assert {answer["message"] for answer in answers} == {"OK", text}
        assert "Retry-After" not in client.headers


async def test_a_fault_applies_to_the_requests_that_its_selectors_match(client: Client) -> None:
    """Selectors are endpoint, account, the n-th request, the first ones, every n-th, and a text in the query."""
    emulator = client.emulator
    first, second = emulator.advertiser_ids[:2]

    async def codes(count: int, advertiser: str = first, path: str = "ad/get/") -> list[int]:
        return [(await client.envelope(path, advertiser_id=advertiser))["code"] for _ in range(count)]

    emulator.faults.add(f"path=ad/get/,advertiser={first},nth=2,code=50000")
    assert await codes(2, second) == [0, 0]
    assert await codes(2, path="adgroup/get/") == [0, 0]
    assert await codes(3) == [0, 50000, 0]
    emulator.faults.clear()
    emulator.faults.add(Fault(first=2, code=40100, message="Slow down."))
    assert await codes(3) == [40100, 40100, 0]
    emulator.faults.clear()
    emulator.faults.add("skip=2,code=50002")
    assert await codes(4) == [0, 0, 50002, 50002]
    emulator.faults.clear()
    emulator.faults.add("every=2,times=2,code=51001")
    assert await codes(7) == [0, 51001, 0, 51001, 0, 0, 0]
    emulator.faults.clear()
    emulator.faults.add(f"contains={second},code=40001")
    assert await codes(1) + await codes(1, second) == [0, 40001]


async def test_faults_can_select_requests_by_days_and_by_ids(client: Client) -> None:
    """days_over selects requests of more days, and day those with this day. ids_over selects those for more ids."""
    report = {
        "advertiser_id": client.emulator.advertiser_ids[0],
        "service_type": "AUCTION",
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": ["campaign_id", "stat_time_day"],
        "metrics": ["spend"],
    }

    async def code(days: int, ids: int | None = None) -> int:
        params = report | {"start_date": f"2026-03-{11 - days:02}", "end_date": "2026-03-10"}
        if ids is not None:
            wanted = json.dumps([str(number) for number in range(1, ids + 1)])
            params["filtering"] = [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": wanted}]
        return int((await client.envelope("report/integrated/get/", **params))["code"])

    client.emulator.faults.add("days_over=3,code=40067")
    assert [await code(3), await code(4)] == [0, 40067]
    client.emulator.faults.clear()
    client.emulator.faults.add("day=2026-03-08,code=40067")
    assert [await code(2), await code(3), await code(9)] == [0, 40067, 40067]
    client.emulator.faults.clear()
    client.emulator.faults.add("ids_over=2,code=50002")
    assert [await code(1), await code(1, 3), await code(1, 2)] == [50002, 50002, 0]


async def test_a_fault_can_advance_the_clock_between_two_pages(client: Client) -> None:
    """The clock moves before the answer, so that the next page belongs to another list."""
    before = client.emulator.clock.now()
    request = {"advertiser_id": client.emulator.advertiser_ids[0], "page_size": 10}
    first = await client.data("ad/get/", page=1, **request)
    client.emulator.faults.add("path=ad/get/,nth=1,advance=864000")
    second = await client.data("ad/get/", page=2, **request)
    assert (client.emulator.clock.now() - before).days == 10
    assert second["page_info"]["total_number"] != first["page_info"]["total_number"]


async def test_a_fault_can_edit_the_records_of_an_answer(client: Client) -> None:
    """A field or metric gets another value, is removed, or is added. Lists of plain texts stay as they are."""
    account = client.emulator.advertiser_ids[0]
    client.emulator.faults.add(Fault(edit="operation_status", value="PONDERING"))
    client.emulator.faults.add("edit=budget")
    client.emulator.faults.add(Fault(edit="brand_new", value=[None, 1.5]))
    (campaign,) = (await client.data("campaign/get/", advertiser_id=account, page_size=1))["list"]
    assert campaign["operation_status"] == "PONDERING"
    assert "budget" not in campaign
    assert campaign["brand_new"] == [None, 1.5]
    client.emulator.faults.add("edit=spend,value=<5")
    report = await client.data(
        "report/integrated/get/",
        advertiser_id=account,
        service_type="AUCTION",
        report_type="BASIC",
        data_level="AUCTION_ADVERTISER",
        dimensions=["advertiser_id"],
        metrics=["spend", "clicks"],
        start_date="2026-03-01",
        end_date="2026-03-10",
    )
    assert report["list"][0]["metrics"]["spend"] == "<5"
    assert report["list"][0]["metrics"]["clicks"].isdecimal()
    body = {"app_id": client.emulator.app_id, "secret": client.emulator.secret, "auth_code": "demo-auth-code"}
    url = f"{client.emulator.url}/open_api/v1.3/oauth2/access_token/"
    async with client.session.post(url, json=body) as response:
        assert (await response.json())["data"]["advertiser_ids"] == client.emulator.advertiser_ids


async def test_a_share_of_requests_fails_reproducibly(client: Client) -> None:
    """The seed decides which requests fail. About the share fails, and the same requests every time."""
    runs = []
    for _ in range(2):
        client.emulator.faults.clear()
        client.emulator.faults.add("share=0.3,code=50002")
        runs.append([(await client.envelope("user/info/"))["code"] for _ in range(100)])
    assert runs[0] == runs[1]
    assert 15 < runs[0].count(50002) < 45


async def test_faults_of_the_transport_reach_the_client(client: Client) -> None:
    """HTTP errors, bodies that are not JSON or end early, resets, hangs and latency."""
    url = f"{client.emulator.url}/open_api/v1.3/user/info/"
    headers = {"Access-Token": client.emulator.access_token}
    faults = client.emulator.faults

    async def ask(fault: str, seconds: float = 5) -> tuple[int, str]:
        faults.clear()
        faults.add(fault)
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with client.session.get(url, headers=headers, timeout=timeout) as response:
            return response.status, await response.text()

    for status in (200, 400, 401, 403, 404, 405, 410, 429, 451, 502, 504):
        assert await ask(f"http={status},page=<p>no</p>") == (status, "<p>no</p>")
    status, body = await ask("garbage")
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask("truncate")
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await ask("reset")
    with pytest.raises(TimeoutError):
        await ask("hang", 0.2)
    for fault in ("latency=0.2", "hang=0.2"):
        started = asyncio.get_running_loop().time()
        status, body = await ask(fault)
        assert (status, json.loads(body)["code"]) == (200, 0)
        assert asyncio.get_running_loop().time() - started >= 0.19


async def test_a_gateway_may_redirect(client: Client) -> None:
    """The answer says where, and has no envelope."""
    client.emulator.faults.add("path=user/info/,http=302,location=https://login.example.com/")
    url = f"{client.emulator.url}/open_api/v1.3/user/info/"
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.get(url, headers=headers, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "https://login.example.com/")


async def test_withdrawn_metrics_are_refused_by_name(client: Client) -> None:
    """A request is refused if it asks for one of them, and the message has those that it asks for."""
    client.emulator.faults.add("withdraw=spend|reach")
    report = {
        "advertiser_id": client.emulator.advertiser_ids[0],
        "report_type": "BASIC",
        "data_level": "AUCTION_CAMPAIGN",
        "dimensions": ["campaign_id"],
        "start_date": "2026-03-01",
        "end_date": "2026-03-02",
    }
    refused = await client.envelope("report/integrated/get/", metrics=["clicks", "spend"], **report)
    assert refused["code"] == 40002
    assert refused["message"].endswith("Invalid metric fields: ['spend']. ")
    assert (await client.envelope("report/integrated/get/", metrics=["clicks"], **report))["code"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "", "path=ad/get/", "code=50000,http=502", "http=99", "http=1000", "status=100", "page=x", "location=/",
        "code=1,withdraw=spend", "share=2,code=1", "nth=0,code=1", "code=many",
        "colour=red,code=1", "code=1,code=2", "message=x,http=502", "latency=-1", "code", "advance=-1",
        "value=1,code=1", "days_over=-1,code=1", "days_over=3",
        "since=2026-03-12,until=2026-03-11,code=1", "edit=,value=1",
    ],
)  # fmt: skip
def test_wrong_faults_are_refused_with_a_reason(text: str) -> None:
    """A wrong fault raises a ValueError with the reason in one line."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        Fault.parse(text)


@pytest.mark.parametrize(
    "path", ["ad/get", "/ad/get/", "/open_api/v1.3/ad/get/", "v1.3/ad/get", "v2.0/gmv_max/report/get/"]
)
def test_the_path_of_a_fault_may_be_written_in_other_ways(path: str) -> None:
    """With and without slashes, and as in the address."""
    register = FaultRegister((), 1, {"ad/get/", "v2.0/gmv_max/report/get/"})
    register.add(f"path={path},code=50000")
    asked = "v2.0/gmv_max/report/get/" if "v2.0" in path else "ad/get/"
    assert register.pick(asked, (), {}, NOW)
    assert not register.pick("campaign/get/", (), {}, NOW)


@pytest.mark.parametrize("path", ["adds/get/", "/", "open_api/v1.2/ad/get/"])
def test_a_fault_of_no_endpoint_is_refused(path: str) -> None:
    """It would never apply. The emulator says so at the start and later."""
    fault = Fault(path=path, code=50000)
    with pytest.raises(ValueError, match=r"^fault has path=.*, which is no endpoint of TikTok's\.$"):
        Options(faults=(fault,))
    with pytest.raises(ValueError, match=r"is no endpoint"):
        Emulator(Options(now=NOW)).faults.add(fault)


@given(
    st.builds(
        Fault,
        path=st.none() | st.sampled_from(["ad/get/", "report/integrated/get/"]),
        nth=st.none() | st.integers(1, 9),
        share=st.none() | st.floats(0.01, 1),
        latency=st.floats(0, 9),
        code=st.integers(40000, 60001),
    )
)
def test_a_fault_survives_its_text_form(fault: Fault) -> None:
    """A fault that is written as name=value pairs reads back as the same fault."""
    fields = {name: getattr(fault, name) for name in Fault.__struct_fields__}
    text = ",".join(f"{name}={value}" for name, value in fields.items() if value not in {None, False, UNSET})
    assert Fault.parse(text) == fault


async def test_counters_count_and_record_requests(client: Client) -> None:
    """Requests count by path, account and answer. Recorded requests have their parameters, but no secrets."""
    emulator = client.emulator
    first = emulator.advertiser_ids[0]
    await client.envelope("ad/get/", advertiser_id=first, page=2)
    await client.envelope("ad/get/", advertiser_id="1")
    await client.data("oauth2/advertiser/get/", app_id=emulator.app_id, secret=emulator.secret)
    counters = emulator.counters
    assert counters.total() == 3
    assert counters.total("ad/get/") == 2
    assert counters.total(advertiser_id=first, answer=0) == 1
    assert counters.total(answer=40300) == 1
    assert counters.requests[0].params == {"advertiser_id": first, "page": "2"}
    assert all("secret" not in request.params for request in counters.requests)


async def test_control_paths_need_no_token(client: Client) -> None:
    """Info, faults, clock, counters, truth and reset work over HTTP without a token."""
    emulator = client.emulator
    base = f"{emulator.url}/_emulator"

    async def call(method: str, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
        async with client.session.request(method, f"{base}/{path}", json=body) as response:
            assert response.status == status
            answer: dict[str, Any] = await response.json()
            return answer

    info = await call("GET", "info")
    assert info["access_token"] == emulator.access_token
    assert [item["advertiser_id"] for item in info["accounts"]] == emulator.advertiser_ids
    await call("POST", "faults", {"fault": "nth=1,code=50000"})
    await call("POST", "faults", {"nth": 2, "code": 50002})
    assert [(await client.envelope("user/info/"))["code"] for _ in range(3)] == [50000, 50002, 0]
    assert [item["failed"] for item in (await call("GET", "faults"))["faults"]] == [1, 1]
    assert (await call("DELETE", "faults"))["faults"] == []
    await call("POST", "faults", {"fault": 1}, 400)
    await call("POST", "faults", {"fault": "code=50000", "nth": 2}, 400)
    assert "Its fields are" in (await call("POST", "faults", {"fault": "x=1"}, 400))["error"]
    assert (await call("POST", "clock", {"advance": 3600}))["now"] == "2026-03-10T16:40:00+00:00"
    assert (await call("POST", "clock", {"set": "2026-03-01T00:00:00Z"}))["frozen"]
    for wrong in ({}, {"set": None}, {"advance": True}, {"advance": "5"}, {"set": "2026-03-01", "advance": 5}):
        await call("POST", "clock", wrong, 400)
    assert (await call("GET", "counters?requests=1"))["total"] == 3
    query = f"truth?advertiser_id={emulator.advertiser_ids[0]}&start_date=2026-02-01&end_date=2026-02-03"
    assert (await call("GET", query))["rows"]["advertiser"]["daily"] == 3
    await call("GET", "truth?advertiser_id=1&start_date=2026-02-01&end_date=2026-02-03", status=400)
    assert "detail" in (await call("GET", f"{query}&detail=true", status=400))["error"]
    assert "hourly" in (await call("GET", f"{query}&hourly=no", status=400))["error"]
    backward = f"truth?advertiser_id={emulator.advertiser_ids[0]}&start_date=2026-02-03&end_date=2026-02-01"
    assert "end_date" in (await call("GET", backward, status=400))["error"]
    await call("POST", "reset")
    assert (await call("GET", "counters"))["total"] == 0
    await call("GET", "nonsense", status=404)


async def test_the_ready_line_is_one_line_of_json(client: Client) -> None:
    """It contains the address of the server."""
    line = client.emulator.ready_line()
    assert "\n" not in line
    assert json.loads(line)["url"] == client.emulator.url


@pytest.mark.parametrize(
    "wrong",
    [
        {"advertisers": 0}, {"ads_per_account": 200_001}, {"tier": "gold"}, {"days": 0}, {"days": -5},
        {"minute_window": 0}, {"minute_window": -1}, {"minute_window": float("nan")}, {"minute_window": float("inf")},
        {"minute_suspension": -1}, {"minute_suspension": float("nan")}, {"requests_per_second": -1},
        {"requests_per_second": 0}, {"requests_per_minute": -3}, {"requests_per_day": -3}, {"active": -1},
        {"advertiser_requests_per_second": 0}, {"arrival_jitter": -1}, {"answer_jitter": float("nan")},
        {"cache_mb": -1}, {"record_requests": -1}, {"taken_back": 101}, {"not_granted": -1},
        {"port": -1}, {"port": 65_536}, {"host": ""},
        {"default_buying_types": ("AUCTIONS",)}, {"default_buying_types": ()}, {"anchor": date(1999, 1, 1)},
        {"now": datetime(2999, 1, 1, tzinfo=UTC)}, {"quota_second": "slow"}, {"ad_report_limit": 0},
        {"asset_search_limit": 0}, {"latency": -1}, {"report_size_limit": 0}, {"currencies": ("XXX",)},
        {"currencies": ("USD",) * 7}, {"contradictory_page_info": (0,)}, {"contradictory_page_info": (7,)},
        {"scopes": (-4,)}, {"redirect_uris": ("localhost",)},
    ],
)  # fmt: skip
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    """An option outside its bounds raises a ValueError that names it."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
