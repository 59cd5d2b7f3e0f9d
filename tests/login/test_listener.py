from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from processes import free_port
from tiktok_marketing.errors import ConfigurationError, LoginError
from tiktok_marketing.login import listener
from tiktok_marketing.login.listener import RedirectListener

STATE = "a-state-that-nobody-guesses"
ABSENT = "192.0.2.1"
"""An address that no machine has: it is kept for documents."""


async def visit(port: int, path: str = "/", host: str = "127.0.0.1", method: str = "GET", **query: str) -> int:
    """Request an address as a browser does. Returns the status."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://{host}:{port}{path}", params=query) as answer,
    ):
        await answer.read()
        return answer.status


async def test_one_redirect_is_accepted() -> None:
    """Whatever comes afterwards is told that the login has ended."""
    async with RedirectListener(free_port(), "/", STATE) as waiting:
        assert await visit(waiting.port, auth_code="the-first-code", state=STATE) == 200
        assert await visit(waiting.port, auth_code="the-second-code", state=STATE) == 410
        assert await waiting.code() == "the-first-code"


async def test_nothing_but_a_redirect_is_one() -> None:
    """A look ahead by the browser does not use it up."""
    async with RedirectListener(free_port(), "/callback", STATE) as waiting:
        for method, path in (("HEAD", "/callback"), ("POST", "/callback"), ("GET", "/"), ("GET", "/favicon.ico")):
            assert await visit(waiting.port, path, method=method, auth_code="code-1", state=STATE) == 404
        assert await visit(waiting.port, "/callback/", auth_code="code-1", state=STATE) == 200
        assert await waiting.code() == "code-1"


@pytest.mark.parametrize(
    "query",
    [
        {"auth_code": "code-1", "state": STATE + "x"},
        {"auth_code": "code-1", "state": ""},
        {"auth_code": "code-1"},
        {"error": "access_denied", "state": STATE},
        {"auth_code": "code-1", "state": "\u00fc" * 40},
    ],
)
async def test_a_redirect_that_cannot_be_used_ends_the_wait(query: dict[str, str]) -> None:
    """The page in the browser says so as well."""
    async with RedirectListener(free_port(), "/", STATE) as waiting:
        assert await visit(waiting.port, **query) == 400
        with pytest.raises(LoginError):
            await waiting.code()


async def test_a_machine_with_one_loopback_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """With IPv6 alone, and with IPv4 alone."""
    for hosts, host in (
        (((socket.AF_INET, ABSENT), (socket.AF_INET6, "::1")), "[::1]"),
        (((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "2001:db8::1")), "127.0.0.1"),
    ):
        monkeypatch.setattr(listener, "_HOSTS", hosts)
        async with RedirectListener(free_port(), "/", STATE) as waiting:
            assert await visit(waiting.port, host=host, auth_code="code-1", state=STATE) == 200
            assert await waiting.code() == "code-1"


async def test_a_machine_without_a_loopback_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is to paste the address."""
    monkeypatch.setattr(listener, "_HOSTS", ((socket.AF_INET, ABSENT),))
    with pytest.raises(ConfigurationError, match="cannot listen") as caught:
        async with RedirectListener(free_port(), "/", STATE):
            pass
    assert "--no-browser --redirect-uri" in caught.value.remedy


async def test_a_port_that_one_address_uses_is_free_for_neither() -> None:
    """Otherwise the browser might talk to another program."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigurationError, match="another program uses it"):
            async with RedirectListener(other.getsockname()[1], "/", STATE):
                pass


async def test_an_end_without_a_redirect_leaves_nothing_behind() -> None:
    """The port is free again, and whoever waits is told."""
    port = free_port()
    async with RedirectListener(port, "/", STATE) as waiting:
        task = asyncio.create_task(waiting.code())
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    async with RedirectListener(port, "/", STATE):
        pass
