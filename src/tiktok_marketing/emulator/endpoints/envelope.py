"""The shape of answers: an envelope on HTTP 200 for results and refusals alike, pages, and times as text."""

import re
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec

NOTE_HEADER = "X-Emulator-Note"
"""A header in which the emulator speaks for itself, not for TikTok."""
_TOTAL_NUMBER = re.compile(rb'("total_number":)([0-9]+)')


class Refusal(Exception):  # noqa: N818 - TikTok refuses a request; the emulator has no error
    """TikTok refuses a request.

    Attributes:
        code: The return code.
        message: Its text.
        headers: A note, if the emulator speaks for itself: TikTok would answer.
    """

    def __init__(self, code: int, message: str, note: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.headers = {NOTE_HEADER: note} if note else {}


class TimedOut(Refusal):
    """TikTok gives up on a query that takes it too long."""

    def __init__(self) -> None:
        super().__init__(50002, "The service timed out. Please narrow the date range or reduce the number of IDs.")


class Answer(msgspec.Struct, frozen=True):
    """A successful answer.

    Attributes:
        data: The encoded `data` of the envelope, or with a content type the whole body.
        headers: The headers that belong to it.
        content_type: The type of a body that is no envelope. Empty for envelopes.
    """

    data: bytes
    headers: dict[str, str] = {}
    content_type: str = ""


def encode(data: Any) -> Answer:
    """Make an answer from plain values."""
    return Answer(msgspec.json.encode(data))


def wrap(code: int, message: str, request_id: str, data: bytes = b"{}") -> bytes:
    """The envelope as bytes. `data` is `{}` if the request is refused."""
    head = msgspec.json.encode({"code": code, "message": message, "request_id": request_id})
    return b"".join((head[:-1], b',"data":', data, b"}"))


def refuse(message: str, code: int = 40002) -> NoReturn:
    """Refuse the request. 40002 is TikTok's code for a wrong parameter."""
    raise Refusal(code, message)


def not_served(what: str) -> NoReturn:
    """Refuse a request that TikTok would answer, and say so in a header."""
    raise Refusal(40002, f"{what} is not available on this server.", f"{what}: known, not served")


def page_info(page: int, page_size: int, total: int) -> dict[str, int]:
    """The page_info of a paged answer. Without records there are no pages."""
    return {"page_size": page_size, "page": page, "total_number": total, "total_page": -(-total // page_size)}


def contradicted(data: bytes) -> bytes:
    """An answer whose page_info contradicts its records: it counts two more than there are, whatever the page."""
    return _TOTAL_NUMBER.sub(lambda match: match[1] + str(int(match[2]) + 2).encode(), data)


def utc_text(seconds: int) -> str:
    """`YYYY-MM-DD HH:MM:SS` in UTC, the form of most times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso_text(seconds: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, the form of the times of images, videos and music."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
