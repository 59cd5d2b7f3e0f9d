"""Every fault can be played from the command line, over the control path and in Python, and reaches a plain client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import datetime
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kit import NOW, Client
from tiktok_marketing.cli.emulator import options_of
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.emulator.bodies import LAYOUTS, in_layout, laid_out
from tiktok_marketing.emulator.endpoints.envelope import wrap
from tiktok_marketing.emulator.faults.changes import changed_envelope, changes_envelope

REPORT: dict[str, Any] = {
    "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "dimensions": ["campaign_id", "stat_time_day"],
    "metrics": ["spend", "clicks"], "start_date": "2026-03-01", "end_date": "2026-03-03", "page_size": 5,
}  # fmt: skip


async def raw(client: Client, path: str = "campaign/get/", **params: Any) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and bytes of an answer, as they are."""
    account = client.emulator.advertiser_ids[0]
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    url = f"{client.emulator.url}/open_api/v1.3/{path}"
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.get(url, params={"advertiser_id": account, **texts}, headers=headers) as response:
        return response.status, dict(response.headers), await response.read()


async def play(client: Client, fault: str | dict[str, Any]) -> None:
    """Replace the faults in force over the control path."""
    url = f"{client.emulator.url}/_emulator/faults"
    async with client.session.delete(url) as response:
        assert response.status == 200
    async with client.session.post(url, json={"fault": fault} if isinstance(fault, str) else fault) as response:
        assert response.status == 200, await response.text()


async def whole_body(request: Any) -> bytes:
    """The body of an answer."""
    async with request as response:
        body: bytes = await response.read()
        return body


# -- statuses, pages and headers


@pytest.mark.parametrize("status", [200, 201, 204, 206, 302, 304, 403, 418, 429, 451, 499, 500, 503, 520, 599, 999])
async def test_any_status_can_have_any_body(client: Client, status: int) -> None:
    """The page may be HTML, JSON, plain text, or bytes that are no text at all, with its content type."""
    for page, kind in (("<h1>Blocked</h1>", "text/html"), ('{"error":1}', "application/json"), ("", "text/plain")):
        await play(client, {"http": status, "page": page, "type": kind})
        got, headers, body = await raw(client)
        assert (got, headers["Content-Type"]) == (status, kind)
        assert body == (b"" if status in {204, 304} else page.encode())
    await play(client, f"http={status},page_hex=fffe00c328")
    assert (await raw(client))[2] == (b"" if status in {204, 304} else b"\xff\xfe\x00\xc3\x28")


async def test_the_real_answer_can_have_another_status(client: Client) -> None:
    """An envelope with HTTP 503, and a refusal with HTTP 400."""
    await play(client, "status=503")
    status, _, body = await raw(client)
    assert (status, json.loads(body)["code"]) == (503, 0)
    client.emulator.faults.add("code=40002")
    client.emulator.faults.add("status=400")
    status, _, body = await raw(client)
    assert (status, json.loads(body)["code"]) == (400, 40002)


async def test_headers_can_be_set_and_removed(client: Client) -> None:
    """Those of TikTok, those of the web server, and new ones; on answers and on pages."""
    await play(client, "headers=Retry-After: 7|-X-TT-LOGID|Date: yesterday|Content-Type: text/html|X-Empty:")
    _, headers, _ = await raw(client)
    assert (headers["Retry-After"], headers["Date"], headers["Content-Type"]) == ("7", "yesterday", "text/html")
    assert headers["X-Empty"] == ""
    assert "X-TT-LOGID" not in headers
    await play(client, {"headers": {"Date": None, "Server": None, "Content-Type": None, "X-Note": "a, b | c"}})
    _, headers, body = await raw(client)
    assert headers.keys().isdisjoint({"Date", "Server", "Content-Type"})
    assert (headers["X-Note"], json.loads(body)["code"]) == ("a, b | c", 0)
    await play(client, {"http": 429, "headers": "Retry-After: 1"})
    assert (await raw(client))[1]["Retry-After"] == "1"
    await play(client, {"headers": {"Content-Encoding": "gzip"}})
    with pytest.raises(aiohttp.ClientPayloadError):
        await raw(client)


# -- values at any place


