"""The types of the catalog: what a stream is, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Scope(StrEnum):
    """What one walk of a stream is asked for."""

    TOKEN = "token"  # noqa: S105 - a scope, not a secret
    """Once for the whole sync: everything the token reaches (`/oauth2/advertiser/get/`)."""
    BATCH = "batch"
    """For up to 100 accounts at a time (`/advertiser/info/`)."""
    ACCOUNT = "account"
    """For one advertiser account at a time."""


class Grain(StrEnum):
    """The time dimension of a report."""

    DAY = "day"
    HOUR = "hour"
    SPAN = "span"
    """None: a row sums up all days that are asked for, which TikTok allows for 365 of them."""
    LIFETIME = "lifetime"
    """None, over all time (`query_lifetime`, which audience reports do not know)."""


class Level(StrEnum):
    """What one row of a report is about; the values are TikTok's `data_level`."""

    ADVERTISER = "AUCTION_ADVERTISER"
    CAMPAIGN = "AUCTION_CAMPAIGN"
    AD_GROUP = "AUCTION_ADGROUP"
    AD = "AUCTION_AD"


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One complete pagination of a list."""

    filtering: dict[str, Any] = {}
    """What `filtering` holds for this walk; empty for a list that needs none."""
    page_size: int | None = None
    """The largest page of this walk where TikTok allows less than on the endpoint at large."""


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """Another list of the same account, whose records say what there is to ask for."""

    stream: str
    """The stream that lists them."""
    parameters: dict[str, str]
    """Parameter of the request to the field of those records that fills it; records without a value ask for nothing."""
    at_once: int | None = None
    """How many records one request takes, each parameter being a list then; None if it takes one, as plain values."""
    join_stream: str | None = None
    """A second stream that has the fields which those records lack."""
    join_field: str = ""
    """The field in which records of both streams agree."""


class ExpectedError(msgspec.Struct, frozen=True, kw_only=True):
    """An error of TikTok's that means that there is nothing to read, and no failure."""

    code: int
    message_contains: str
    """A part of the message, which tells it from other errors of that code."""
    notice: str = ""
    """What to say of it, with the request's parameters to fill in; nothing if it is to be expected."""


class ObjectSource(msgspec.Struct, frozen=True, kw_only=True):
    """How the objects of a stream are listed."""

    list_key: str = "list"
    """Where the records are in the answer's `data`."""
    page_size: int | None = None
    """The endpoint's largest page; None where the endpoint has no pages."""
    queries: tuple[ListQuery, ...] = (ListQuery(),)
    """What TikTok wants asked separately; together they reach every object, and no object comes in two of them."""
    deleted_filter: dict[str, Any] = {}
    """What to add to `filtering` so that deleted objects come too."""
    changed_filter: str | None = None
    """The entry of `filtering` that asks for objects changed at or after a moment (UTC); None if there is none."""
    has_status: bool = False
    """Whether its records have a status that changes without `modify_time`, since it follows from another object's."""
    max_records: int | None = None
    """How many records of a list TikTok gives at most, the rest being out of reach; None if there is no such bound."""
    parent: Parent | None = None
    """Where the list is not asked for as a whole: the list whose records are asked about."""
    recent_days: int | None = None
    """Days up to today (UTC) that the list is about, as `date_range`; None where it has no such parameter."""
    expected_errors: tuple[ExpectedError, ...] = ()
    """Answers to one request that are no failure."""

    promoted_fields: dict[str, tuple[str, ...]] = {}
    """Fields of the root that repeat a nested one: name to the way there."""
    untyped: frozenset[str] = frozenset()
    """Fields that TikTok sends in another shape than their schema says, which is Airbyte's; they pass as they come."""

    def page_size_of(self, query: ListQuery) -> int | None:
        """Return the page size to ask for on `walk`; None where the endpoint has no pages."""
        return self.page_size if query.page_size is None else query.page_size


class ReportSource(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of a report are asked for (`/report/integrated/get/`)."""

    report_type: str
    """`BASIC` or `AUDIENCE`."""
    data_level: Level
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    grain: Grain
    status_field: str | None
    """The field to filter by so that deleted objects' rows come too; None at account level, which has none."""
    hours_late: int = 2
    """Hours after which TikTok promises most figures of an hour; those of people and of cash and vouchers take 16."""
    optional: frozenset[str] = frozenset()
    """Metrics that Airbyte's connector does not ask for: where TikTok refuses one, the report is read without it."""
    texts: frozenset[str] = frozenset()
    """Metrics that are text in the records of this report, as Airbyte has it, and of another type elsewhere."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What every stream has: a name, an endpoint, the key of its records and the cursor of its state.

    The catalog holds `ObjectStream` and `ReportStream` only; `isinstance` says which of them a stream is.
    """

    name: str
    description: str
    """One sentence for people, in the docs and in `tiktok-marketing streams`."""
    endpoint: str
    """Path below `/open_api/v1.3/`, with its trailing slash."""
    primary_key: tuple[str, ...]
    unique_by: tuple[str, ...] = ()
    """What tells the records of many accounts apart, where the primary key, which is Airbyte's, does not."""
    cursor: str | None = None
    """The field whose value the state holds; None for a stream that is read whole every time."""
    scope: Scope = Scope.ACCOUNT
    sandbox: bool = True
    """Whether sandbox accounts have it."""

    @property
    def row_key(self) -> tuple[str, ...]:
        """The fields whose values no two records share, whichever accounts they belong to."""
        return self.unique_by or self.primary_key

    @property
    def is_report(self) -> bool:
        """Whether its records are rows of a report rather than objects."""
        return isinstance(self, ReportStream)


class ObjectStream(Stream, frozen=True, kw_only=True):
    """A stream whose records are objects, such as campaigns."""

    source: ObjectSource


class ReportStream(Stream, frozen=True, kw_only=True):
    """A stream whose records are rows of a report."""

    source: ReportSource

    @property
    def breakdown(self) -> tuple[str, ...]:
        """The dimensions beside the object's id and the time, such as `country_code`."""
        return tuple(name for name in self.source.dimensions[1:] if name != self.cursor)


AnyStream = ObjectStream | ReportStream
"""A stream of the catalog: what is not a report lists objects."""
