"""Certificates and proxies: which are used, and what is said of those that cannot be."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authority import Authority
from processes import COMMAND, SOURCE, Ended, Folder

pytestmark = pytest.mark.thorough

ANSWER = json.dumps({"code": 40105, "message": "It was me.", "request_id": "1", "data": {}}).encode()
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Server(socketserver.ThreadingTCPServer):
    """A server that answers every request in the same way, and counts connections.

    Args:
        context: The certificate; None for plain HTTP.
        proxied: For a proxy: the server that it connects to, whatever host is asked for; None for no proxy.
        authorization: For a proxy: the header that it wants.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, context: ssl.SSLContext | None, proxied: Server | None = None, authorization: str | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.proxied = proxied
        self.authorization = authorization
        self.connections = 0
        self.heads: list[str] = []

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server_address[1])


class _Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.connections += 1
        connection = self.request
        try:
            if self.server.context is not None:
                connection = self.server.context.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece or piece[0] == 0x16:  # somebody wants TLS, and plain HTTP does not understand it
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
                head += piece
            self.server.heads.append(head.decode())
            self._answer(connection, head.decode())
        except OSError:
            return
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, head: str) -> None:
        if self.server.proxied is None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(ANSWER))
            connection.sendall(ANSWER)
        elif self.server.authorization and f"Proxy-Authorization: {self.server.authorization}" not in head:
            connection.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        else:
            with socket.create_connection(("127.0.0.1", self.server.proxied.port)) as target:
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=_pass_on, args=(target, connection), daemon=True)
                back.start()
                _pass_on(connection, target)
                back.join(5)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Run a server in a thread."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts yet."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[Server]:
    """A server with a certificate of the authority."""
    with running(Server(authority.issue("good"))) as server:
        yield server


def check(folder: Folder, server: Server, **variables: str) -> Ended:
    """Run `check` against a server."""
    return folder.run(
        COMMAND, "check", "--config", "c.json", TIKTOK_API_URL=f"https://localhost:{server.port}", **variables
    )


@pytest.mark.parametrize("variable", VARIABLES)
def test_each_variable_names_the_authorities_to_trust(
    folder: Folder, authority: Authority, secure: Server, variable: str
) -> None:
    """The answer of the server arrives; requests and curl accept a folder in their variable as well."""
    folders = [str(authority.folder / "hashed")]
    paths = {"SSL_CERT_DIR": folders, "SSL_CERT_FILE": [str(authority.certificate)]}
    for path in paths.get(variable, [str(authority.certificate), *folders]):
        ended = check(folder, secure, **{variable: path})
        assert "It was me" in ended.text
        assert ended.code == 1


def test_the_first_variable_counts(folder: Folder, authority: Authority, secure: Server, tmp_path: Path) -> None:
    """REQUESTS_CA_BUNDLE goes before CURL_CA_BUNDLE, and that before OpenSSL's own. An empty one is not set."""
    (tmp_path / "other").mkdir()
    ours, other = str(authority.certificate), str(Authority(tmp_path / "other").certificate)
    for first, second in ((VARIABLES[0], VARIABLES[1]), (VARIABLES[1], VARIABLES[2])):
        assert "It was me" in check(folder, secure, **{first: ours, second: other}).text
        assert "certificate of localhost" in check(folder, secure, **{first: other, second: ours}).text
        assert "It was me" in check(folder, secure, **{first: "", second: ours}).text


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("program", [COMMAND, SOURCE], ids=["command", "source"])
def test_a_variable_that_names_nothing_usable_is_reported_at_the_start(
    folder: Folder, variable: str, program: str
) -> None:
    """By its name and its path, before any request; even where the address needs no certificate."""
    (folder.path / "empty.pem").write_text("no certificate\n")
    reasons = {"missing.pem": "does not exist"}
    reasons |= {"c.json": "cannot be read"} if variable == "SSL_CERT_DIR" else {"empty.pem": "holds no certificate"}
    for name, reason in reasons.items():
        ended = folder.run(program, "check", "--config", "c.json", **{variable: str(folder.path / name)})
        assert f"{variable} is set to {folder.path / name}, which {reason}" in ended.text
        assert "or unset it." in ended.text
        assert ended.code == (2 if program == COMMAND else 0)
        assert "Traceback" not in ended.text


@pytest.mark.parametrize(
    ("fault", "message", "remedy"),
    [
        ("unknown", "unable to get local issuer certificate", "set REQUESTS_CA_BUNDLE to it"),
        ("self-signed", "self-signed certificate", "set REQUESTS_CA_BUNDLE to it"),
        ("expired", "certificate has expired", "Check the clock of this machine."),
        ("wrong host", "certificate is not valid for 'localhost'", "Another server answers at this address."),
    ],
)
def test_a_certificate_that_is_not_valid_is_named_and_not_tried_again(
    folder: Folder, authority: Authority, fault: str, message: str, remedy: str
) -> None:
    """Every command says what is wrong with it, after a single connection."""
    trusted = {"REQUESTS_CA_BUNDLE": str(authority.certificate)}
    match fault:
        case "expired":
            context = authority.issue("expired", days=-1)
        case "wrong host":
            context = authority.issue("other", "other.example")
        case "self-signed":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.certificate, authority.folder / "ca.key")
            trusted = {}
        case _:
            context = authority.issue("unknown")
            trusted = {}
    with running(Server(context)) as server:
        address = {"TIKTOK_API_URL": f"https://localhost:{server.port}"}
        lines = (
            (COMMAND, "check", "--config", "c.json"),
            (COMMAND, "plan", "--config", "c.json"),
            (COMMAND, "sync", "--config", "c.json", "--to", "x.duckdb"),
            (SOURCE, "check", "--config", "c.json"),
            (SOURCE, "read", "--config", "c.json", "--catalog", "catalog.json"),
        )
        for line in lines if fault == "self-signed" else lines[:1]:
            server.connections = 0
            ended = folder.run(*line, **address, **trusted)
            assert f"the certificate of localhost:{server.port} is not valid" in ended.text
            assert message in ended.text
            assert remedy in ended.text
            assert ended.code == (0 if line[:2] == (SOURCE, "check") else 1)
            assert server.connections == 1


