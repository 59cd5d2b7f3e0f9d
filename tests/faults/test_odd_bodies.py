"""Bodies that are not what TikTok usually sends: other encodings, damaged text, white space, and far too many bytes."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from faults.hurry import Result, small, synced
from support import quickly
from tiktok_marketing.api.bodies import UnpackError, unpacker
from tiktok_marketing.api.error_rules import transport_error
from tiktok_marketing.api.transport import LARGEST_BODY, HttpTransport, TransportFailure
from tiktok_marketing.emulator import Fault

STREAMS = ["campaigns", "ads", "advertisers", "ads_reports_daily"]
REPORT = "report/integrated/get/"
SURROGATE_HALF = "22eda0bd22"  # the text of one byte sequence that belongs to no character


async def read(*faults: Fault, **options: object) -> Result:
    """What a sync reads with these faults."""
    async with small(faults=faults, **options) as emulator:
        return await synced(emulator, STREAMS)


@pytest.mark.parametrize("raw", [SURROGATE_HALF, "22ff22", "22e28222", "22c022", "2241f09f9822", "22eda0bdedb88022"])
async def test_a_name_that_is_not_utf8_costs_no_row_and_no_time(raw: str) -> None:
    """All rows come, U+FFFD stands for the bytes, and a warning names stream, account and days."""
    expected = await read()
    result = await read(Fault(path=REPORT, edit="ad_name", raw=raw, records=1))
    assert not result.failures
    assert not result.waits
    rows = result.rows["ads_reports_daily"]
    assert rows.keys() == expected.rows["ads_reports_daily"].keys()
    assert sum("\ufffd" in str(row["metrics"]["ad_name"]) for row in rows.values()) >= 1
    (warning, *others) = [text for text in result.notices if "not UTF-8" in text]
    assert warning.startswith("ads_reports_daily, advertiser 7")
    assert "2026-06-" in warning
    assert len(others) == 2  # one for each account


async def test_an_object_that_is_not_utf8_is_delivered() -> None:
    """With the same warning, without days."""
    result = await read(Fault(path="ad/get/", edit="ad_name", raw=SURROGATE_HALF))
    assert not result.failures
    assert all(set(row["ad_name"]) == {"\ufffd"} for row in result.rows["ads"].values())
    assert sum(text.startswith("ads, advertiser 7") and "not UTF-8" in text for text in result.notices) == 3


@pytest.mark.parametrize("raw", ["2261096222", "22610a6222", "2261016222", "2261006222", "22611f6222"])
@pytest.mark.parametrize("path", ["ad/get/", REPORT])
async def test_a_control_character_in_a_text_costs_no_row_and_no_time(raw: str, path: str) -> None:
    """JSON wants it escaped. The text has it nevertheless, and nothing is asked again."""
    expected = await read()
    result = await read(Fault(path=path, edit="ad_name", raw=raw, records=1))
    assert not result.failures
    assert not result.waits
    stream = "ads" if path == "ad/get/" else "ads_reports_daily"
    rows = result.rows[stream]
    assert rows.keys() == expected.rows[stream].keys()
    text = bytes.fromhex(raw).decode().strip('"')
    assert sum(row.get("metrics", row)["ad_name"] == text for row in rows.values()) >= 2


async def test_a_refusal_with_a_control_character_is_a_refusal() -> None:
    """Its code counts, and not what stands in its message."""
    refusal = Fault(path="ad/get/", code=40001)
    result = await read(refusal, Fault(path="ad/get/", edit="$.message", raw="2261096222"))
    assert {stream for stream, _ in result.missing} == {"ads"}
    assert "code 40001" in str(result.failures[0].error)
    assert not result.waits


async def test_a_body_that_was_damaged_once_is_read_again() -> None:
    """An accident of the network leaves no mark."""
    expected = await read()
    result = await read(Fault(path=REPORT, edit="ad_name", raw=SURROGATE_HALF, first=2))
    assert result.rows == expected.rows
    assert not [text for text in result.notices if "not UTF-8" in text]


@pytest.mark.parametrize("name", ["name", "advertiser_name"])
async def test_the_name_of_an_account_that_is_not_utf8_stops_nothing(name: str) -> None:
    """Nor does half of a character in it, which every account's days depend on."""
    for raw in (SURROGATE_HALF, "225c756438336422"):
        result = await read(Fault(edit=name, raw=raw))
        assert not result.failures
        assert result.stopped is None
        assert len(result.rows["advertisers"]) == 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