@pytest.mark.parametrize(
    ("fault", "place", "expected"),
    [
        ("edit=$.data.page_info.total_number,json=null", ["data", "page_info", "total_number"], None),
        ("edit=$.data.page_info.total_page,json=18446744073709551616", ["data", "page_info", "total_page"], 2**64),
        ("edit=$.data.page_info,json=[]", ["data", "page_info"], []),
        ("edit=$.data.list[0].campaign_name,value=x", ["data", "list", 0, "campaign_name"], "x"),
        ("edit=$.data.list[-1].budget,json=1e400", ["data", "list", -1, "budget"], float("inf")),
        ('edit=$.data.list[*].brand.new.field,json={"a":[1,2]}', ["data", "list", 1, "brand", "new", "field"],
         {"a": [1, 2]}),
        ("edit=$..campaign_id,json=7", ["data", "list", 2, "campaign_id"], 7),
        ("edit=$.data.list[1],json=null", ["data", "list", 1], None),
        ("edit=$.data.list,json={}", ["data", "list"], {}),
        ("edit=$.data,json=null", ["data"], None),
        ("edit=$.data,json=[1,2,3]", ["data"], [1, 2, 3]),
        ("edit=$.code,value=0", ["code"], "0"),
        ("edit=$.code,json=-9223372036854775809", ["code"], -(2**63) - 1),
        ("edit=$.message,json=null", ["message"], None),
        ("edit=$.request_id,json={}", ["request_id"], {}),
        ('edit=$.extra,json="a, b"', ["extra"], "a, b"),
        ("edit=$,json=[]", [], []),
    ],
)  # fmt: skip
async def test_any_value_can_stand_at_any_place(client: Client, fault: str, place: list[Any], expected: Any) -> None:
    """A path from the envelope leads to the places, and the value is JSON of every kind and size."""
    await play(client, fault)
    value = json.loads((await raw(client))[2])
    for step in place:
        value = value[step]
    assert value == expected


async def test_any_place_can_be_missing(client: Client) -> None:
    """Fields of the envelope, of page_info and of records, records themselves, and everything."""
    whole = json.loads((await raw(client))[2])
    for path, holder, name in (
        ("$.code", (), "code"), ("$.data", (), "data"), ("$.data.list", ("data",), "list"),
        ("$.data.page_info.page", ("data", "page_info"), "page"),
        ("$..campaign_id", ("data", "list", 3), "campaign_id"),
    ):  # fmt: skip
        await play(client, f"edit={path}")
        value, before = json.loads((await raw(client))[2]), whole
        for step in holder:
            value, before = value[step], before[step]
        assert set(before) - set(value) == {name}
    await play(client, "edit=$.data.list[*],records=2")
    assert json.loads((await raw(client))[2])["data"]["list"] == whole["data"]["list"][2:]
    await play(client, "edit=$")
    assert (await raw(client))[2] == b""


async def test_refusals_can_have_any_data(client: Client) -> None:
    """None at all, null, or a list, also where the emulator itself refuses."""
    for fault, expected in (
        ({"edit": "$.data", "value": None}, None), ({"edit": "$.data.list", "value": []}, {"list": []}),
        ({"edit": "$.message", "value": ""}, {}),
    ):  # fmt: skip
        for params in ({}, {"page": "x"}):
            client.emulator.faults.clear()
            client.emulator.faults.add(msgspec.convert(fault, Fault))
            if not params:
                client.emulator.faults.add("code=40002")
            envelope = json.loads((await raw(client, **params))[2])
            assert (envelope["code"], envelope["data"]) == (40002, expected)
    client.emulator.faults.add("edit=$.data")
    assert "data" not in json.loads((await raw(client))[2])


async def test_dimensions_can_be_null(client: Client) -> None:
    """In one row or in all of them."""
    await play(client, "path=report/integrated/get/,edit=dimensions.campaign_id,json=null,records=1")
    rows = json.loads((await raw(client, "report/integrated/get/", **REPORT))[2])["data"]["list"]
    assert [row["dimensions"]["campaign_id"] is None for row in rows].count(True) == 1
    await play(client, {"edit": "$.data.list[*].dimensions", "value": None})
    rows = json.loads((await raw(client, "report/integrated/get/", **REPORT))[2])["data"]["list"]
    assert [row["dimensions"] for row in rows] == [None] * len(rows)