def test_a_server_without_tls_is_named(folder: Folder) -> None:
    """If the address says https and the server speaks HTTP, the message says what OpenSSL found."""
    with running(Server(None)) as server:
        ended = check(folder, server)
    assert f"no encrypted connection to localhost:{server.port} could be opened (" in ended.text
    assert ended.code == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://a..b", "names a host that cannot exist"),
        ("http://.", "names a host that cannot exist"),
        (f"https://{'a' * 64}.com", "names a host that cannot exist"),
        ("http://127.0.0.1:99999", "has a port that does not exist"),
        ("http://127.0.0.1:port", "is not an address"),
        ("http://u%3Ax:p@127.0.0.1", "has a colon in the name of its user"),
        ("http://[::1", "is not an address"),
        ("http://:80", "names no host"),
        ("ftp://127.0.0.1", "is not an address"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_at_once(folder: Folder, address: str, message: str) -> None:
    """The command names the variable, and tries nothing."""
    ended = folder.run(*(COMMAND, "check", "--config", "c.json"), TIKTOK_API_URL=address)
    assert f"TIKTOK_API_URL is '{address}', which {message}" in ended.text
    assert "failed (" not in ended.text
    assert ended.code in {1, 2}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_gets_its_user_and_password(
    folder: Folder, authority: Authority, secure: Server, variable: str
) -> None:
    """The proxy connects to the server, whose certificate is checked as usual."""
    with running(Server(None, secure, "Basic bWU6cEBzcyB3LzEyMw==")) as proxy:
        variables = {"REQUESTS_CA_BUNDLE": str(authority.certificate)}
        variables[variable] = f"http://me:p%40ss%20w%2F123@127.0.0.1:{proxy.port}"
        assert "It was me" in check(folder, secure, **variables).text
        assert proxy.heads[0].startswith(f"CONNECT localhost:{secure.port} HTTP/1.1")
        proxy.heads.clear()
        for exempt in ("localhost", "other,localhost", "*", f"localhost:{secure.port}"):
            assert "It was me" in check(folder, secure, **variables, NO_PROXY=exempt).text
        assert proxy.heads == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("socks5://me:p%40ss%20w%2F123@127.0.0.1:1080", "names a proxy of the kind socks5, which is not supported"),
        ("http://me:p%40ss%20w%2F123@127.0.0.1:port", "is not the address of a proxy"),
        ("http://me:p%40ss%20w%2F123@:8080", "names no host"),
        ("http://me:p%40ss%20w%2F123@127.0.0.1:99999", "HTTPS_PROXY has a port that does not exist"),
        ("http://me:p%40ss%20w%2F123@a..b:8080", "HTTPS_PROXY names a host that cannot exist"),
        (f"http://me:p%40ss%20w%2F123@{'a' * 64}.com", "HTTPS_PROXY names a host that cannot exist"),
        ("http://.", "HTTPS_PROXY names a host that cannot exist"),
        ("http://me%3Ax:p%40ss%20w%2F123@127.0.0.1:1", "HTTPS_PROXY has a colon in the name of its user"),
        ("http://[::1", "is not the address of a proxy"),
        ("http://me:p%40ss%20w%2F123@127.0.0.1:1", "cannot connect to the proxy 127.0.0.1:1"),
        ("http://me:wrong@127.0.0.1:{proxy}", "HTTP 407 Who are you"),
        ("me:p%40ss%20w%2F123@127.0.0.1:{proxy}", "It was me"),
    ],
    ids=[
        *("socks", "port", "host", "large-port", "empty-label", "long-label", "point", "colon", "bracket"),
        *("unreachable", "password", "without-scheme"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    folder: Folder, authority: Authority, secure: Server, address: str, message: str
) -> None:
    """Nothing that the program prints has the password, in any spelling, with --debug either."""
    with running(Server(None, secure, "Basic bWU6cEBzcyB3LzEyMw==")) as proxy:
        ended = folder.run(
            *(COMMAND, "--debug", "check", "--config", "c.json"),
            TIKTOK_API_URL=f"https://localhost:{secure.port}",
            REQUESTS_CA_BUNDLE=str(authority.certificate),
            HTTPS_PROXY=address.format(proxy=proxy.port),
        )
    assert message in ended.text
    assert ended.code in {1, 2}
    for password in ("p@ss w/123", "p%40ss", "cEBzcyB3LzEyMw", "BzcyB3LzEy"):
        assert password not in ended.text


@pytest.mark.parametrize(
    "password", ["hun@ter/seven", "hunter/seven", "8080/hunterseven", "hun#seven", "hun?ter@seven"]
)
def test_a_password_that_is_not_quoted_is_not_taken_for_a_host(folder: Folder, secure: Server, password: str) -> None:
    """No part of it is printed, or asked of a name server."""
    ended = folder.run(
        *(COMMAND, "--debug", "check", "--config", "c.json"),
        TIKTOK_API_URL=f"https://localhost:{secure.port}",
        HTTPS_PROXY=f"http://me:{password}@127.0.0.1:1",
    )
    assert "HTTPS_PROXY has an @ behind its host. In a user or a password, / ? # @ are %2F %3F %23 %40." in ended.text
    assert ended.code == 2
    assert "hun" not in ended.text
    assert "seven" not in ended.text
