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
    LIFETIME = "lifetime"


class ObjectSource(msgspec.Struct, frozen=True, kw_only=True):
    """How the objects of a stream are listed."""

    list_key: str = "list"
    """Where the records are in the answer's `data`."""
    page_size: int | None = None
    """The endpoint's largest page; None where the endpoint has no pages."""
    walks: tuple[dict[str, Any], ...] = ({},)
    """One complete pagination each; every item is a `filtering` that TikTok wants asked separately."""
    deleted_filter: dict[str, Any] = {}
    """What to add to `filtering` so that deleted objects come too."""


class ReportSource(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of a report are asked for (`/report/integrated/get/`)."""

    report_type: str
    """`BASIC` or `AUDIENCE`."""
    data_level: str
    """`AUCTION_ADVERTISER`, `AUCTION_CAMPAIGN`, `AUCTION_ADGROUP` or `AUCTION_AD`."""
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    grain: Grain
    status_field: str | None
    """The field to filter by so that deleted objects' rows come too; None at account level, which has none."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream: where it is read, how its records are told apart, and what moves its state."""

    name: str
    description: str
    """One sentence for people, in the docs and in `tiktok-marketing streams`."""
    endpoint: str
    """Path below `/open_api/v1.3/`, with its trailing slash."""
    primary_key: tuple[str, ...]
    cursor: str | None = None
    """The field whose value the state holds; None for a stream that is read whole every time."""
    scope: Scope = Scope.ACCOUNT
    sandbox: bool = True
    """Whether sandbox accounts have it."""
    source: ObjectSource | ReportSource

    @property
    def is_report(self) -> bool:
        """Whether rows of a report are read, rather than objects."""
        return isinstance(self.source, ReportSource)
