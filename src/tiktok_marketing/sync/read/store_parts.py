"""Finds out which stores, campaigns and products a GMV Max report has rows of, because its requests must name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict, replace

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import ReportStream, StoreRequests, object_stream, report_stream
from tiktok_marketing.catalog.gmv_max_reports import ABOVE, STORE_DIMENSION, STORES
from tiktok_marketing.catalog.stream import Promotion
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.errors import Action, ConnectorError, IncompleteReadError, TikTokError
from tiktok_marketing.sync.decode.coercion import to_text
from tiktok_marketing.sync.decode.pages import RecordList
from tiktok_marketing.sync.decode.reports import report_reader
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.listing import Budget, ListReader, Request
from tiktok_marketing.sync.read.parent_lists import ParentLists
from tiktok_marketing.sync.read.parent_params import (
    ParentParams,
    RefusedParams,
    Unusable,
    is_usable_id,
    records_as_sent,
)
from tiktok_marketing.sync.read.report_requests import PAGE_SIZE, Piece, StorePart, given_dimensions, piece_params
from tiktok_marketing.sync.read.split_check import ROUNDING, is_number, number_of

Row = Mapping[str, Any]
"""The dimensions of a report's row, and its cost."""

_IDS_PER_FILTER = 100
"""The most ids that one filter accepts (`/gmv_max/report/get/`)."""
_FIELDS = {"campaign_ids": "campaign_id", "item_group_ids": "item_group_id", "room_ids": "room_id"}
"""The dimension that has the ids of a filter."""
_NO_OBJECT = "-1"
"""TikTok's id of cost that belongs to no product."""
_NOUNS = {"item_group_ids": "products", "room_ids": "LIVE rooms"}
_METRICS = ("cost",)
_OVERVIEW = "gmv_max_advertiser_reports_lifetime"
"""The report that shows what all campaigns of a store cost together."""
_DELETED = {"campaign_statuses": ["STATUS_DELETE"]}
_TRIES = 3
"""How often a list of campaigns is asked for that lacks cost of the store."""
_LATE = timedelta(days=2)
"""How long after its end a day may lack cost of products, whatever the account's time zone."""


