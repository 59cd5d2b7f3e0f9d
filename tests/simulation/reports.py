"""The reports of the API model. The emulator's parser, which is written from the documents, checks the requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

from simulation.limits import TOO_MUCH, Limited, Limits, Slow
from simulation.world import Account, Within, World, is_within
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.endpoints.reports.query import ReportQuery, parse
from tiktok_marketing.emulator.options import Options

_OPTIONS = Options()
_A_DAY = timedelta(days=1)
_SINCE = date(2026, 1, 1)
_HEADER = (
    "Number of ad ids is equal or more than 20k, only return the top 20k id's results, sorting by create time desc."
)


class Reports:
    """Answers /report/integrated/get/.

    Args:
        world: The world.
        limits: How much it accepts and delivers.
        invalid_values: Invalid values of some metrics, by metric.
        refused: Metrics that the application may not read.
    """

    def __init__(
        self, world: World, limits: Limits, invalid_values: Mapping[str, str], refused: frozenset[str]
    ) -> None:
        self._world = world
        self._limits = limits
        self._invalid_values = invalid_values
        self._refused_metrics = refused
        self._templates: dict[tuple[str, ...], str] = {}

    def answer(
        self,
        accounts: Sequence[Account],
        params: Mapping[str, str],
        at: float,
        headers: dict[str, str],
        lacks: int = 0,
    ) -> bytes:
        """The `data` of an answer.

        Args:
            accounts: Whose report; the ads of several are counted together.
            params: The request.
            at: The moment.
            headers: Takes those that go with it.
            lacks: The answer lacks each row with this number in turn, for example every second; 0 for none.

        Raises:
            Refusal: If TikTok would refuse it.
            Slow: If TikTok would say nothing.
        """
        query, days = _query(params)
        self._check_metrics(query)
        page, size = self._limits.page_of(params, 1000)
        deleted_too, within = _conditions(params, query.level)
        ads = self._considered(accounts, query, at, headers, deleted_too=deleted_too, within=within)
        self._weigh(accounts, query, days, at, within)
        report_rows: dict[tuple[str, ...], int] = {}
        for account in accounts:
            report_rows |= self._world.rows(
                account,
                params["data_level"],
                query.dimensions,
                days,
                at,
                deleted_too=deleted_too,
                within=within,
                only=ads,
            )
        if lacks:
            report_rows = dict(row for number, row in enumerate(report_rows.items(), 1) if number % lacks)
        shown = list(report_rows.items())[(page - 1) * size : page * size]
        template = self._template(query.metrics)
        dimensions = query.dimensions
        rows = []
        for key, version in shown:
            dimensions_text = ",".join(f'"{name}":"{value}"' for name, value in zip(dimensions, key, strict=True))
            rows.append(f'{{"dimensions":{{{dimensions_text}}},"metrics":{template.replace("@", str(version))}}}')
        info = json.dumps(self._limits.page_info(page, size, len(report_rows)))
        return f'{{"page_info":{info},"list":[{",".join(rows)}]}}'.encode()

    def table(self, account: Account, params: Mapping[str, str], at: float) -> tuple[list[str], list[list[str]]]:
        """The names of the columns of an asynchronous report, and its rows in no order.

        It has no rows of deleted objects, and neither many ads nor many days are too much for it.

        Raises:
            Refusal: If TikTok would refuse it.
        """
        query, days = _query(params, asynchronous=True)
        self._check_metrics(query)
        deleted_too, within = _conditions(params, query.level, most_ids=20_000)
        report_rows = self._world.rows(
            account,
            params["data_level"],
            query.dimensions,
            days,
            at,
            deleted_too=deleted_too,
            within=within,
            only=None,
        )
        template = self._template(query.metrics)
        table = [
            [*key, *json.loads(template.replace("@", str(version))).values()] for key, version in report_rows.items()
        ]
        return [*query.dimensions, *query.metrics], list(reversed(table))

    def _check_metrics(self, query: ReportQuery) -> None:
        refused = [name for name in query.metrics if name in self._refused_metrics]
        if refused:
            raise Limited("metric refused", 40002, f"Please correct your request. Invalid metric fields: {refused}. ")

    def _considered(
        self,
        accounts: Sequence[Account],
        query: ReportQuery,
        at: float,
        headers: dict[str, str],
        *,
        deleted_too: bool,
        within: Within,
    ) -> set[int] | None:
        """The ads that the report considers; None for all."""
        if query.level != "ad":
            return None
        at = min(at, self._world.frozen)
        ads = [
            ad.number
            for account in accounts
            for ad in reversed(account.entities["ad"])
            if ad.visible(at, deleted_too=deleted_too) and is_within(ad, within)
        ]
        if len(ads) < self._limits.ads:
            return None
        headers["X-Tt-Ads-Throttle"] = _HEADER
        return set(ads[: self._limits.ads])

    def _weigh(
        self,
        accounts: Sequence[Account],
        query: ReportQuery,
        days: tuple[date, date] | None,
        at: float,
        within: Within,
    ) -> None:
        """Refuse a report that is too much work."""
        objects = len(accounts)
        if query.level != "advertiser":
            objects = sum(
                entity.exists(at) and is_within(entity, within)
                for account in accounts
                for entity in account.entities[query.level]
            )
        spanned = (days[1] - days[0]).days + 1 if days and query.time else 1
        work = objects * spanned * (24 if query.time == "stat_time_hour" else 1) * (2 if query.breakdown else 1)
        if work > self._limits.heavy:
            if self._limits.heavy_code is None:
                raise Slow
            raise Limited(TOO_MUCH, self._limits.heavy_code, "The query is too large, or took too long.")

    def _template(self, metrics: tuple[str, ...]) -> str:
        template = self._templates.get(metrics)
        if template is None:
            values = {name: self._invalid_values.get(name, "-") for name in metrics} | {"spend": "@.00"}
            if "impressions" in values:
                values["impressions"] = "@"
            template = self._templates[metrics] = json.dumps(values, separators=(",", ":"))
        return template


def _query(params: Mapping[str, str], *, asynchronous: bool = False) -> tuple[ReportQuery, tuple[date, date] | None]:
    """The parsed request, and its days. The same request for other days is parsed only once."""
    if params.get("query_lifetime") == "true":
        return _parsed(_shape(params), None, asynchronous), None
    try:
        first, last = (date.fromisoformat(params[name]) for name in ("start_date", "end_date"))
    except (KeyError, ValueError):
        raise Refusal(40002, "Missing required field(s): start_date, end_date.") from None
    return _parsed(_shape(params), (last - first).days, asynchronous), (first, last)


_PARTS = ("report_type", "service_type", "data_level", "dimensions", "metrics", "query_lifetime", "filtering")


def _shape(params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, params[name]) for name in _PARTS if name in params)


@lru_cache(maxsize=4096)
def _parsed(shape: tuple[tuple[str, str], ...], span: int | None, asynchronous: bool) -> ReportQuery:
    params = dict(shape)
    if span is not None:
        params |= {"start_date": str(_SINCE), "end_date": str(_SINCE + span * _A_DAY)}
    return parse(params, _OPTIONS, several=False, asynchronous=asynchronous)


def _conditions(params: Mapping[str, str], level: str, most_ids: int = 100) -> tuple[bool, Within]:
    """Whether deleted objects are included, and which objects rows must belong to."""
    deleted_too = level == "advertiser"
    within: Within = ()
    for condition in json.loads(params.get("filtering") or "[]"):
        name, values = condition["field_name"], json.loads(condition["filter_value"])
        if name == f"{level}_status":
            deleted_too = "STATUS_ALL" in values
        elif name.endswith("_ids"):
            if len(values) > most_ids:
                raise Limited("too many ids", 40011, f"{name}: Too many ids.")
            within = (*within, (name.removesuffix("_ids"), frozenset(values)))
    return deleted_too, within
