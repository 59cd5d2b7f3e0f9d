"""The files behind the addresses of images, covers and videos. An address is valid until its time."""

import re
import struct
import zlib
from collections.abc import Mapping

from tiktok_marketing.emulator.randomness import keyed

_PATH = re.compile(r"/(?P<kind>image|cover|video|avatar)/(?P<key>[0-9a-f]{16,32})", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)
_WIDTH, _HEIGHT = 90, 160
_VIDEO_BYTES = 20_000


def is_media(path: str) -> bool:
    """Whether a path is that of a file."""
    return _PATH.fullmatch(path) is not None


def media(path: str, query: Mapping[str, str], now: int) -> tuple[int, str, bytes]:
    """Return the answer to a request for a file: HTTP status, content type and body.

    Args:
        path: The path of the address.
        query: Its parameters: until when it is valid, and a signature that makes this time hard to change.
        now: The time, in seconds since 1970.
    """
    match = _PATH.fullmatch(path)
    expires, signature = query.get("x-expires", ""), query.get("x-signature", "")
    if match is None:
        return 404, "text/plain", b"Not Found"
    key = int(match["key"], 16)
    if not _NUMBER.fullmatch(expires) or signature != f"{keyed(key, int(expires)):016x}":
        return 403, "text/plain", b"Access denied: wrong signature"
    if now >= int(expires):
        return 403, "text/plain", b"Access denied: the address has expired"
    if match["kind"] == "video":
        return 200, "video/mp4", _video(key)
    return 200, "image/png", _picture(key)


def _picture(key: int) -> bytes:
    """A small picture in two colours that follow from the key."""
    top, bottom = (keyed(key, number).to_bytes(8, "big")[:3] for number in (1, 2))
    half = _HEIGHT // 2
    rows = (b"\0" + top * _WIDTH) * half + (b"\0" + bottom * _WIDTH) * (_HEIGHT - half)
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _video(key: int) -> bytes:
    """Bytes that begin as an MP4 file does. No player can show them."""
    kind = b"ftypisom\0\0\2\0isomiso2mp41"
    size = _VIDEO_BYTES + key % _VIDEO_BYTES
    body = keyed(key, 3).to_bytes(8, "big") * (size // 8)
    return struct.pack(">I", len(kind) + 4) + kind + struct.pack(">I", len(body) + 8) + b"mdat" + body
