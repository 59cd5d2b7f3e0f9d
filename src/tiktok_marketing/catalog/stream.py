"""The types of the catalog: what a stream is, as data."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Literal

import msgspec


class Scope(StrEnum):
    """What one pass over a stream covers."""

    TOKEN = "token"  # noqa: S105 - a scope, not a secret
    """The whole sync: every account that the token can access (`/oauth2/advertiser/get/`)."""
    BATCH = "batch"
    """Up to 100 accounts (`/advertiser/info/`)."""
    ACCOUNT = "account"
    """One ad account."""


class Grain(StrEnum):
    """The time dimension of a report."""

    DAY = "day"
    HOUR = "hour"
    SPAN = "span"
    """No time dimension: a row sums up all requested days, of which TikTok allows 365."""
    LIFETIME = "lifetime"
    """No time dimension: a row sums up all time (`query_lifetime`, which audience reports do not support)."""


class Level(StrEnum):
    """What one row of a report is about; the values are TikTok's `data_level`."""

    ADVERTISER = "AUCTION_ADVERTISER"
    CAMPAIGN = "AUCTION_CAMPAIGN"
    AD_GROUP = "AUCTION_ADGROUP"
    AD = "AUCTION_AD"


_WIDENING = frozenset({"buying_type", "campaign_system_origins"})
"""Filters whose default leaves out campaigns: boosted posts, and some that were reserved."""


_WITH_FEW_IDS = frozenset(
    {"behavior_id", "interest_category", "interest_category_v2"}
    | {f"interest_category_tier{tier}" for tier in (2, 3, 4)}
)
"""Dimensions by which TikTok reports on 100 to 3,000 objects per request."""


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One complete pagination of a list."""

    filtering: dict[str, Any] = {}
    """The value of `filtering` in the requests; empty if the list needs no filter."""
    page_size: int | None = None
    """The largest page of this query, if it is smaller than the endpoint's; None if it is the endpoint's."""
    fields: dict[str, Any] = {}
    """Fields that the records get because this query lists them, where TikTok leaves them out."""


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """Another list of the same account, whose records provide the parameters of the requests."""

    stream: str
    """The stream that lists these records."""
    parameters: dict[str, str]
    """Parameter of the request to the field of the record that fills it. A record without a value causes no request.

    Fields that end with `_id` always have one: a record without a usable id is reported as missing.

    A path such as `creative_list.ad_material_id` stands for a field within each object of a list."""
    where: dict[str, Any] = {}
    """The values that fields of a record must have; other records cause no request."""
    deleted_too: bool = True
    """Whether deleted records cause requests if the configuration includes deleted objects."""
    at_once: int | None = None
    """How many records one request covers, with a list for each parameter; None for one record with plain values."""
    sparse: bool = False
    """Whether few of the records have one in the stream. Answers about several leave out the others, and so each of
    these is asked about alone. A forecast that asks TikTok counts them."""
    usual_requests: int = 1
    """How many requests an account usually needs, for a forecast that cannot know."""
    join_stream: str | None = None
    """A second stream, whose records have the fields that the first stream's records lack."""
    join_field: str = ""
    """The field that has the same value in matching records of both streams."""


class ExpectedError(msgspec.Struct, frozen=True, kw_only=True):
    """An error from TikTok that means that there is nothing to read. It is not a failure."""

    code: int
    message_contains: str
    """Text in the error's message that distinguishes it from other errors with the same code."""
    notice: str = ""
    """A warning to log, with the request's parameters as placeholders; empty if the error needs no warning."""


