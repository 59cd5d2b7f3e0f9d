"""The bytes of an answer that faults change: their layout, their encoding, and how much they unpack to."""

import re
import zlib
from collections.abc import Iterator

from tiktok_marketing.emulator.faults import Fault

LAYOUTS: dict[str, tuple[bytes, bytes, bool, bytes]] = {
    "spaced": (b", ", b": ", False, b""),
    "pretty": (b",", b": ", True, b""),
    "wide": (b" ,\r\n\t", b" :\n ", False, b""),
    "padded": (b",", b":", False, b"\r\n\t " * 20),
}
"""How JSON is laid out, by the name that a fault gives it.

These are its commas, its colons, whether it is indented, and what stands before and behind it.
"""

_CHUNK = 2**20
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^{}\[\],:"]+|"', re.DOTALL)


def laid_out(body: bytes, faults: list[Fault]) -> bytes:
    """The body of an answer in the layout and the encoding that faults ask for. It need not be JSON."""
    for fault in faults:
        if fault.layout is not None:
            body = in_layout(body, fault.layout)
        if fault.encoding is not None:
            body = body.decode(errors="replace").encode(fault.encoding)
    return body


def in_layout(body: bytes, layout: str) -> bytes:
    """Compact JSON with white space between its values, which stay as they are, to the letter."""
    comma, colon, indented, padding = LAYOUTS[layout]
    pieces: list[bytes] = []
    depth = 0
    for token in _TOKEN.findall(body):
        depth += (token in b"{[") - (token in b"}]")
        line = b"\n" + b"  " * max(0, depth) if indented else b""
        if token == b",":
            pieces.append(comma + line)
        elif token == b":":
            pieces.append(colon)
        elif token in {b"{", b"["}:
            pieces.append(token + line)
        elif token in {b"}", b"]"}:
            pieces.append(line + token)
        else:
            pieces.append(token)
    return b"".join((padding, *pieces, padding))


def packed_spaces(count: int) -> Iterator[bytes]:
    """Gzip that unpacks to so many spaces, a thousandth of its size. It ends as if an answer followed."""
    packer = zlib.compressobj(wbits=31)
    chunk = b" " * _CHUNK
    for start in range(0, count, _CHUNK):
        yield packer.compress(chunk[: count - start]) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def pieces_of(body: bytes, count: int) -> list[bytes]:
    """A body in about this many pieces of the same size."""
    size = max(1, -(-len(body) // count))
    return [body[start : start + size] for start in range(0, len(body), size)]
