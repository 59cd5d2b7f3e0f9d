"""Stores the file behind one address, within limits, so that only whole files ever have their name."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from tiktok_marketing.api.network import proxy_for

_CHUNK = 256 * 1024
_MOST_REDIRECTS = 3
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)
_ENDINGS: Mapping[str, str] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


class AssetError(Exception):
    """A file could not be stored. Its text says why, as the rest of a sentence."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is stored.

    Args:
        path: Where, below the folder, with slashes.
        size: Its size in bytes.
        content_type: What the server calls it, such as `video/mp4`.
        sha256: The hash of its bytes.
    """

    path: str
    size: int
    content_type: str
    sha256: str


def file_name(content_id: str) -> str:
    """Return the name of a content's file, without its ending. It names no other folder, whatever the id is."""
    if _PLAIN_ID.fullmatch(content_id):
        return content_id
    return f"id-{hashlib.sha256(content_id.encode('utf-8', 'replace')).hexdigest()[:32]}"


def safe_address(address: str, base: str | None) -> str:
    """Return the address to ask.

    Args:
        address: As TikTok gave it, or as a redirect names it.
        base: Scheme, host and port that stand in for those of every address, as `TIKTOK_API_URL` does; None to ask
            the address itself, which must then be a public one with https.

    Raises:
        AssetError: It is not an address that may be asked.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AssetError("its address cannot be read") from None
    if base is not None:
        query = f"?{parts.query}" if parts.query else ""
        return f"{base.rstrip('/')}/{parts.path.lstrip('/')}{query}"
    if parts.scheme.lower() != "https" or parts.username or port not in {None, 443}:
        raise AssetError("its address is not a plain https address")
    if "." not in host or host.endswith((".localhost", ".local", ".internal")) or _is_number(host):
        raise AssetError("its address is not that of a public host")
    return address


def _is_number(host: str) -> bool:
    """Whether a host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.replace(".", "").isdigit()
    return True


async def download(
    session: aiohttp.ClientSession,
    kind: str,
    content_id: str,
    address: str,
    folder: Path,
    *,
    most: int,
    base: str | None,
) -> Stored:
    """Store the file behind an address as `<kind>/<id>.<ending>` below a folder.

    The bytes go to a file with another name first, which is renamed once it is whole.

    Args:
        session: The HTTP client.
        kind: One of `listing.KINDS`.
        content_id: The content's id.
        address: Where the file is.
        folder: The folder of all assets.
        most: How many bytes a file may have.
        base: See `safe_address`.

    Raises:
        AssetError: The file cannot be had, or is too large.
        OSError: The folder cannot be written to.
    """
    name = file_name(content_id)
    partial = folder / kind / f".{name}.part"
    try:
        async with await _answer(session, address, base) as answer:
            content_type = answer.content_type
            if answer.content_length is not None and answer.content_length > most:
                raise AssetError(f"it has {answer.content_length:,} bytes, and the limit is {most:,}")
            size, digest = await _write(answer, partial, most)
        is_encoded = "Content-Encoding" in answer.headers  # then the length is not that of the file
        if not is_encoded and answer.content_length not in {None, size}:
            raise AssetError("the connection ended before the file did")
        if size == 0:
            raise AssetError("the server sent an empty file")
        target = partial.with_name(name + _ENDINGS.get(content_type, ".bin"))
        await asyncio.to_thread(os.replace, partial, target)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise AssetError(f"the server did not send it ({type(error).__name__})") from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)  # noqa: PTH108 - in an async function, pathlib counts as slow
    return Stored(path=f"{kind}/{target.name}", size=size, content_type=content_type, sha256=digest)


async def _answer(session: aiohttp.ClientSession, address: str, base: str | None) -> aiohttp.ClientResponse:
    """Ask for an address, and for those that it redirects to, each of which must be allowed."""
    for _ in range(_MOST_REDIRECTS + 1):
        url = safe_address(address, base)
        proxy = proxy_for(url)
        answer = await session.get(
            url,
            allow_redirects=False,
            proxy=proxy.address if proxy else None,
            proxy_auth=proxy.authorization if proxy else None,
        )
        if answer.status in {301, 302, 303, 307, 308} and "Location" in answer.headers:
            address = urljoin(url, answer.headers["Location"])
            answer.close()
            continue
        if answer.status != 200:
            answer.close()
            ended = answer.status in {403, 404, 410}
            raise AssetError(f"the server answered HTTP {answer.status}" + (": the address has ended" if ended else ""))
        return answer
    raise AssetError("its address is redirected too often")


async def _write(answer: aiohttp.ClientResponse, partial: Path, most: int) -> tuple[int, str]:
    """Write the body into a new file. Returns its size and its hash."""
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    size, digest = 0, hashlib.sha256()
    with os.fdopen(descriptor, "wb") as file:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > most:
                raise AssetError(f"it has more than {most:,} bytes, which is the limit")
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    return size, digest.hexdigest()
