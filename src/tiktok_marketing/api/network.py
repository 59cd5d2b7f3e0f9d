"""How this machine reaches TikTok: the certificate authorities and the proxy that its environment names."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.machine import refusal_of
from tiktok_marketing.text import mask_known

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a file or folder of authorities which replaces the system's. The first that is set counts."""
_OPENSSL_FILE, _OPENSSL_FOLDERS = "SSL_CERT_FILE", "SSL_CERT_DIR"
"""OpenSSL's own variables, for where the system's authorities are. They count if none of the others is set."""
_PROXY_SCHEMES = {"http", "https"}


class Proxy(msgspec.Struct, frozen=True):
    """A proxy, and what it wants to know about its user."""

    address: str
    authorization: aiohttp.BasicAuth | None

    def __repr__(self) -> str:
        return f"Proxy({self.address!r})"

    @property
    def name(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.address).netloc

    def is_at(self, host: str, port: int | None) -> bool:
        """Whether this is the server at a host and a port."""
        url = urlsplit(self.address)
        own_port = url.port or (443 if url.scheme == "https" else 80)
        return (url.hostname, own_port) == (host.lower(), port)


def trusted_authorities() -> ssl.SSLContext | None:
    """The certificate authorities that the environment names; None for the system's.

    Raises:
        ConfigurationError: If a variable names what does not exist, cannot be read or holds no certificate.
    """
    for name in _BUNDLES:
        if path := os.environ.get(name):
            folder = os.path.isdir(path)  # noqa: PTH112 - a text, which may be no path at all
            return _context(name, path, cafile=None if folder else path, capath=path if folder else None)
    file, folders = os.environ.get(_OPENSSL_FILE), os.environ.get(_OPENSSL_FOLDERS)
    if file:
        _context(_OPENSSL_FILE, file, cafile=file)
    for path in folders.split(os.pathsep) if folders else ():
        _context(_OPENSSL_FOLDERS, path, capath=path)
    # OpenSSL reads its variables itself, once they are known to be in order: without this, it ignores one that is not.
    return ssl.create_default_context() if file or folders else None


def _context(name: str, path: str, *, cafile: str | None = None, capath: str | None = None) -> ssl.SSLContext:
    try:
        if capath is not None:
            os.listdir(capath)  # noqa: PTH208 - OpenSSL would say nothing
        return ssl.create_default_context(cafile=cafile, capath=capath)
    except (OSError, ValueError) as error:
        refusal = refusal_of(error)  # Python also opens the file for keys, and that one may be what fails
        if refusal is not None:
            raise refusal from error
        reason = _bundle_problem(error)
    raise ConfigurationError(
        f"{name} is set to {path}, which {reason}, so no certificate could be checked.",
        remedy=f"Set {name} to a file with the certificates of the authorities to trust, or unset it.",
    )


def _bundle_problem(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return "holds no certificate in the PEM format"
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    return f"cannot be read ({getattr(error, 'strerror', None) or error})"


def address_problem(address: str) -> str:
    """What is wrong with an address, as it follows its name; empty if host, port and user can be used."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return "has a port that does not exist" if "range" in str(error) else "is not an address"
    if not host:
        return "names no host"
    if port == 0:
        return "has a port that does not exist"
    try:
        host.encode("idna")
    except UnicodeError:
        return "names a host that cannot exist: a part of its name is empty or has more than 63 characters"
    return "has a colon in the name of its user" if ":" in unquote(parts.username or "") else ""


def proxy_for(address: str) -> Proxy | None:
    """The proxy that the environment names for an address: HTTPS_PROXY or HTTP_PROXY, else ALL_PROXY; not NO_PROXY.

    Args:
        address: Scheme, host and port.

    Raises:
        ConfigurationError: If the variable names no proxy that can be used.
    """
    url = urlsplit(address)
    found = next(_candidates(url.scheme), None)
    if found is None or proxy_bypass(url.netloc.rpartition("@")[2]) or proxy_bypass(url.hostname or ""):
        return None
    name, value = found
    value = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(value)
    except ValueError:
        raise _unusable(name, "is not the address of a proxy") from None
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":  # else a part of the password would be taken for the host
        raise _unusable(name, "has an @ behind its host. In a user or a password, / ? # @ are %2F %3F %23 %40")
    mask_known.add({parts.password, unquote(parts.password or "")})
    if parts.scheme.lower() not in _PROXY_SCHEMES:
        raise _unusable(name, f"names a proxy of the kind {parts.scheme}, which is not supported")
    if problem := address_problem(value):
        raise _unusable(name, problem.replace("is not an address", "is not the address of a proxy"))
    assert parts.hostname is not None  # noqa: S101 - narrows the type
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(
        f"{parts.scheme.lower()}://{host}" + (f":{parts.port}" if parts.port else ""),
        aiohttp.BasicAuth(user, password, "utf-8") if user or password else None,
    )


def _candidates(scheme: str) -> Iterator[tuple[str, str]]:
    """The variables that name a proxy for a scheme, with their values, in their order."""
    proxies = getproxies()
    for kind in (scheme, "all"):
        if value := proxies.get(kind, "").strip():
            names = (f"{kind}_proxy", f"{kind.upper()}_PROXY")
            yield next((name for name in names if os.environ.get(name)), names[1]), value


def _unusable(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"The variable {name} {reason}.",
        remedy="Write it as http://host:port or http://user:password@host:port, "
        "or name TikTok's host in NO_PROXY to do without a proxy.",
    )
