"""Waits on this machine for the redirect of TikTok's authorization page."""

from __future__ import annotations

import asyncio
import errno
import socket
from html import escape
from types import TracebackType
from typing import Self

from aiohttp import web

from tiktok_marketing.errors import ConfigurationError, LoginError
from tiktok_marketing.login.authorization import code_of, is_answer

_HOSTS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
"""`localhost` may mean either, and some machines have only one of them."""
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENETUNREACH})
"""Reasons for which an address cannot be listened on that mean that this machine does not have it."""
_LONGEST_ADDRESS = 16_000
_STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}"
    "h1{font-size:1.5rem}:root{color-scheme:light dark}"
)


class RedirectListener:
    """A web server on this machine alone that accepts one redirect.

    Args:
        port: The port; 0 for any free one.
        path: The path of the redirect address.
        state: The state that the redirect must have.
    """

    def __init__(self, port: int, path: str, state: str) -> None:
        self.port = port
        self._path = path or "/"
        self._state = state
        self._runner: web.ServerRunner | None = None
        self._code: asyncio.Future[str] | None = None

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            ConfigurationError: If the port cannot be used.
        """
        self._code = asyncio.get_running_loop().create_future()
        server = web.Server(self._handle, access_log=None, max_line_size=_LONGEST_ADDRESS)
        self._runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            for listening in self._sockets():
                await web.SockSite(self._runner, listening).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._code is not None:
            self._code.cancel()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def code(self) -> str:
        """Wait for the redirect. Returns its auth code.

        Raises:
            LoginError: If the owner refused, or the redirect belongs to another login.
        """
        if self._code is None:
            raise RuntimeError("the listener is used outside its `async with`")
        return await asyncio.shield(self._code)

    def _sockets(self) -> list[socket.socket]:
        """A socket for each loopback address of this machine, all with the same port."""
        sockets: list[socket.socket] = []
        problem: OSError | None = None
        for family, host in _HOSTS:
            try:
                listening = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:
                problem = error
                continue
            try:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind((host, self.port))
            except OSError as error:
                listening.close()
                problem = error
                if error.errno not in _ABSENT:
                    for each in sockets:
                        each.close()
                    raise _unusable(self.port, error) from None
                continue
            self.port = listening.getsockname()[1]
            sockets.append(listening)
        if not sockets:
            raise _unusable(self.port, problem or OSError())
        return sockets

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        query = dict(request.query)
        if request.method != "GET" or request.path.rstrip("/") != self._path.rstrip("/") or not is_answer(query):
            return _page("Nothing is here", "This address waits for a redirect of TikTok's authorization page.", 404)
        if self._code is None or self._code.done():
            return _page("This login has ended", "It accepts one redirect. To log in again, use the terminal.", 410)
        try:
            code = code_of(query, self._state)
        except LoginError as error:
            self._code.set_exception(error)
            return _page("The login failed", str(error), 400)
        self._code.set_result(code)
        return _page("The authorization has arrived", "Go back to the terminal. You can close this page.")


def _unusable(port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        reason = "another program uses it"
    elif error.errno == errno.EACCES:
        reason = "this user may not listen on it"
    else:
        reason = error.strerror or "this machine has no loopback address"
    return ConfigurationError(
        f"The login cannot listen on the port {port} of localhost: {reason}.",
        remedy="Choose another one with --port, and register its redirect address for the application, too. "
        "Or paste the address of the redirect: --no-browser --redirect-uri ADDRESS.",
    )


def _page(title: str, text: str, status: int = 200) -> web.Response:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>{_STYLE}</style>'
        f"</head><body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Connection": "close"}
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)
