"""Quota, faults, counters and the control paths."""

import asyncio
import contextlib
import json
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
from tiktok_marketing.emulator.throttle import Throttle


class Time:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        """The time now."""
        return self.seconds


def throttle(time: Time, **options: Any) -> Throttle:
    """A throttle on that time."""
    return Throttle(Options(**options), monotonic=time, wall=time)


def admitted(throttle: Throttle, count: int, path: str = "ad/get/", *, sandbox: bool = False) -> int:
    """How many of `count` requests at once get through."""
    passed = 0
    for _ in range(count):
        with contextlib.suppress(Refusal):
            throttle.admit("7", path, "1", sandbox=sandbox)
            passed += 1
    return passed


async def test_answers_carry_the_emulators_time() -> None:
    """As TikTok's do: whoever reads its days can hold a clock against it."""
    async with (
        Emulator(Options(now=NOW)) as emulator,
        aiohttp.ClientSession() as session,
        session.get(f"{emulator.url}/open_api/v1.3/user/info/") as answer,
    ):
        assert answer.headers["Date"] == format_datetime(emulator.clock.now(), usegmt=True)


@pytest.mark.parametrize(("tier", "a_second"), [("basic", 10), ("advanced", 20), ("premium", 30), ("ultimate", 50)])
def test_each_tier_has_its_requests_a_second(tier: str, a_second: int) -> None:
    """Too many are refused until the next second, each endpoint for itself."""
    time = Time()
    quota = throttle(time, tier=tier)
    assert admitted(quota, 100) == a_second
    assert admitted(quota, 100, "adgroup/get/") == a_second
    time.seconds += 1
    assert admitted(quota, 100) == a_second


def test_who_keeps_to_the_second_keeps_to_the_minute() -> None:
    """Ten a second for ten minutes are never refused."""
    time = Time()
    quota = throttle(time)
    for _ in range(600):
        assert admitted(quota, 10) == 10
        time.seconds += 1


def test_too_many_in_a_minute_close_the_endpoint_for_five() -> None:
    """The endpoint is shut for 300 seconds, others are not."""
    time = Time()
    quota = throttle(time, requests_per_second=1000, requests_per_minute=600)
    assert admitted(quota, 700) == 600
    time.seconds += 299
    assert admitted(quota, 1) == 0
    assert admitted(quota, 1, "adgroup/get/") == 1
    time.seconds += 1
    assert admitted(quota, 1) == 1


