"""Compares the conversions of days that no sync reads again with what TikTok counts now.

TikTok keeps adding conversions to a day. A sync reads a day again for `attribution_window` days. What comes later is
missing in the database, although every row is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tiktok_marketing.api.client import Client
from tiktok_marketing.config import COMMAND, AdvertiserId, Config
from tiktok_marketing.doctor.budget import RequestBudget
from tiktok_marketing.doctor.checks.account_sums import levels
from tiktok_marketing.doctor.database import Database
from tiktok_marketing.doctor.expected_days import ExpectedDays
from tiktok_marketing.doctor.findings import HIDDEN, Finding, Fix, Severity
from tiktok_marketing.errors import TikTokError
from tiktok_marketing.settings import LONGEST_WINDOW
from tiktok_marketing.sync.decode.lenient_json import decoder_of
from tiktok_marketing.sync.plan.windows import Window
from tiktok_marketing.sync.read.report_requests import account_params

CONVERSIONS = "conversions"

_METRIC = "conversion"
_ACCOUNTS = 10
"""Accounts whose conversions are compared: those that spent most."""
_TOLERANCE = Decimal("0.01")
"""The share of the conversions that TikTok adds or removes long after a day."""
_DAY = timedelta(days=1)


class Conversions(msgspec.Struct, frozen=True, kw_only=True):
    """The conversions of an account on days that no sync reads again.

    Args:
        expected: The report and the account.
        days: The days.
        stored: How many the database has.
        at_tiktok: How many TikTok counts now.
    """

    expected: ExpectedDays
    days: Window
    stored: int
    at_tiktok: int

    @property
    def missing(self) -> int:
        """How many the database lacks; 0 if it is within the tolerance."""
        difference = self.at_tiktok - self.stored
        return difference if difference > self.at_tiktok * _TOLERANCE else 0


class _Data(msgspec.Struct):
    total_metrics: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    data: _Data


_decode = decoder_of(_Answer)


async def compare_conversions(
    config: Config, api: Client, database: Database, expected: Iterable[ExpectedDays], budget: RequestBudget
) -> list[Conversions]:
    """Ask TikTok for the sums of a few closed days, for the accounts that spent most: a request per account.

    Args:
        config: The configuration.
        api: The client.
        database: A database whose census was taken.
        expected: The reports and accounts that TikTok answers for.
        budget: How many requests may be sent.
    """
    compared = []
    for days in _chosen(database, expected):
        closed = closed_days(days)
        if budget.spent or closed is None:
            continue
        at_tiktok = await _at_tiktok(config, api, days, closed)
        if at_tiktok is not None:
            stored = _stored(database, days, closed)
            compared.append(Conversions(expected=days, days=closed, stored=stored, at_tiktok=at_tiktok))
    return compared


def closed_days(expected: ExpectedDays) -> Window | None:
    """Return the last days that no sync reads again, in one window; None if there is none."""
    last = min(expected.reread_from - _DAY, expected.final_until)
    first = max(expected.first, last - timedelta(days=LONGEST_WINDOW - 1))
    return Window(first, last) if first <= last else None


def _chosen(database: Database, expected: Iterable[ExpectedDays]) -> list[ExpectedDays]:
    """Return one report per account, of the accounts that spent most."""
    expected = list(expected)
    plain = {stream.name for stream in levels(days.stream for days in expected)}
    by_account: dict[str, ExpectedDays] = {}
    for days in expected:
        if days.stream.name in plain and _METRIC in database.columns[days.stream.name]:
            by_account.setdefault(days.account.advertiser_id, days)
    spend = dict(database.query("SELECT advertiser_id::VARCHAR, max(spend) FROM days GROUP BY 1"))
    order = sorted(by_account.values(), key=lambda days: -(spend.get(days.account.advertiser_id) or 0))
    return order[:_ACCOUNTS]


async def _at_tiktok(config: Config, api: Client, expected: ExpectedDays, days: Window) -> int | None:
    """Return TikTok's count; None if it does not say."""
    stream, advertiser_id = expected.stream, AdvertiserId(expected.account.advertiser_id)
    params = account_params(stream.source, advertiser_id, days, ("spend", _METRIC), every_status=config.include_deleted)
    params |= {"page": 1, "page_size": 1, "enable_total_metrics": True}
    try:
        answer = await api.get(stream.endpoint, params, _decode, advertiser_id=advertiser_id)
    except TikTokError:
        return None
    if answer.throttled:
        return None
    return _whole((answer.value.data.total_metrics or {}).get(_METRIC))


def _stored(database: Database, expected: ExpectedDays, days: Window) -> int:
    stream = expected.stream
    ((total,),) = database.rows(
        f'SELECT sum("{_METRIC}") FROM {database.table(stream.name)}'  # noqa: S608
        f' WHERE advertiser_id = ? AND "{stream.cursor}" >= ? AND "{stream.cursor}" < ?',
        [int(expected.account.advertiser_id), days.start, days.end + _DAY],
    )
    return _whole(total) or 0


def _whole(value: Any) -> int | None:
    try:
        return int(Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError):
        return None


def conversion_findings(config: Config, compared: Sequence[Conversions], damaged: set[str | None]) -> Iterator[Finding]:
    """Return which accounts lack conversions.

    Args:
        config: The configuration. A short `attribution_window` explains what is missing.
        compared: The comparisons.
        damaged: The accounts whose rows differ from TikTok's, which explains missing conversions, too.
    """
    for each in compared:
        if not each.missing or each.expected.account.advertiser_id in damaged:
            continue
        window = config.attribution_window
        is_short = window < COMMAND.attribution_window
        advice = f"Set attribution_window to {COMMAND.attribution_window}" if is_short else "Raise attribution_window"
        yield Finding(
            severity=Severity.NOTE if is_short else Severity.WARNING,
            check=HIDDEN if is_short else CONVERSIONS,
            message=f"attribution_window is {window}: of the {each.at_tiktok:,} conversions that TikTok counts now, "
            f"the database has {each.stored:,}. The other {each.missing:,} "
            f"({each.missing / each.at_tiktok * 100:.1f} %) came later. {advice}, and sync once with --full.",
            stream=each.expected.stream.name,
            advertiser_id=each.expected.account.advertiser_id,
            days=_bounds(each.days),
            fix=None if is_short else Fix.FULL,
        )


def _bounds(days: Window) -> tuple[date, ...]:
    return tuple(dict.fromkeys((days.start, days.end)))
