"""The bytes of an answer that faults change: their layout, their encoding, and how much they unpack to."""

import json
import zlib
from collections.abc import Iterator

from tiktok_marketing.emulator.faults import Fault

LAYOUTS: dict[str, dict[str, object]] = {
    "spaced": {"separators": (", ", ": ")},
    "pretty": {"indent": 2},
    "wide": {"separators": (" ,\r\n\t", " :\n ")},
}
"""How JSON is laid out, by the name that a fault gives it: the arguments for Python's encoder."""
_CHUNK = 2**20


def laid_out(body: bytes, faults: list[Fault]) -> bytes:
    """The body of an answer in the layout and the encoding that faults ask for."""
    for fault in faults:
        if fault.layout is not None:
            body = json.dumps(json.loads(body), ensure_ascii=False, **LAYOUTS[fault.layout]).encode()  # type: ignore[arg-type]
        if fault.encoding is not None:
            body = body.decode().encode(fault.encoding)
    return body


def packed_spaces(count: int) -> Iterator[bytes]:
    """Gzip that unpacks to so many spaces, a thousandth of its size. It ends as if an answer followed."""
    packer = zlib.compressobj(wbits=31)
    chunk = b" " * _CHUNK
    for start in range(0, count, _CHUNK):
        yield packer.compress(chunk[: count - start]) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()