class StorePartFinder:
    """Finds the parts of one account's GMV Max reports.

    Which campaigns, products and LIVE rooms have rows, only another report shows. It may lack some, so its cost is
    compared with that of the level above.

    Args:
        api: The client.
        advertiser_id: The account.
        lists: The lists that were read in this sync.
        budget: How much of the quota it may use.
        include_deleted: Whether to include rows of deleted campaigns.
    """

    def __init__(
        self, api: Client, advertiser_id: AdvertiserId, lists: ParentLists, budget: Budget, *, include_deleted: bool
    ) -> None:
        self._api = api
        self._advertiser_id = advertiser_id
        self._lists = lists
        self._budget = budget
        self._include_deleted = include_deleted
        self._lists_read = 0
        self.warnings: list[str] = []
        """What people should know about parts that may be missing. The reader of this list empties it."""
        self._unusable: list[Unusable] = []
        self._short: IncompleteReadError | None = None
        self._refused = RefusedParams(STORES, advertiser_id)

    def error(self, stream: str) -> ConnectorError | None:
        """Why rows of stores are missing once everything else has been read; None if nothing is known to be missing.

        Args:
            stream: The report.
        """
        if self._unusable:
            return self._unusable[0].error(stream, self._advertiser_id, len(self._unusable))
        return self._short or self._refused.error()

    def answered(self) -> None:
        """TikTok has answered about a store."""
        self._refused.answered = True

    def costs_itself(self, store: StorePart | None, error: TikTokError) -> bool:
        """Whether only this store may be refused, so that the others are read. `error` tells of it at the end."""
        params = ParentParams({} if store is None else {STORE_DIMENSION: store.store_id})
        if not self._refused.may_cause(error, params):
            return False
        self._refused.note(params, error)
        return True

    async def parts(self, requests: StoreRequests, window: Window | None) -> list[StorePart]:
        """The parts of a report, each small enough for the filters of one request; none without stores.

        Args:
            requests: How the report is divided.
            window: The days of the report.

        Raises:
            ConnectorError: If the stores cannot be listed. What keeps one store from being read, `error` tells.
        """
        records = await self._lists.records(object_stream(STORES), self._advertiser_id)
        stores = store_ids(records)
        self._unusable = unusable_stores(records)
        whole = [StorePart(store_id) for store_id in stores]
        if not requests.filters:
            return whole
        parts: list[StorePart] = []
        for store in whole:
            try:
                parts += await self._divided(store, requests, window)
            except TikTokError as error:
                if not self.costs_itself(store, error):
                    raise
            except IncompleteReadError as error:
                self._short = self._short or error
            else:
                self.answered()
        return parts

    async def count_requests(self, requests: StoreRequests, window: Window) -> int:
        """How many requests the rows of some days need, those that find the parts included, if each has one page.

        Raises:
            ConnectorError: As `parts`.
        """
        before = self._lists_read
        parts = await self.parts(requests, window)
        return self._lists_read - before + len(parts)

    async def _divided(self, store: StorePart, requests: StoreRequests, window: Window | None) -> list[StorePart]:
        """A store as parts with the ids of each filter, which the rows of the reports on these objects have."""
        campaigns, *others = requests.filters
        rows = await self._campaigns(store, requests.promotion, window)
        costs = {str(row["campaign_id"]): number_of(row["cost"]) for row in rows}
        report = report_stream(ABOVE[requests.promotion, campaigns])
        parts = list(filtered_parts(store, campaigns, self._usable(report, rows)))
        for name in others:
            report = report_stream(ABOVE[requests.promotion, name])
            parts = [
                smaller
                for part in parts
                for smaller in filtered_parts(
                    part, name, self._usable(report, await self._objects(part, name, report, window, costs))
                )
            ]
        return parts

    def _usable(self, report: ReportStream, rows: Iterable[Row]) -> list[Row]:
        """The rows whose objects requests can name. Of the others, `error` tells that nothing could be asked."""
        usable: list[Row] = []
        for row in rows:
            odd = next((field for field in _FIELDS.values() if field in row and not _can_name(field, row[field])), None)
            if odd is None:
                usable.append(row)
            else:
                self._unusable.append(Unusable(report.name, odd, row[odd]))
        return usable

    async def _campaigns(self, store: StorePart, promotion: Promotion, window: Window | None) -> list[Row]:
        """The campaigns of a store that have rows, and what each cost.

        Some may be missing, which `error` tells: they cost less than the store, also when they are asked for again.
        If TikTok does not tell the cost of the store again, nothing speaks against what it told before.

        Raises:
            TikTokError: If trouble kept TikTok from answering.
        """
        report = report_stream(ABOVE[promotion, "campaign_ids"])
        piece = Piece(window, store=store)
        expected = await self._cost(promotion, piece)
        if expected is None:
            return await self._rows(report, piece)
        rows: list[Row] = []
        lack = ""
        for _ in range(_TRIES):
            rows = await self._rows(report, piece)
            lack = await self._lack(report, piece, rows, expected)
            if lack:
                continue
            if expected or not total_cost(rows):
                return rows
            expected = await self._cost(promotion, piece) or Decimal()  # its row may have been missing for once
            if not expected:
                self._warn(
                    f"By TikTok, store {store.store_id} of advertiser {self._advertiser_id} has no cost, and its "
                    "campaigns have some. So nothing shows whether TikTok lists all of them. Compare them with TikTok "
                    "Ads Manager."
                )
                return rows
        now = await self._cost(promotion, piece)
        if now is not None and not await self._lack(report, piece, rows, min(now, expected)):
            return rows
        days = f" on {window}" if window else ""
        short = IncompleteReadError(
            f"TikTok lists campaigns of store {store.store_id} of advertiser {self._advertiser_id}{days} which lack "
            f"{lack}.",
            remedy="Run the sync again; it reads these days again. If this persists, report it with the account and "
            "the days.",
        )
        short.goes_on = True
        self._short = self._short or short
        return rows

    async def _lack(self, report: ReportStream, piece: Piece, rows: Sequence[Row], expected: Decimal) -> str:
        """What campaigns lack of the cost of their store, for people; empty if nothing. Deleted ones may have it."""
        lack = lacking(rows, expected)
        if lack and not self._include_deleted:
            known = set(map(_key, rows))
            deleted = [row for row in await self._rows(report, piece, _DELETED) if _key(row) not in known]
            return lacking([*rows, *deleted], expected)
        return lack

    async def _cost(self, promotion: Promotion, piece: Piece) -> Decimal | None:
        """What the campaigns of a kind cost together; None if TikTok does not say.

        Raises:
            TikTokError: If trouble that passes kept TikTok from saying it, or if nothing could succeed any more.
        """
        overview = report_stream(_OVERVIEW)
        stores = StoreRequests(promotion=promotion, names_promotion=True)
        try:
            rows = await self._rows(replace(overview, source=replace(overview.source, stores=stores)), piece)
        except (TikTokError, IncompleteReadError) as error:
            if isinstance(error, TikTokError) and (error.action is Action.STOP_SYNC or error.action.passes):
                raise  # the next sync may be told, and reads these days again
            self._warn(f"TikTok does not tell what the campaigns of a store cost together. {error.message}")
            return None
        if not all(is_number(row["cost"]) for row in rows):
            self._warn(
                "TikTok does not tell what the campaigns of a store cost together: its answer has no number for it. "
                "Campaigns may be missing. Compare them with TikTok Ads Manager."
            )
            return None
        return total_cost(rows)

    async def _objects(
        self, part: StorePart, name: str, report: ReportStream, window: Window | None, costs: Mapping[str, Decimal]
    ) -> list[Row]:
        """The products or LIVE rooms of a part's campaigns.

        They may cost less than the campaigns, because TikTok adds cost to products later. So they are asked for once
        more, and what is missing after some days is worth a warning.
        """
        piece = Piece(window, store=part)
        rows = await self._rows(report, piece)
        expected = sum((costs.get(campaign, Decimal()) for campaign in dict(part.filters)["campaign_ids"]), Decimal())
        if lacking(rows, expected):
            rows += await self._rows(report, piece)
        newest = {_key(row): row for row in rows}
        lack = lacking(newest.values(), expected)
        if lack and window is not None and window.end < self._api.clock_reading().earliest.date() - _LATE:
            self._warn(
                f"Of the cost of campaigns of store {part.store_id}, TikTok's list of {_NOUNS[name]} lacks {lack}. "
                "Rows may be missing. Compare them with TikTok Ads Manager."
            )
        return list(newest.values())

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)

    async def _rows(self, report: ReportStream, piece: Piece, filters: Mapping[str, Any] | None = None) -> list[Row]:
        """The dimensions and the cost of a report's rows.

        Args:
            report: The report.
            piece: Which part of it.
            filters: Filters to add.
        """
        self._lists_read += 1
        list_reader = ListReader(self._api, report_reader(report), self._budget)
        params = piece_params(report.source, self._advertiser_id, piece, _METRICS, every_status=self._include_deleted)
        if filters:
            params["filtering"] = {**params.get("filtering", {}), **filters}
        request = Request(
            endpoint=report.endpoint,
            params=params,
            page_size=PAGE_SIZE,
            advertiser_id=self._advertiser_id,
            given=given_dimensions(report.source, piece),
        )
        rows: list[Row] = []
        async with aclosing(list_reader.read(request)) as deliveries:
            async for delivery in deliveries:
                each = [{**asdict(row.dimensions), "cost": row.metrics.cost} for row in delivery.records]
                rows += records_as_sent(RecordList(each, delivery.records.misfits))
        return rows


