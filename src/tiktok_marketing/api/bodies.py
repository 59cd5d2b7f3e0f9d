"""The body of an answer, from its packed bytes to text in UTF-8, never with more bytes in memory than allowed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Protocol

_PIECE = 2**18
"""Bytes that are unpacked at once."""
_GZIP = 31
_ZLIB = 15
_RAW_DEFLATE = -15
_BEFORE_TEXT = b"\xef\xbb\xbf \t\r\n"
ACCEPTED = "gzip, deflate"
"""The encodings that `Unpacker` reads, as a request announces them."""


class UnpackError(Exception):
    """A body is not packed as its headers say, or it ends too early."""


class Unpacker(Protocol):
    """Unpacks a body while it arrives."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Unpack the next bytes, in pieces of a limited size.

        Raises:
            UnpackError: If they are not packed as the headers say.
        """
        ...

    def finish(self) -> None:
        """Note that nothing follows.

        Raises:
            UnpackError: If something should follow.
        """
        ...


def unpacker(encoding: str) -> Unpacker:
    """The unpacker for a value of `Content-Encoding`. If it is none that a request accepts, text is taken as it is."""
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _UnlessText(encoding, _Zlib(_GZIP))
        case "deflate":
            return _Zlib(_ZLIB)
    return _UnlessText(encoding)


class _Plain:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        pass


class _UnlessText:
    """Passes text on as it is, whatever the header says, and unpacks anything else.

    Some servers give text an encoding such as `none` or `UTF-8`. A proxy may unpack an answer, or send a page of its
    own, and keep the header.

    Args:
        encoding: What the header says.
        packed: Unpacks what is not text; None if nothing does.
    """

    def __init__(self, encoding: str, packed: Unpacker | None = None) -> None:
        self._encoding = encoding
        self._packed = packed
        self._unpacker: Unpacker | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._unpacker is None and chunk:
            self._unpacker = _Plain() if _begins_text(chunk) else self._packed
            if self._unpacker is None:
                raise UnpackError(f"it has the encoding {self._encoding[:40]}, which was not asked for")
        return iter(()) if self._unpacker is None else self._unpacker.feed(chunk)

    def finish(self) -> None:
        if self._unpacker is not None:
            self._unpacker.finish()


def _begins_text(chunk: bytes) -> bool:
    """Whether a body begins as JSON or markup does."""
    return chunk.lstrip(_BEFORE_TEXT).startswith((b"{", b"[", b"<", b'"'))


class _Zlib:
    """Unpacks gzip, which may have several members, or deflate, with its header or without.

    Args:
        wbits: Which of them, as zlib expects it.
    """

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._member: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk:
                if self._member is None:
                    if self._wbits == _ZLIB and chunk[0] & 0xF != zlib.DEFLATED:
                        self._wbits = _RAW_DEFLATE
                    self._member = zlib.decompressobj(self._wbits)
                elif self._member.eof:
                    if self._wbits != _GZIP or not chunk.startswith(b"\x1f"):
                        return  # padding
                    self._member = zlib.decompressobj(self._wbits)
                yield self._member.decompress(chunk, _PIECE)
                chunk = self._member.unconsumed_tail or self._member.unused_data
                while not chunk and not self._member.eof:  # what zlib holds back, because the piece was full
                    piece = self._member.decompress(b"", _PIECE)
                    if not piece:
                        break
                    yield piece
        except zlib.error as error:
            raise UnpackError("it cannot be unpacked") from error

    def finish(self) -> None:
        if self._member is not None and not self._member.eof:
            raise UnpackError("it ends too early")


def in_utf8(body: bytes) -> bytes:
    """JSON in UTF-8 without a byte order mark, from any encoding that JSON may have. It may still be damaged."""
    encoding = json.detect_encoding(body)
    return body if encoding == "utf-8" else body.decode(encoding, "replace").encode()


def is_utf8(body: bytes) -> bool:
    """Whether all bytes of a body belong to characters."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def repaired(body: bytes) -> bytes:
    """The body with U+FFFD for bytes that belong to no character."""
    return body.decode(errors="replace").encode()
