from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tiktok_marketing.api.transport import HttpTransport, TransportFailure

ANSWER = b'{"code":0,"message":"OK","request_id":"r1","data":{}}'


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that answers by itself; its address, and what was requested of it."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n")[0].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(ANSWER), ANSWER))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_requests_use_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY gets the whole address, so the name need not be known here."""
    async with proxy() as (address, asked):
        monkeypatch.setenv("HTTP_PROXY", address)
        async with HttpTransport("http://api.invalid") as transport:
            reply = await transport.send("advertiser/info/", {"page": "1"}, "token")
    assert reply.body == ANSWER
    assert asked == ["GET http://api.invalid/open_api/v1.3/advertiser/info/?page=1 HTTP/1.1"]


@pytest.mark.parametrize("exempt", [False, True])
async def test_without_a_proxy_requests_go_to_the_host(monkeypatch: pytest.MonkeyPatch, *, exempt: bool) -> None:
    """If no proxy is set, or NO_PROXY contains the host."""
    async with proxy() as (address, asked):
        if exempt:
            monkeypatch.setenv("HTTP_PROXY", address)
            monkeypatch.setenv("NO_PROXY", "api.invalid")
        async with HttpTransport("http://api.invalid") as transport:
            with pytest.raises(TransportFailure):
                await transport.send("advertiser/info/", {}, "token")
    assert asked == []