def _can_name(field: str, object_id: Any) -> bool:
    """Whether a filter can name a campaign, which has digits only, or a product or LIVE room."""
    if field == _FIELDS["campaign_ids"] and not to_text(object_id).isdecimal():
        return False
    return is_usable_id(object_id) or object_id == _NO_OBJECT


def _key(row: Row) -> tuple[str, ...]:
    return tuple(to_text(value) for name, value in row.items() if name != "cost")


def total_cost(rows: Iterable[Row]) -> Decimal:
    """What the objects of rows cost together."""
    return sum((number_of(row["cost"]) for row in rows), Decimal())


def lacking(rows: Iterable[Row], expected: Decimal) -> str:
    """What the cost of rows lacks of an expected sum, for people; empty if nothing."""
    known = list(rows)
    missing = expected - total_cost(known)
    return f"{missing:,.2f} of {expected:,.2f} cost" if missing > ROUNDING * (1 + len(known)) else ""


def store_ids(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the stores in a list of stores that requests can name."""
    ids = (record.get(STORE_DIMENSION) for record in records)
    return list(dict.fromkeys(to_text(store_id) for store_id in ids if is_usable_id(store_id)))


def unusable_stores(records: Iterable[Mapping[str, Any]]) -> list[Unusable]:
    """The other stores, whose rows nothing can be asked about."""
    ids = (record.get(STORE_DIMENSION) for record in records)
    return [Unusable(STORES, STORE_DIMENSION, store_id) for store_id in ids if not is_usable_id(store_id)]


def filtered_parts(part: StorePart, name: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[StorePart]:
    """Parts with at most as many ids per filter as a request accepts. No row of the report belongs to two of them."""
    campaigns: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        campaigns[str(row[_FIELDS[name]])][str(row.get("campaign_id"))] = None
    ids = list(campaigns)
    for start in range(0, len(ids), _IDS_PER_FILTER):
        chosen = ids[start : start + _IDS_PER_FILTER]
        of_them = tuple(dict.fromkeys(each for object_id in chosen for each in campaigns[object_id]))
        filters = {**dict(part.filters), name: tuple(chosen), "campaign_ids": of_them}
        yield StorePart(part.store_id, tuple(filters.items()))
