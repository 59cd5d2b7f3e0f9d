"""The envelope of every answer: TikTok's return code, its message and the id of the request."""

from __future__ import annotations

import json

import msgspec


class Envelope(msgspec.Struct):
    """The envelope of every answer; `data` is skipped."""

    code: int
    message: str = ""
    request_id: str = ""


_ENVELOPE = msgspec.json.Decoder(Envelope)


def envelope_of(body: bytes) -> Envelope:
    """The envelope of an answer, even if its fields do not have the documented types.

    Raises:
        msgspec.DecodeError: If there is no envelope.
    """
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The standard library reads what msgspec rejects, for example half of an emoji in the message.
        try:
            raw = json.loads(body, strict=False)
            code = int(raw["code"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            raise msgspec.DecodeError("it is not a JSON object with a `code`") from None
        texts = (raw.get(name) for name in ("message", "request_id"))
        message, request_id = ("" if text is None else str(text).encode(errors="replace").decode() for text in texts)
        return Envelope(code, message, request_id)


def no_data(_body: bytes) -> None:
    """Decode nothing: the envelope shows that TikTok answered, and values in the data may be of any kind."""
