"""Gzip for answers, which costs little: the data of a page that is asked for again are compressed once."""

import struct
import zlib

from tiktok_marketing.emulator.endpoints.cache import BoundedCache

LEAST_BYTES = 1024
"""Smaller answers are sent as they are, as gateways do."""

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_LEVEL = 1
_CACHE_BYTES = 32 << 20


class Packer:
    """Compresses answers, and remembers the compressed data of the most recent ones."""

    def __init__(self) -> None:
        self._packed: BoundedCache[bytes] = BoundedCache(_CACHE_BYTES)

    def pack(self, body: bytes, data: bytes) -> bytes:
        """The body as gzip. If it contains the data, these are compressed once however often they come."""
        start = body.find(data[:64]) if len(data) >= LEAST_BYTES else -1
        if start < 0 or body[start : start + len(data)] != data:
            return zlib.compress(body, _LEVEL, wbits=31)
        packed = self._packed.get(data)
        if packed is None:
            packed = _deflated(data)
            self._packed.put(data, packed, len(packed) + len(data))
        parts = (_HEADER, _deflated(body[:start]), packed, _deflated(body[start + len(data) :], last=True))
        return b"".join((*parts, struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF)))


def _deflated(data: bytes, *, last: bool = False) -> bytes:
    """Deflate blocks that refer to nothing before them, so that they can stand behind any others."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