async def test_another_encoding_of_json_is_read(encoding: str) -> None:
    """With or without a byte order mark, and no row or value is lost."""
    expected = await read()
    result = await read(Fault(encoding=encoding))
    assert result.rows == expected.rows
    assert not result.failures
    assert result.notices == expected.notices


@pytest.mark.parametrize("layout", ["spaced", "pretty", "wide"])
async def test_white_space_anywhere_changes_nothing(layout: str) -> None:
    """Neither in reports nor in lists."""
    expected = await read()
    result = await read(Fault(layout=layout))
    assert result.rows == expected.rows
    assert result.notices == expected.notices


async def test_an_answer_that_unpacks_to_gigabytes_costs_its_account_and_little_memory() -> None:
    """It is refused when it becomes too large; other accounts and streams come."""
    expected = await read()
    account = str(min(row["advertiser_id"] for row in expected.rows["ads"].values()))
    tracemalloc.start()
    result = await read(Fault(path="ad/get/", advertiser=account, unpacks=6 * 10**9))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * LARGEST_BODY
    assert result.missing == {("ads", account)}
    (failure,) = result.failures
    assert "more than 64 MB" in str(failure.error)
    assert f"/ad/get/ failed for advertiser {account}" in str(failure.error)
    assert result.rows["campaigns"] == expected.rows["campaigns"]
    assert result.rows["ads_reports_daily"] == expected.rows["ads_reports_daily"]


async def test_a_report_that_is_too_large_is_read_in_smaller_pieces() -> None:
    """As after TikTok's own code for it."""
    expected = await read()
    result = await read(Fault(path=REPORT, contains="AUCTION_AD", days_over=3, unpacks=2 * LARGEST_BODY))
    assert not result.failures
    assert result.rows == expected.rows


@pytest.mark.parametrize("refused", quickly(False, True))
async def test_a_report_in_another_order_in_each_answer_is_read_whole(*, refused: bool) -> None:
    """The second pass asks for an order. If TikTok refuses it, other passes follow without one."""
    reports = ["ads_reports_daily"]
    business = {"ads_per_account": 600, "advertisers": 1}
    async with small(**business) as emulator:
        expected = await synced(emulator, reports)
    assert len(expected.rows["ads_reports_daily"]) > 1000
    faults = (Fault(path=REPORT, contains="order_field", code=40002, message="order_field: not supported."),)
    async with small(unstable_order=True, faults=faults * refused, **business) as emulator:
        result = await synced(emulator, reports)
        orders = [request.params.get("order_field") for request in emulator.counters.requests if request.path == REPORT]
    assert orders[0] is None
    if refused:
        assert orders.count("spend") == 1
        assert result.failures or result.rows == expected.rows
    else:
        assert "spend" in orders
        assert not result.failures
        assert result.rows == expected.rows


