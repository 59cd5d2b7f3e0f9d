"""What a page of a list is once it is decoded, what its records are put into, and who decodes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec

from tiktok_marketing.catalog import Stream


class RowSink(Protocol):
    """What the records of a page are put into, while they are decoded.

    Whoever runs a sync decides what becomes of records: structs, lines of JSON, columns. A sink is made per page by a
    `SinkFactory`, is filled once, and travels on as the page's records.
    """

    def take(self, rows: bytes, /) -> Sequence[Sequence[Any]] | None:
        """Take rows of a report as TikTok sends them, separated by commas, if the sink can use the mere text.

        Returns:
            For each dimension its value in each row; None if nothing was taken, and the rows are to be decoded.
        """
        ...

    def extend(self, records: Sequence[Any], /) -> None:
        """Take decoded records. The caller does not keep them."""
        ...

    def select(self, positions: Sequence[int], /) -> Self:
        """Only the records at these positions, in this order: the others were delivered before."""
        ...

    def __len__(self) -> int:
        """How many records it has taken."""
        ...


Sink = TypeVar("Sink", bound=RowSink)
Sink_co = TypeVar("Sink_co", bound=RowSink, covariant=True)

SinkFactory = Callable[[Stream, int | None], RowSink]
"""Makes the sink of a page of a stream, for an account; the account is None for what is not read per account."""


class RecordList(list[Any]):
    """A sink that keeps records as they are: structs of a report's rows, dictionaries of objects."""

    def take(self, _rows: bytes, /) -> None:
        """Take no text."""
        return

    def select(self, positions: Sequence[int], /) -> Self:
        """Only the records at these positions."""
        return type(self)(self[position] for position in positions)


def record_list(_stream: Stream, _advertiser_id: int | None) -> RowSink:
    """Keep the records as they are."""
    return RecordList()


class Page(msgspec.Struct, Generic[Sink_co], frozen=True):
    """One page, decoded.

    Args:
        records: What its records were put into.
        keyed: What a key is made of, for each record: a row's dimensions, or the object itself.
        total_number: Rows that TikTok says there are on all pages; None if it does not say.
        total_page: Pages that TikTok says there are; None likewise.
        rejected: Fields whose value could not be converted to its type and became null, with one such value each.
    """

    records: Sink_co
    keyed: Sequence[Any]
    total_number: int | None
    total_page: int | None
    rejected: Mapping[str, str] = {}


Keyer = Callable[[Iterable[Any]], list[Any]]
"""Gives, for each item of `keyed`, a key that no other record of its stream and account has."""


class PageReader(Protocol[Sink_co]):
    """Decodes pages."""

    def read(self, body: bytes) -> Page[Sink_co]:
        """Decode a page of a successful answer.

        Raises:
            msgspec.DecodeError: If the body is not JSON of the documented shape.
        """
        ...

    def keyer(self) -> Keyer:
        """Makes keys of records, for as long as they are compared with each other."""
        ...
