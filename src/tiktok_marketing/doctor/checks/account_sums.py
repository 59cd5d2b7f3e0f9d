"""Compares what each level of a report spent with what the account spent, and says in money what is not there.

The account's own row of a day is not filtered by status. So where `include_deleted` is false, the difference is what
deleted campaigns, ad groups and ads spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.catalog import Grain, Level, ReportStream, Stream
from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks.level_sums import SUMS
from tiktok_marketing.doctor.database import Database, is_comparable
from tiktok_marketing.doctor.findings import HIDDEN, Finding, Severity, money
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.sync.decode.coercion import to_decimal
from tiktok_marketing.sync.decode.lenient_json import decoder_of
from tiktok_marketing.sync.plan.windows import Window, windows

_ENDPOINT = "report/integrated/get/"
_LONGEST = 365
"""Days that one request without a time dimension covers (`/report/integrated/get/`)."""
_NAMED = 5
"""Accounts that findings name per stream; the others are counted."""
_ROUNDING = Decimal("0.001")
"""The share of the spend that rounding of single rows may explain, where no setting does."""
_OBJECTS = {Level.CAMPAIGN: "campaigns", Level.AD_GROUP: "ad groups", Level.AD: "ads"}


class AccountSum(msgspec.Struct, frozen=True, kw_only=True):
    """What an account spent on days that a level of a report should have, too.

    Args:
        stream: The level.
        advertiser_id: The account.
        days: The days, all with final figures.
        level: What the rows of the level spent on them.
        account: What the account spent on them.
    """

    stream: ReportStream
    advertiser_id: str
    days: Window
    level: Decimal
    account: Decimal

    @property
    def lacking(self) -> Decimal:
        """What the level lacks."""
        return max(self.account - self.level, Decimal(0))


def levels(streams: Iterable[Stream]) -> list[ReportStream]:
    """Return the daily reports without a breakdown that leave out deleted objects unless they are asked for."""
    return [stream for stream in _plain(streams) if stream.source.status_field is not None]


def _plain(streams: Iterable[Stream]) -> list[ReportStream]:
    """The daily reports without a breakdown."""
    return [
        stream
        for stream in streams
        if isinstance(stream, ReportStream)
        and is_comparable(stream)
        and stream.source.report_type == "BASIC"
        and stream.source.grain is Grain.DAY
        and not stream.breakdown
    ]


def account_reports(streams: Iterable[Stream]) -> list[str]:
    """Return the names of the daily reports of the accounts themselves, without a breakdown."""
    return [stream.name for stream in _plain(streams) if stream.source.data_level is Level.ADVERTISER]


def stored_sums(database: Database, streams: Iterable[Stream]) -> list[AccountSum]:
    """Compare the levels with the account's own report in the database. The database's census must have been taken."""
    streams = list(streams)
    by_name = {stream.name: stream for stream in levels(streams)}
    rows = database.query(
        "WITH spans AS (SELECT e.stream, a.stream AS account_stream, e.advertiser_id,"
        " greatest(e.first, a.first) AS first, least(e.final_until, a.final_until) AS last"
        " FROM expected e JOIN expected a USING (advertiser_id)"
        " WHERE list_contains($1, e.stream) AND list_contains($2, a.stream))"
        " SELECT s.stream, s.advertiser_id::VARCHAR, s.first, s.last,"
        " coalesce(sum(d.spend) FILTER (d.stream = s.stream), 0),"
        " coalesce(sum(d.spend) FILTER (d.stream = s.account_stream), 0)"
        " FROM spans s LEFT JOIN days d ON d.advertiser_id = s.advertiser_id AND d.day BETWEEN s.first AND s.last"
        " AND d.stream IN (s.stream, s.account_stream) WHERE s.first <= s.last GROUP BY ALL ORDER BY ALL",
        [list(by_name), account_reports(streams)],
    )
    return [
        AccountSum(
            stream=by_name[name], advertiser_id=advertiser_id, days=Window(first, last), level=level, account=account
        )
        for name, advertiser_id, first, last, level, account in rows
    ]


async def sums_at_tiktok(
    api: Client, database: Database, streams: Iterable[ReportStream], accounts: Sequence[str], budget: RequestBudget
) -> list[AccountSum]:
    """Compare the levels with what TikTok says that each account spent, as far as the budget allows.

    Args:
        api: The client.
        database: A database whose census was taken.
        streams: The levels, as `levels` returns them.
        accounts: The accounts to ask about.
        budget: How many requests may be sent.
    """
    sums: list[AccountSum] = []
    spent: dict[tuple[str, date, date], Decimal | None] = {}
    for stream in streams:
        for advertiser_id, first, last, level in _level_sums(database, stream, accounts):
            key = advertiser_id, first, last
            if key not in spent:
                spent[key] = await _spend_at_tiktok(api, AdvertiserId(advertiser_id), Window(first, last), budget)
            account = spent[key]
            if account is not None:
                days = Window(first, last)
                sums.append(
                    AccountSum(stream=stream, advertiser_id=advertiser_id, days=days, level=level, account=account)
                )
    return sums


def _level_sums(
    database: Database, stream: ReportStream, accounts: Sequence[str]
) -> list[tuple[str, date, date, Decimal]]:
    return database.query(
        "SELECT e.advertiser_id::VARCHAR, e.first, e.final_until, coalesce(sum(d.spend), 0)"
        " FROM expected e LEFT JOIN days d ON d.stream = e.stream AND d.advertiser_id = e.advertiser_id"
        " AND d.day BETWEEN e.first AND e.final_until"
        " WHERE e.stream = $1 AND list_contains($2::VARCHAR[], e.advertiser_id::VARCHAR) AND e.first <= e.final_until"
        " GROUP BY ALL ORDER BY 4 DESC, 1",
        [stream.name, list(accounts)],
    )


async def _spend_at_tiktok(
    api: Client, advertiser_id: AdvertiserId, days: Window, budget: RequestBudget
) -> Decimal | None:
    """Return what an account spent; None if the budget is spent or TikTok does not answer."""
    total = Decimal(0)
    for window in windows(days.start, days.end, _LONGEST):
        if budget.spent:
            return None
        params = {
            "advertiser_id": advertiser_id,
            "service_type": "AUCTION",
            "report_type": "BASIC",
            "data_level": str(Level.ADVERTISER),
            "dimensions": ["advertiser_id"],
            "metrics": ["spend"],
            "start_date": str(window.start),
            "end_date": str(window.end),
            "page": 1,
            "page_size": 10,
        }
        try:
            answer = await api.get(_ENDPOINT, params, _decode, advertiser_id=advertiser_id)
        except TikTokError:
            return None
        spends = [to_decimal(row.metrics.spend) for row in answer.value.data.rows]
        if None in spends:  # TikTok does not tell it
            return None
        total += sum((spend for spend in spends if spend is not None), Decimal(0))
    return total


class _Metrics(msgspec.Struct):
    spend: Any


class _Row(msgspec.Struct):
    metrics: _Metrics


class _Data(msgspec.Struct):
    rows: list[_Row] = msgspec.field(name="list")


class _Answer(msgspec.Struct):
    data: _Data


_decode = decoder_of(_Answer)


def hidden_findings(config: Config, sums: Iterable[AccountSum], currencies: Mapping[str, str]) -> Iterator[Finding]:
    """Return what the levels lack, in money.

    Args:
        config: The configuration. It explains the difference if it leaves out deleted objects.
        sums: The comparisons.
        currencies: Account to its currency.
    """
    by_stream: dict[str, list[AccountSum]] = {}
    for each in sums:
        if each.lacking > (each.account * _ROUNDING if config.include_deleted else 0):
            by_stream.setdefault(each.stream.name, []).append(each)
    for of_stream in by_stream.values():
        of_stream.sort(key=lambda each: -each.lacking)
        for each in of_stream[:_NAMED]:
            yield _finding(config, each, currencies.get(each.advertiser_id, ""))
        if len(of_stream) > _NAMED:
            yield msgspec.structs.replace(
                _finding(config, of_stream[0], ""),
                advertiser_id=None,
                days=(),
                message=f"The same is true of {len(of_stream) - _NAMED:,} more accounts.",
            )


def _finding(config: Config, each: AccountSum, currency: str) -> Finding:
    objects = _OBJECTS[Level(each.stream.source.data_level)]
    share = f"{each.lacking / each.account * 100:.1f} %"
    lacking, account = money(each.lacking, currency), money(each.account, currency)
    details: dict[str, Any] = {
        "stream": each.stream.name,
        "advertiser_id": each.advertiser_id,
        "days": tuple(dict.fromkeys((each.days.start, each.days.end))),
    }
    if config.include_deleted:
        return Finding(
            severity=Severity.WARNING,
            check=SUMS,
            message=f"The {objects} have {lacking} less than the {account} that the account spent ({share}).",
            remedy="Run the doctor again with more --requests to find the rows that are missing.",
            may_follow=True,
            **details,
        )
    return Finding(
        severity=Severity.NOTE,
        check=HIDDEN,
        message=f"include_deleted is false: {objects} that were deleted hold {lacking} of the {account} that the "
        f"account spent ({share}). Set include_deleted to true to read them.",
        **details,
    )