@asynccontextmanager
async def sending(head: bytes) -> AsyncIterator[str]:
    """A server that sends these bytes to whoever asks, and closes the connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        with suppress(OSError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (OK_HEAD + b"Set-Cookie: " + b"x" * 100_000 + b"\r\n\r\n{}", r"headers that are too long came \(.* 64 kB\)"),
        (OK_HEAD + b"X-A: b\r\n" * 3000 + b"\r\n{}", "too many headers came"),
        (OK_HEAD + b"garbage line\r\n\r\n{}", r"an answer that is not valid HTTP came \(Invalid header token\)"),
        (OK_HEAD + b"Content-Length: 3\r\n\r\n{}", "an answer that is not valid HTTP came"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "an answer that is not valid HTTP"),
        (b"SSH-2.0-OpenSSH_9.0\r\n", "something that is not HTTP came"),
        (b'{"code":0,"data":{}}\r\n', "something that is not HTTP came"),
    ],
    ids=["long header", "many headers", "bad header", "two lengths", "bad chunk", "ssh", "no head"],
)
async def test_what_is_not_http_is_told_as_such(head: bytes, what: str) -> None:
    """With the server that it came from, and without what it sent."""
    async with sending(head) as url, HttpTransport(url) as transport:
        with pytest.raises(TransportFailure, match=f"^{what}.* from 127.0.0.1:") as caught:
            await transport.send("x/", {}, "t")
    assert caught.value.not_http
    assert "garbage" not in caught.value.message
    error = transport_error(caught.value.message, endpoint="x/", advertiser_id=None, not_http=True)
    assert "HTTPS_PROXY" in error.remedy
    assert "TIKTOK_API_URL" in error.remedy


async def test_a_cookie_of_nine_kilobytes_is_read() -> None:
    """Proxies add such headers."""
    async with (
        sending(OK_HEAD + b"Set-Cookie: " + b"x" * 9000 + b"\r\n\r\n{}") as url,
        HttpTransport(url) as transport,
    ):
        assert (await transport.send("x/", {}, "t")).body == b"{}"


@asynccontextmanager
async def serving(body: bytes, encoding: str) -> AsyncIterator[str]:
    """A server that answers everything with this body."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": encoding} if encoding else {})
        response.content_length = len(body)
        await response.prepare(request)
        with suppress(ConnectionError):  # the client has seen enough
            for start in range(0, len(body), 2**16):
                await response.write(body[start : start + 2**16])
        return response

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's header, as some servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = b'{"code":0,"data":{"list":[' + b'{"a":"b"},' * 200_000 + b"{}]}}"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]), "gzip"),
        (gzip.compress(TEXT) + b"\0" * 100, "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
)
async def test_every_accepted_encoding_is_unpacked(body: bytes, encoding: str) -> None:
    """In any number of pieces."""
    async with serving(body, encoding) as url, HttpTransport(url) as transport:
        reply = await transport.send("x/", {}, "t")
    assert reply.body == TEXT
    assert reply.reservation is not None
    assert reply.reservation.size == len(TEXT)
    for size in (997, 100_000):
        unpack = unpacker(encoding)
        chunks = [body[start : start + size] for start in range(0, len(body), size)]
        pieces = [piece for chunk in chunks for piece in unpack.feed(chunk)]
        unpack.finish()
        assert b"".join(pieces) == TEXT


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT)[:-9], "gzip"),
        (b"no gzip", "gzip"),
        (zlib.compress(TEXT)[:50], "deflate"),
        (b"\x0b\x02\x80x", "br"),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_a_damaged_answer(body: bytes, encoding: str) -> None:
    """The client asks again."""
    async with serving(body, encoding) as url, HttpTransport(url) as transport:
        with pytest.raises(TransportFailure, match="damaged"):
            await transport.send("x/", {}, "t")
        assert transport.budget.reserved == 0


@pytest.mark.parametrize("encoding", ["none", "UTF-8", "binary", "gzip", "br", "gzip, identity"])
@pytest.mark.parametrize("body", [b'{"code":0,"data":{}}', b"\xef\xbb\xbf\r\n[1]", b"<h1>No</h1>"])
async def test_text_is_text_whatever_its_encoding_is_called(encoding: str, body: bytes) -> None:
    """A proxy may have unpacked it."""
    async with serving(body, encoding) as url, HttpTransport(url) as transport:
        assert (await transport.send("x/", {}, "t")).body == body


@pytest.mark.parametrize("encoding", quickly("br", "gzip"))
@pytest.mark.parametrize("page", quickly("<h1>blocked</h1>", "\x0b\x02 packed"))
async def test_a_page_is_a_page_however_it_is_packed(encoding: str, page: str) -> None:
    """The status says it: the message names it, and the path that may be blocked."""
    fault = Fault(path="ad/get/", http=403, page=page, headers={"Content-Encoding": encoding})
    result = await read(fault)
    assert {failure.stream for failure in result.failures} == {"ads"}
    for failure in result.failures:
        assert "HTTP 403 Forbidden, with a page that is not an answer of TikTok's API" in failure.error.message
        assert "blocks /open_api/v1.3/ad/get/" in failure.error.remedy


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_many_bodies_that_are_too_large_do_not_fill_the_memory(encoding: str) -> None:
    """Beyond the usual size they are read one at a time, and their memory is free afterwards."""
    spaces = b" " * (LARGEST_BODY + 2**20)
    body = gzip.compress(spaces) if encoding else spaces
    async with serving(body, encoding) as url, HttpTransport(url) as transport:
        tracemalloc.start()
        replies = await asyncio.gather(*(transport.send("x/", {}, "t") for _ in range(12)), return_exceptions=True)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert all(isinstance(reply, TransportFailure) and reply.too_large for reply in replies)
        assert transport.budget.reserved == 0
    assert peak < 3 * LARGEST_BODY


def test_a_piece_of_an_unpacked_body_is_small() -> None:
    """However much a few bytes unpack to."""
    packed = gzip.compress(b" " * 10**8)
    assert max(map(len, unpacker("gzip").feed(packed))) <= 2**18
    with pytest.raises(UnpackError):
        list(unpacker("zstd").feed(b"\x28\xb5\x2f\xfd"))
