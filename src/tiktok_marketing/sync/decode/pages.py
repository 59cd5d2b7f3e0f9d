"""A decoded page of a list, the sink that receives its records, and the reader that decodes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Protocol, Self, TypeVar

import msgspec
from msgspec.structs import replace

from tiktok_marketing.catalog import Stream
from tiktok_marketing.sync.decode.coercion import Misfit, shown


class RowSink(Protocol):
    """Receives the records of a page while they are decoded.

    The caller of a sync decides what records become: structs, lines of JSON, columns. A `SinkFactory` makes one sink
    per page, which is filled once and then passed on as the page's records.
    """

    def take(self, rows: bytes, /) -> Sequence[Sequence[Any]] | None:
        """Take rows of a report as TikTok sends them, separated by commas, if the sink can use the text itself.

        Returns:
            For each dimension, its value in each row. None if the sink took nothing, so that the rows must be decoded.
        """
        ...

    def extend(self, records: Sequence[Any], misfits: Sequence[Misfit] = (), /) -> None:
        """Take decoded records. The caller does not use them afterwards.

        Args:
            records: The records.
            misfits: Values of these records that became null, because they do not fit their type.
        """
        ...

    def select(self, positions: Sequence[int], /) -> Self:
        """Only the records at these positions, in this order: the others were delivered before."""
        ...

    def __len__(self) -> int:
        """The number of records taken."""
        ...


Sink = TypeVar("Sink", bound=RowSink)
Sink_co = TypeVar("Sink_co", bound=RowSink, covariant=True)

SinkFactory = Callable[[Stream, int | None], RowSink]
"""Makes the sink for a page of a stream and account, an integer here; None if the stream is not read per account."""


class RecordList(list[Any]):
    """A sink that is a list of the decoded records: structs of a report's rows, dictionaries of objects."""

    def __init__(self, records: Iterable[Any] = (), misfits: Sequence[Misfit] = ()) -> None:
        super().__init__(records)
        self.misfits = list(misfits)
        """Values of these records that became null, because they do not fit their type."""

    def extend(self, records: Iterable[Any], misfits: Sequence[Misfit] = (), /) -> None:
        """Take decoded records."""
        self.misfits += moved(misfits, len(self))
        super().extend(records)

    def take(self, _rows: bytes, /) -> None:
        """Take nothing, so that the rows are decoded."""
        return

    def select(self, positions: Sequence[int], /) -> Self:
        """Only the records at these positions."""
        return type(self)((self[position] for position in positions), selected(self.misfits, positions))


def moved(misfits: Iterable[Misfit], by: int) -> list[Misfit]:
    """The misfits of records that come after `by` others."""
    return [replace(misfit, row=misfit.row + by) for misfit in misfits] if by else list(misfits)


def rejected_in(misfits: Iterable[Misfit]) -> Mapping[str, str]:
    """Each field that has a value which does not fit its type, with the first such value."""
    first: dict[str, str] = {}
    for misfit in misfits:
        for path, value in misfit.parts.items():
            if path not in first:
                first[path] = shown(value)
    return first


def selected(misfits: Sequence[Misfit], positions: Sequence[int]) -> list[Misfit]:
    """The misfits of the records at these positions, which follow each other afterwards."""
    if not misfits:
        return []
    new_rows = {position: row for row, position in enumerate(positions)}
    return [replace(misfit, row=new_rows[misfit.row]) for misfit in misfits if misfit.row in new_rows]


def record_list(_stream: Stream, _advertiser_id: int | None) -> RowSink:
    """The default sink factory: a list of the decoded records."""
    return RecordList()


class RawRows:
    """The rows of a page as TikTok sent them, without types. They are decoded only if somebody asks for them.

    Args:
        decode: Decodes them.
        body: The text of the page; empty if the rows are decoded already.
    """

    __slots__ = ("_decode", "body")

    def __init__(self, decode: Callable[[], Sequence[Mapping[str, Any]]], body: bytes = b"") -> None:
        self._decode: Callable[[], Sequence[Mapping[str, Any]]] = decode
        self.body = body

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The rows, in the order of the records."""
        return self._decode()

    def release(self) -> None:
        """Nobody needs them any more: release the memory of the page's text."""
        self._decode = _released
        self.body = b""


def _released() -> Sequence[Mapping[str, Any]]:
    raise RuntimeError("The rows of the page were released.")


class Page(msgspec.Struct, Generic[Sink_co], frozen=True):
    """One decoded page.

    Args:
        records: The sink with its records.
        keyed: The source of each record's key: a row's dimensions, or the object itself.
        total_number: The number of records on all pages, by TikTok's count; None if it gives none.
        total_page: The number of pages, by TikTok's count; None if it gives none.
        misfits: Values that became null, because they do not fit their type.
        page_size: The number of records that a page has, as TikTok repeats it; None if it does not.
        raw: The same records without types.
    """

    records: Sink_co
    keyed: Sequence[Any]
    total_number: int | None
    total_page: int | None
    misfits: Sequence[Misfit] = ()
    page_size: int | None = None
    raw: RawRows = RawRows(_released)

    @property
    def rejected(self) -> Mapping[str, str]:
        """Each field that has a value which does not fit its type, with the first such value."""
        return rejected_in(self.misfits)


Keyer = Callable[[Iterable[Any]], list[Any]]
"""Returns, for each item of `keyed`, a key that no other record of its stream and account has."""


class PageReader(Protocol[Sink_co]):
    """Decodes pages."""

    def read(self, body: bytes) -> Page[Sink_co]:
        """Decode a page of a successful answer.

        Raises:
            msgspec.DecodeError: If the body is not JSON in the documented form.
        """
        ...

    def keyer(self) -> Keyer:
        """A function that makes keys of records. Only keys from the same function can be compared."""
        ...

    def describe(self, keyed: Any) -> str:
        """The key of one item of `keyed`, for people."""
        ...

    def shared_in(self, keyed: Any) -> str | None:
        """In which hour several records may have the key of one item of `keyed`; None if it identifies one record.

        The text is empty if they may have it in any case, because a part of the key is missing.
        """
        ...