async def test_json_is_sent_to_the_letter(client: Client) -> None:
    """Numbers keep their digits, and constants that are not JSON are possible."""
    for text in ("1.0", "1E+2", "-0", "123456789012345678901234567890.5", "NaN", "Infinity", '"\\ud800"', '"\\u0000"'):
        await play(client, f"edit=$.data.list[*].budget,json={text},records=1")
        assert f'"budget":{text}'.encode() in (await raw(client))[2]


async def test_text_can_be_invalid_utf_8(client: Client) -> None:
    """In a record, in the message and in a key, together with a layout and edits of counts."""
    for place, name in (("campaign_name", b"campaign_name"), ("$.message", b"message")):
        client.emulator.faults.clear()
        client.emulator.faults.add(f"edit={place},raw=22fffec32822")
        client.emulator.faults.add("layout=pretty")
        client.emulator.faults.add("total_number=3,double=copy")
        client.emulator.faults.add("keys=sorted")
        body = (await raw(client))[2]
        assert b'"' + name + b'": "\xff\xfe\xc3\x28"' in body
        with pytest.raises(UnicodeDecodeError):
            body.decode()
    await play(client, {"edit": "$.data", "raw": b'{"li\xffst":[]}'.hex()})
    assert b'"data":{"li\xffst":[]}' in (await raw(client))[2]


# -- layout


@pytest.mark.parametrize("keys", ["reversed", "sorted", "shuffled"])
async def test_keys_can_come_in_any_order(client: Client, keys: str) -> None:
    """In the envelope, in page_info and in records. The values are the same."""
    whole = (await raw(client))[2]
    await play(client, f"keys={keys}")
    other = (await raw(client))[2]
    before, after = json.loads(whole), json.loads(other)
    assert {**after, "request_id": ""} == {**before, "request_id": ""}
    for value, reordered in (
        (before, after), (before["data"], after["data"]), (before["data"]["list"][0], after["data"]["list"][0]),
    ):  # fmt: skip
        names = list(value)
        assert list(reordered) == {"reversed": names[::-1], "sorted": sorted(names)}.get(keys, list(reordered))
    assert [*before["data"]["list"][0]] != [*after["data"]["list"][0]]


JSON_VALUES = st.recursive(
    st.none() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=40, deadline=None)
@given(JSON_VALUES)
def test_white_space_changes_no_value(layout: str, value: Any) -> None:
    """The JSON in each layout is that of the compact JSON."""
    compact = msgspec.json.encode(value)
    assert json.loads(in_layout(compact, layout)) == json.loads(compact)


# -- connections and time


async def test_a_connection_can_be_silent_or_end_at_any_point(client: Client) -> None:
    """No answer, half of one and silence, half of one and the end, the end at once, and a reset."""
    short = aiohttp.ClientTimeout(total=0.3)
    url = f"{client.emulator.url}/open_api/v1.3/user/info/"
    headers = {"Access-Token": client.emulator.access_token}
    for fault, error in (
        ("hang", TimeoutError), ("stall", TimeoutError), ("truncate", aiohttp.ClientPayloadError),
        ("close", aiohttp.ServerDisconnectedError), ("reset", aiohttp.ClientOSError),
    ):  # fmt: skip
        await play(client, fault)
        with pytest.raises((error, aiohttp.ServerDisconnectedError) if fault == "reset" else error):
            await whole_body(client.session.get(url, headers=headers, timeout=short))


async def test_a_stalled_answer_begins_as_the_real_one(client: Client) -> None:
    """Its headers announce the whole length. Half of the bytes arrive."""
    whole = (await raw(client, "user/info/"))[2]
    await play(client, "stall")
    reader, writer = await asyncio.open_connection("127.0.0.1", client.emulator.port)
    writer.write(
        b"GET /open_api/v1.3/user/info/ HTTP/1.1\r\nHost: x\r\nAccess-Token: "
        + client.emulator.access_token.encode()
        + b"\r\n\r\n"
    )
    received = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            while chunk := await reader.read(4096):
                received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2] or len(body) == len(whole) // 2
    writer.close()