class ObjectSource(msgspec.Struct, frozen=True, kw_only=True):
    """How to list the objects of a stream."""

    list_key: str = "list"
    """The key in the response's `data` that holds the records; empty if `data` itself is the only record."""
    map_key: str = ""
    """The field that holds the key of a record, where the records are not a list but an object with a key for each."""
    params: dict[str, Any] = {}
    """Parameters of every request."""
    page_size: int | None = None
    """The endpoint's largest page; None if the endpoint has no pages."""
    queries: tuple[ListQuery, ...] = (ListQuery(),)
    """The queries that together list every object. No object is in two of them."""
    deleted_filter: dict[str, Any] = {}
    """What to add to `filtering` to include deleted objects."""
    deleted_queries: tuple[ListQuery, ...] = ()
    """The queries that list deleted objects, where the other queries never list any."""
    changed_filter: str | None = None
    """The key in `filtering` that limits the list to objects changed since a time (UTC); None if there is none."""
    has_status: bool = False
    """Whether a record's status can change without its `modify_time`, because it follows another object's status."""
    max_records: int | None = None
    """The most records of a list that TikTok returns, whatever the page; None if there is no such limit."""
    parent: Parent | None = None
    """The list that provides the parameters of the requests; None if the requests need no parameters from a list."""
    recent_days: int | None = None
    """Number of days up to today (UTC) that `date_range` covers; None if the endpoint has no such parameter."""
    dates_apart: bool = False
    """Whether the first and the last of these days are two parameters, `start_date` and `end_date`."""
    expected_errors: tuple[ExpectedError, ...] = ()
    """Errors that mean that there is nothing to read."""

    promoted_fields: dict[str, tuple[str, ...]] = {}
    """Root fields that repeat a nested field: name to the path of the nested field."""
    request_fields: dict[str, str] = {}
    """Root fields that repeat a parameter of the request, where TikTok leaves them out: name to the parameter."""
    scaled: dict[str, int] = {}
    """Fields whose numbers TikTok multiplies, and by what. The records have the numbers themselves."""
    untyped: frozenset[str] = frozenset()
    """Fields that TikTok sends in another shape than Airbyte's schema declares. They pass as they come."""

    @property
    def can_hide_deleted(self) -> bool:
        """Whether the list has deleted objects only if it is asked for them."""
        return bool(self.deleted_filter or self.deleted_queries)

    def queries_for(self, *, include_deleted: bool) -> tuple[ListQuery, ...]:
        """Return the queries that together list every object, or every object that is not deleted."""
        return (*self.queries, *self.deleted_queries) if include_deleted else self.queries

    def page_size_of(self, query: ListQuery) -> int | None:
        """Return the page size of the requests of `query`; None if the endpoint has no pages."""
        return self.page_size if query.page_size is None else query.page_size


Promotion = Literal["PRODUCT", "LIVE", ""]
"""A kind of GMV Max campaigns; empty for both."""


class StoreRequests(msgspec.Struct, frozen=True, kw_only=True):
    """How a report is divided that TikTok answers for one TikTok Shop store at a time (`/gmv_max/report/get/`)."""

    promotion: Promotion = ""
    """The kind of campaign whose rows it has; empty if it does not ask for one kind."""
    names_promotion: bool = False
    """Whether the request names that kind. Otherwise it names campaigns of that kind."""
    filters: tuple[str, ...] = ()
    """The filters by id that TikTok demands: `campaign_ids`, and then `item_group_ids` or `room_ids`."""


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that limits a report to some of an account's objects (`filtering`)."""

    field: str
    """Such as `campaign_automation_type`."""
    kind: str = "IN"
    """How it is compared with the values, in TikTok's words."""
    values: tuple[str, ...]


