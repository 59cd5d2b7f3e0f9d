"""Page bytes become records of the catalog's types.

A report's rows are decoded straight into structs made for its stream, and handed on, a dozen or two at a time: a whole
page would leave the processor's cache before anybody looks at it. Where a value does not fit its type, those rows are
read once more without types and every value is brought to its type or, failing that, to null: no row is given up for a
value. Objects are few and may hold fields nobody declared, so they stay dictionaries.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tiktok_marketing.catalog import Stream


class Page(msgspec.Struct, frozen=True):
    """One page, decoded.

    Args:
        records: As `sync.events.Batch` describes them.
        keyed: What a key is made of, for each record: a row's dimensions, or the object itself.
        total_number: Rows that TikTok says there are on all pages; None if it does not say.
        total_page: Pages that TikTok says there are; None likewise.
        rejected: Fields whose value could not be brought to its type and became null, with one such value each.
    """

    records: Sequence[Any]
    keyed: Sequence[Any]
    total_number: int | None
    total_page: int | None
    rejected: Mapping[str, str] = {}


class RowSink(Sequence[Any]):
    """What rows of a report are kept in, other than a list: it makes something else of them as they come."""

    def take(self, _rows: bytes, /) -> Sequence[Sequence[Any]] | None:
        """Take rows as TikTok sends them, separated by commas, if it can make something of the mere text.

        Returns:
            For each dimension its value in each row; None if nothing was taken, and they are to be decoded.
        """
        return None

    @abstractmethod
    def extend(self, rows: list[Any], /) -> None:
        """Take rows, as `sync.events.Batch` describes them. Whoever calls it does not keep them."""


SinkFactory = Callable[[Stream, int], RowSink | list[Any]]
"""Makes what rows of a stream and account are kept in, for each page anew."""


def struct_sink(_stream: Stream, _advertiser_id: int) -> list[Any]:
    """Keep the rows as they are."""
    return []


Keyer = Callable[[Sequence[Any]], list[Any]]
"""Gives, of what is `keyed`, what tells each record from the others of its stream and account."""


class Reader(Protocol):
    """Makes records of page bytes."""

    def read(self, body: bytes) -> Page:
        """Decode a page of a successful answer.

        Raises:
            msgspec.DecodeError: If the body is not JSON of the documented shape.
        """
        ...

    def keyer(self) -> Keyer:
        """Makes keys of records, as long as they are to be compared with each other."""
        ...