async def test_effects_can_be_combined(client: Client) -> None:
    """A slow page without a date, a status under which half of an answer comes, and a pretty answer that is late."""
    await play(client, {"http": 503, "page": "x" * 500, "drip": 0.1, "headers": {"Date": None, "X-A": "1"}})
    status, headers, body = await raw(client)
    assert (status, body, headers["X-A"], "Date" in headers) == (503, b"x" * 500, "1", False)
    await play(client, {"truncate": True, "status": 500, "layout": "pretty"})
    url = f"{client.emulator.url}/open_api/v1.3/campaign/get/?advertiser_id={client.emulator.advertiser_ids[0]}"
    async with client.session.get(url, headers={"Access-Token": client.emulator.access_token}) as response:
        assert response.status == 500
        assert (await response.content.readany()).startswith(b'{\n  "')
    await play(client, "drip=0.1,keys=reversed,jitter=0.01,encoding=utf-8-sig")
    assert (await raw(client))[2].startswith(b'\xef\xbb\xbf{"data":')


async def test_an_answer_can_drip(client: Client) -> None:
    """It is whole, but no read waits as long as the whole answer takes."""
    whole = json.loads((await raw(client))[2])["data"]
    await play(client, "drip=0.6")
    started = asyncio.get_running_loop().time()
    timeout = aiohttp.ClientTimeout(sock_read=0.4)
    url = f"{client.emulator.url}/open_api/v1.3/campaign/get/?advertiser_id={client.emulator.advertiser_ids[0]}"
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.get(url, headers=headers, timeout=timeout) as response:
        assert json.loads(await response.read())["data"] == whole
    assert asyncio.get_running_loop().time() - started > 0.5
    with pytest.raises(TimeoutError):
        await whole_body(client.session.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=0.2)))


async def test_a_fault_can_have_jitter(client: Client) -> None:
    """Requests that leave together are answered in another order."""
    await play(client, "jitter=0.2")
    order: list[int] = []

    async def ask(number: int) -> None:
        await client.envelope("user/info/")
        order.append(number)

    await asyncio.gather(*(ask(number) for number in range(12)))
    assert sorted(order) == list(range(12))
    assert order != sorted(order)


async def test_gzip_can_unpack_to_any_size(client: Client) -> None:
    """A hundred megabytes arrive as a hundred kilobytes."""
    await play(client, "unpacks=100000000")
    url = f"{client.emulator.url}/open_api/v1.3/user/info/"
    headers = {"Access-Token": client.emulator.access_token}
    async with aiohttp.ClientSession(auto_decompress=False) as session, session.get(url, headers=headers) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert len(await response.read()) < 300_000


async def test_metrics_can_be_withdrawn_by_account_and_time(client: Client) -> None:
    """From a time of the emulator's clock until another one, and only for one account."""
    first, second = client.emulator.advertiser_ids[:2]
    await play(client, f"advertiser={first},withdraw=clicks,since=2026-03-10T16:00,until=2026-03-10T18:00:00+01:00")

    async def code(account: str) -> int:
        return int((await client.envelope("report/integrated/get/", advertiser_id=account, **REPORT))["code"])

    codes = {}
    for time in ("15:59", "16:00", "16:59", "17:00"):
        client.emulator.clock.set(datetime.fromisoformat(f"2026-03-10T{time}:00+00:00"))
        codes[time] = (await code(first), await code(second))
    assert codes == {"15:59": (0, 0), "16:00": (40002, 0), "16:59": (40002, 0), "17:00": (0, 0)}


async def test_a_joint_answer_can_be_partial_and_say_so(client: Client) -> None:
    """Two of three accounts, with the count of three, and with return code 20001."""
    ids = client.emulator.advertiser_ids[:3]
    client.emulator.faults.add("accounts=2")
    client.emulator.faults.add("edit=$.code,json=20001")
    answer = await client.envelope("advertiser/info/", advertiser_ids=ids)
    assert (answer["code"], [record["advertiser_id"] for record in answer["data"]["list"]]) == (20001, ids[:2])


# -- three ways to play a fault

FAULTS = (
    "http=403,page=<h1>no</h1>,type=text/plain", "status=500", "headers=X-A: 1|-Date", 'edit=$.data,json={"a":[1,2]}',
    "edit=spend,raw=22ff22", "keys=reversed,layout=wide,encoding=utf-8-sig", "stall", "close", "drip=3,jitter=1",
    "withdraw=spend,advertiser=7,since=2026-03-01,until=2026-04-01", "accounts=1,lack=0.5",
)  # fmt: skip


