from __future__ import annotations

import asyncio
import socket
import struct
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


@pytest.mark.parametrize(
    ("proxy_url", "answer", "words"),
    [
        ("http://{proxy}", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "through the proxy {proxy} ("),
        ("http://{proxy}", b"", "through the proxy {proxy} closed before an answer came"),
        ("http://{proxy}", b"SSH-2.0-OpenSSH\r\n", "through the proxy {proxy}"),
        ("http://{proxy}", b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "the proxy {proxy} does not open"),
        ("https://{proxy}", b"HTTP/1.1 400 No\r\n\r\n", "no encrypted connection to the proxy {proxy} could be"),
        ("http://no-such-proxy.invalid:3128", b"", "the name no-such-proxy.invalid of the proxy cannot be resolved"),
    ],
    ids=["page", "silent", "not-http", "refused", "no-tls", "unknown"],
)
async def test_what_fails_at_a_proxy_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, proxy_url: str, answer: bytes, words: str
) -> None:
    """TikTok is not to blame for what happens before a connection to it is open, and a reason always stands there."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        name = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", proxy_url.format(proxy=name))
        async with HttpTransport("https://api.invalid") as transport:
            with pytest.raises(TransportFailure) as caught:
                await transport.send("advertiser/info/", {}, "token")
    assert words.format(proxy=name) in caught.value.message
    assert "()" not in caught.value.message


async def test_a_lost_connection_is_told_in_the_words_of_the_system() -> None:
    """Neither the name of a class nor the address of the request, which is long."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with HttpTransport(f"http://{address}") as transport:
            with pytest.raises(TransportFailure) as caught:
                await transport.send("advertiser/info/", {}, "token")
    assert caught.value.message == f"the connection to {address} failed (Connection reset by peer)"
