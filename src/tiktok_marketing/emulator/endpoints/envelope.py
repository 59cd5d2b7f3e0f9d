"""The shape of every answer: an envelope on HTTP 200, whatever happened; and the refusals."""

from typing import Any, NoReturn

import msgspec


class Refusal(Exception):  # noqa: N818 - TikTok refuses; nothing is wrong with the emulator
    """TikTok says no.

    Attributes:
        code: The return code.
        message: Its text.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Answer(msgspec.Struct, frozen=True):
    """The encoded `data` of a good answer, and headers that go with it."""

    data: bytes
    headers: dict[str, str] = {}


def encode(data: Any) -> Answer:
    """An answer from plain values."""
    return Answer(msgspec.json.encode(data))


def wrap(code: int, message: str, request_id: str, data: bytes = b"{}") -> bytes:
    """The envelope as bytes; `data` is `{}` on errors."""
    head = msgspec.json.encode({"code": code, "message": message, "request_id": request_id})
    return b"".join((head[:-1], b',"data":', data, b"}"))


def refuse(message: str, code: int = 40002) -> NoReturn:
    """Refuse the request; 40002 is TikTok's code for a wrong parameter."""
    raise Refusal(code, message)


def page_info(page: int, page_size: int, total: int) -> dict[str, int]:
    """The page_info of a page-style answer; no rows are no pages."""
    return {"page": page, "page_size": page_size, "total_number": total, "total_page": -(-total // page_size)}
