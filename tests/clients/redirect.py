"""A proxy that leads TikTok's two hosts to the emulator, so that a client's code and addresses stay as published."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from authority import Authority

HOSTS = frozenset({"business-api.tiktok.com", "sandbox-ads.tiktok.com"})
_MAX_HEAD = 64 * 1024
_CHUNK = 64 * 1024


class Redirect(socketserver.ThreadingTCPServer):
    """An HTTP proxy that ends TLS and passes on what it carries. It reaches the emulator and nothing else.

    Args:
        context: The certificate of TikTok's hosts.
        target: Host and port of the emulator.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.target = target
        self.refused: list[str] = []
        """The hosts that clients asked for beside TikTok's."""

    @property
    def url(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.BaseRequestHandler):
    server: Redirect
    request: socket.socket

    def handle(self) -> None:
        """Answer one CONNECT, and carry bytes until one side closes."""
        words = self._head().split(b"\r\n", 1)[0].decode("latin-1").split()
        host = words[1].rpartition(":")[0] if len(words) > 1 and words[0] == "CONNECT" else " ".join(words)
        if host not in HOSTS:
            self.server.refused.append(host)
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            contextlib.suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as client,
            socket.create_connection(self.server.target) as upstream,
        ):
            back = threading.Thread(target=_carry, args=(upstream, client), daemon=True)
            back.start()
            _carry(client, upstream)
            back.join()

    def _head(self) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
            data = self.request.recv(_CHUNK)
            if not data:
                break
            head += data
        return head


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until the source ends, and then end the sink."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def redirected(folder: Path, target: tuple[str, int]) -> Iterator[tuple[Redirect, Path]]:
    """A running proxy, and the certificate that its clients must trust."""
    authority = Authority(folder)
    with Redirect(authority.issue("tiktok", "*.tiktok.com"), target) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy, authority.certificate
        proxy.shutdown()