class ReportSource(msgspec.Struct, frozen=True, kw_only=True):
    """How to request the rows of a report."""

    report_type: str
    """`BASIC`, `AUDIENCE`, `CATALOG`, `TT_SHOP`, `PLAYABLE_MATERIAL` or `BC` in `/report/integrated/get/`.

    `GMV_MAX` and `SMART_PLUS` are names of ours, for `/gmv_max/report/get/` and `/smart_plus/material_report/`."""
    data_level: Level
    """What a row is about. Requests of reports on GMV Max, Smart+ and playables, and of BC, do not name it."""
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    grain: Grain
    status_field: str | None
    """The filter that includes rows of deleted objects; None at account level, which has no such filter."""
    hours_late: int = 2
    """Hours until most figures are final. Counts of people, `cash_spend` and `voucher_spend` always take 16."""
    optional: frozenset[str] = frozenset()
    """Metrics that Airbyte's connector does not request. If TikTok rejects one, the report is read without it."""
    texts: frozenset[str] = frozenset()
    """Metrics that are text in this report, as in Airbyte's connector, and have another type in other reports."""
    stores: StoreRequests | None = None
    """How it is divided by stores; None if a request is about whole accounts."""
    answered: frozenset[str] = frozenset()
    """Dimensions that TikTok adds to the rows, so that a request does not name them."""
    page_size: int = 1000
    """The largest page."""
    most_days: int = 30
    """The most days of one request for rows of days."""
    first_day: date | None = None
    """The first day that has figures; None if only the account decides."""
    filters: tuple[ReportFilter, ...] = ()
    """The conditions on the objects that rows are about; none in the fixed streams."""
    origins: tuple[str, ...] = ()
    """Where the campaigns of its rows were made; empty for TikTok's usual answer, without boosted posts."""
    include_deleted: bool | None = None
    """Whether it has rows of deleted objects; None if the configuration decides for all streams."""

    def includes_deleted(self, default: bool) -> bool:
        """Whether rows of deleted objects are requested, as far as the report has a say.

        Args:
            default: What the configuration says for all streams.
        """
        return default if self.include_deleted is None else self.include_deleted

    @property
    def hides_deleted(self) -> bool:
        """Whether rows of deleted objects are left out unless they are asked for.

        TikTok leaves them out. Or a request names campaigns, which come from a report that leaves them out.
        """
        if self.stores is not None and self.stores.filters:
            return True
        return self.status_field is not None and self.status_field not in {of.field for of in self.filters}

    @property
    def selects(self) -> bool:
        """Whether it says itself which objects it is about, so that its sums may be smaller than the account's."""
        return bool(self.filters) or self.include_deleted is not None

    @property
    def widening_filters(self) -> tuple[ReportFilter, ...]:
        """The filters that ask for campaigns of which the account's own report has no figures without them."""
        return tuple(of for of in self.filters if of.field in _WIDENING)

    @property
    def is_of_shop(self) -> bool:
        """Whether it is about GMV Max ads. Its requests cannot be limited to campaigns or ad groups of other ads."""
        return self.stores is not None or self.report_type == "TT_SHOP"

    @property
    def is_of_center(self) -> bool:
        """Whether a Business Center reports it. Its requests name the Business Center, and cannot filter objects."""
        return self.report_type == "BC"

    @property
    def needs_lookup(self) -> bool:
        """Whether its requests name something that has to be looked up: a store, or the account's Business Center."""
        return self.stores is not None or self.is_of_center

    @property
    def limits_ids(self) -> bool:
        """Whether TikTok limits the number of objects that a request is about, so that fewer days do not help."""
        return not _WITH_FEW_IDS.isdisjoint(self.dimensions)

    @property
    def is_of_materials(self) -> bool:
        """Whether it is about what Smart+ ads are combined from. Its rows overlap, and it cannot be divided by ads."""
        return self.report_type == "SMART_PLUS"


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What every stream has: a name, an endpoint, the key of its records and the cursor of its state.

    The catalog holds `ObjectStream` and `ReportStream` only; `isinstance` says which of them a stream is.
    """

    name: str
    description: str
    """One sentence for the documentation and for `tiktok-marketing streams`."""
    endpoint: str
    """Path below `/open_api/v1.3/`, with its trailing slash. In another version, it begins with it: `v2.0/…`."""
    primary_key: tuple[str, ...]
    unique_by: tuple[str, ...] = ()
    """The fields that identify a record among all accounts, if the primary key, which is Airbyte's, does not."""
    cursor: str | None = None
    """The field whose value the state holds; None if every sync reads the whole stream."""
    scope: Scope = Scope.ACCOUNT
    sandbox: bool = True
    """Whether sandbox accounts have the stream."""
    on_request: bool = False
    """Whether it is read only if it is named: few accounts have such records, or its rows repeat those of others."""

    @property
    def row_key(self) -> tuple[str, ...]:
        """The fields whose values no two records share, whichever accounts they belong to."""
        return self.unique_by or self.primary_key

    @property
    def table_key(self) -> tuple[str, ...]:
        """The fields that identify a row of the stream's table: the account first, so that accounts may share ids."""
        return tuple(dict.fromkeys(("advertiser_id", *self.row_key)))

    @property
    def is_report(self) -> bool:
        """Whether its records are rows of a report rather than objects."""
        return isinstance(self, ReportStream)

    @property
    def has_days(self) -> bool:
        """Whether its records are rows of days or hours, so that it is read in windows that may be empty."""
        return isinstance(self, ReportStream) and self.source.grain in {Grain.DAY, Grain.HOUR}

    @property
    def is_empty_with_account(self) -> bool:
        """Whether a day without figures of the account has no rows here either.

        TikTok does not say whether an account's figures include GMV Max, nor whether a Business Center reports more,
        such as a tax.
        """
        if not self.has_days or not isinstance(self, ReportStream):
            return False
        return not self.source.is_of_shop and not self.source.is_of_center


class ObjectStream(Stream, frozen=True, kw_only=True):
    """A stream whose records are objects, such as campaigns."""

    source: ObjectSource
    dimensions: ClassVar[tuple[str, ...]] = ()
    metrics: ClassVar[tuple[str, ...]] = ()


class ReportStream(Stream, frozen=True, kw_only=True):
    """A stream whose records are rows of a report."""

    source: ReportSource

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What a row is about: the object's id, the time and the breakdown."""
        return self.source.dimensions

    @property
    def metrics(self) -> tuple[str, ...]:
        """The figures of a row."""
        return self.source.metrics

    @property
    def breakdown(self) -> tuple[str, ...]:
        """The dimensions beside the object's id and the time, such as `country_code`."""
        return tuple(name for name in self.source.dimensions[1:] if name != self.cursor)


AnyStream = ObjectStream | ReportStream
"""A stream of the catalog: what is not a report lists objects."""