def test_too_many_in_a_day_close_it_until_midnight_utc() -> None:
    """At 00:00 UTC the day begins again."""
    time = Time()
    quota = throttle(time, requests_per_second=1000, requests_per_minute=10_000, requests_per_day=50)
    assert admitted(quota, 60) == 50
    time.seconds += 3600
    assert admitted(quota, 1) == 0
    time.seconds = (time.seconds // 86_400 + 1) * 86_400
    assert admitted(quota, 1) == 1


def test_the_sandbox_has_one_a_second_and_thirty_a_minute() -> None:
    """Its quota is its own."""
    time = Time()
    quota = throttle(time, tier="unlimited")
    passed = 0
    for _ in range(31):
        passed += admitted(quota, 2, sandbox=True)
        time.seconds += 1
    assert passed == 30
    assert admitted(quota, 500) == 500


def test_an_account_may_have_its_own_limit() -> None:
    """With the option set, one account's requests are refused with 40133."""
    time = Time()
    quota = throttle(time, tier="unlimited", advertiser_requests_per_second=3)
    assert admitted(quota, 10) == 3
    with pytest.raises(Refusal, match="QPS limit 3 for current path") as caught:
        quota.admit("7", "ad/get/", "1", sandbox=False)
    assert caught.value.code == 40133


async def test_too_fast_a_client_is_told_so(session: aiohttp.ClientSession) -> None:
    """The answer is 40100 on HTTP 200 with the app's id, without a hint when to come back."""
    async with Emulator(Options(now=NOW, requests_per_second=2)) as emulator:
        client = Client(emulator, session)
        answers = await asyncio.gather(*(client.envelope("user/info/") for _ in range(6)))
        assert sorted(answer["code"] for answer in answers) == [0, 0, 40100, 40100, 40100, 40100]
        text = f"Due to too many requests, requests from App {emulator.app_id} are temporarily restricted."
        assert {answer["message"] for answer in answers} == {"OK", text}
        assert "Retry-After" not in client.headers


async def test_codes_on_demand(client: Client) -> None:
    """Selectors: endpoint, account, the n-th, the first, every n-th, a part of the query."""
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


async def test_codes_for_requests_that_are_too_large(client: Client) -> None:
    """Selectors: more days than so many, and filters that let more ids through than so many."""
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
    client.emulator.faults.add("ids_over=2,code=50002")
    assert [await code(1), await code(1, 3), await code(1, 2)] == [50002, 50002, 0]


async def test_time_that_passes_between_pages(client: Client) -> None:
    """The clock moves on before the answer, so that a later page is one of a longer list."""
    before = client.emulator.clock.now()
    asked = {"advertiser_id": client.emulator.advertiser_ids[0], "page_size": 10}
    first = await client.data("ad/get/", page=1, **asked)
    client.emulator.faults.add("path=ad/get/,nth=1,advance=864000")
    second = await client.data("ad/get/", page=2, **asked)
    assert (client.emulator.clock.now() - before).days == 10
    assert second["page_info"]["total_number"] != first["page_info"]["total_number"]


async def test_records_that_are_not_as_documented(client: Client) -> None:
    """A field or metric has another value, is missing, or is a new one."""
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


async def test_a_share_fails_reproducibly(client: Client) -> None:
    """A share is drawn from the seed: about so many fail, and the same ones after a new start."""
    runs = []
    for _ in range(2):
        client.emulator.faults.clear()
        client.emulator.faults.add("share=0.3,code=50002")
        runs.append([(await client.envelope("user/info/"))["code"] for _ in range(100)])
    assert runs[0] == runs[1]
    assert 15 < runs[0].count(50002) < 45


async def test_failing_transports(client: Client) -> None:
    """HTML pages with their status, bodies that are no JSON or end early, resets, hangs and latency."""
    url = f"{client.emulator.url}/open_api/v1.3/user/info/"
    headers = {"Access-Token": client.emulator.access_token}
    faults = client.emulator.faults

    async def ask(fault: str, seconds: float = 5) -> tuple[int, str]:
        faults.clear()
        faults.add(fault)
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with client.session.get(url, headers=headers, timeout=timeout) as response:
            return response.status, await response.text()

    for status in (429, 502, 504):
        assert (await ask(f"http={status}"))[0] == status
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
        begun = asyncio.get_running_loop().time()
        status, body = await ask(fault)
        assert (status, json.loads(body)["code"]) == (200, 0)
        assert asyncio.get_running_loop().time() - begun >= 0.19


@pytest.mark.parametrize(
    "text",
    [
        "", "path=ad/get/", "code=50000,http=502", "http=404", "share=2,code=1", "nth=0,code=1", "code=many",
        "colour=red,code=1", "code=1,code=2", "message=x,http=502", "latency=-1", "code", "advance=-1",
        "value=1,code=1", "days_over=-1,code=1", "days_over=3",
    ],
)  # fmt: skip
def test_wrong_faults_are_refused_in_a_sentence(text: str) -> None:
    """Each raises a ValueError with one line that says why."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        Fault.parse(text)


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
    """Fields written as name=value read back as the same fault."""
    fields = {name: getattr(fault, name) for name in Fault.__struct_fields__}
    text = ",".join(f"{name}={value}" for name, value in fields.items() if value not in {None, False, UNSET})
    assert Fault.parse(text) == fault


async def test_counters_tell_what_was_asked(client: Client) -> None:
    """Counts by path, account and answer; the requests themselves with their parameters and without secrets."""
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
    assert all("secret" not in asked.params for asked in counters.requests)


async def test_control_paths(client: Client) -> None:
    """Faults, clock, counters, truth and reset are there over HTTP, without a token."""
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
    assert "Its fields are" in (await call("POST", "faults", {"fault": "x=1"}, 400))["error"]
    assert (await call("POST", "clock", {"advance": 3600}))["now"] == "2026-03-10T16:40:00+00:00"
    assert (await call("POST", "clock", {"set": "2026-03-01T00:00:00Z"}))["frozen"]
    await call("POST", "clock", {}, 400)
    assert (await call("GET", "counters?requests=1"))["total"] == 3
    query = f"truth?advertiser_id={emulator.advertiser_ids[0]}&start_date=2026-02-01&end_date=2026-02-03"
    assert (await call("GET", query))["rows"]["advertiser"]["daily"] == 3
    await call("GET", "truth?advertiser_id=1&start_date=2026-02-01&end_date=2026-02-03", status=400)
    await call("POST", "reset")
    assert (await call("GET", "counters"))["total"] == 0
    await call("GET", "nonsense", status=404)


async def test_the_ready_line_is_one_line(client: Client) -> None:
    """It is JSON and says where the server is and how to get in."""
    line = client.emulator.ready_line()
    assert "\n" not in line
    assert json.loads(line)["url"] == client.emulator.url


async def test_gzip_only_if_switched_on(session: aiohttp.ClientSession) -> None:
    """Answers are plain by default, whatever the client accepts."""
    for switched in (False, True):
        async with Emulator(Options(now=NOW, gzip=switched)) as emulator:
            client = Client(emulator, session)
            await client.data("campaign/get/", advertiser_id=emulator.advertiser_ids[0])
            assert (client.headers.get("Content-Encoding") == "gzip") is switched


@pytest.mark.parametrize("wrong", [{"advertisers": 0}, {"ads_per_account": 200_001}, {"tier": "gold"}, {"days": 0}])
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    """A ValueError names the option and its bounds."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