@pytest.mark.parametrize("text", FAULTS)
async def test_a_fault_is_the_same_from_everywhere(text: str) -> None:
    """The command line, the control path with text and with JSON, and Python."""
    fault = Fault.parse(text)
    (option,) = options_of({"faults": (text,)}).faults
    assert option == fault
    async with Emulator(Options(now=NOW)) as emulator, aiohttp.ClientSession() as session:
        for body in ({"fault": text}, msgspec.to_builtins(fault)):
            async with session.post(f"{emulator.url}/_emulator/faults", json=body) as response:
                assert response.status == 200
        emulator.faults.add(fault)
        assert [entry["fault"] for entry in emulator.faults.entries()] == [msgspec.to_builtins(fault)] * 3


@pytest.mark.parametrize(
    "text",
    [
        "edit=$.data.list[x],json=1", "edit=$.data.,json=1", "edit=$data,json=1", "edit=$[,json=1", "json=1",
        "edit=spend,json={", "edit=spend,json=1 2", "edit=spend,json=1,raw=22", "edit=spend,value=1,json=1",
        "edit=spend,raw=zz", "headers=X Y: 1", "headers=X", "status=99", "http=403,page=a,page_hex=ff",
        "type=text/html", "since=yesterday,code=1", "keys=random", "drip=-1", "jitter=nan", "hang=-3",
        "http=403,page_hex=f",
        "latency=inf",
    ],
)  # fmt: skip
def test_wrong_faults_say_what_is_wrong(text: str) -> None:
    """In one line that names the field."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        Fault.parse(text)


PLATFORM = Emulator(Options(now=NOW, tier="unlimited", advertisers=2, ads_per_account=5, days=10, async_reports=True))
POOL = (
    "code=20001", "code=20001,keep=0", "lack=0.5", "lack=1", "accounts=0", "accounts=1", "cap=1", "double=copy",
    "double=other", "double=added", "total_number=null", "total_number=x", "total_number=missing", "page_size=0",
    "page_size=null", "total_page=-1", "total_page=missing", "edit=spend,json=null", "edit=campaign_id", "edit=metrics",
    "edit=dimensions.campaign_id,raw=ff", "edit=$.data", "edit=$.data,json=[]", "edit=$.data.page_info,json=7",
    "edit=$.data.list,json=null", "edit=$.data.list[*],json=1", "edit=$..*,records=3", "edit=$.*,value=x", "edit=$",
    "edit=$.data.list[0].a.b[3].c,json={}", "edit=$[0],json=1", "edit=$.code", "keys=reversed", "keys=shuffled",
    "layout=wide", "layout=pretty", "layout=padded", "encoding=utf-16", "advance=3600", "withdraw=spend",
)  # fmt: skip
REQUESTS: dict[str, dict[str, Any]] = {
    "campaign/get/": {}, "report/integrated/get/": {name: value if isinstance(value, str) else json.dumps(value)
                                                    for name, value in REPORT.items()},
    "advertiser/info/": {"advertiser_ids": json.dumps(PLATFORM.advertiser_ids)}, "bc/get/": {}, "user/info/": {},
    "search/region/": {}, "pixel/list/": {},
}  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(REQUESTS)), st.lists(st.sampled_from(POOL), min_size=1, max_size=4))
def test_any_faults_can_be_combined(path: str, texts: list[str]) -> None:
    """Whatever one fault makes of an answer, another one can change it further."""
    PLATFORM.clock.set(NOW)
    PLATFORM.faults.clear()
    for text in texts:
        PLATFORM.faults.add(text)
    params = {"advertiser_id": PLATFORM.advertiser_ids[0], **REQUESTS[path]}
    response = PLATFORM.respond(path, PLATFORM.access_token, params)
    body = wrap(response.code, response.message, "1", response.answer.data)
    if changes_envelope(response.faults):
        body = changed_envelope(wrap(response.code, response.message, "1"), response.answer.data, response.faults)
    assert isinstance(laid_out(body, response.faults), bytes)


@given(st.text(max_size=30))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    """A text is a fault, or it is refused with a reason."""
    for candidate in (text, f"edit=${text},json=1", f"edit=a,json={text}", f"headers={text}", f"since={text},code=1"):
        with contextlib.suppress(ValueError):
            Fault.parse(candidate)
