"""report/bid_protection: which campaigns and ad groups have bid protection, and the credits of each day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tiktok_marketing.emulator.business.bid_protection import (
    SCALE,
    DayRecord,
    compensation_category,
    day_records,
    protection_status,
)
from tiktok_marketing.emulator.business.business import Account, AdGroup, Campaign
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, encode, refuse

STATUS, DETAIL = "report/bid_protection/status/get/", "report/bid_protection/detail/get/"
"""The paths of the two endpoints."""

_LEVELS = ("CAMPAIGN", "ADGROUP")
_MAX_IDS = 200
_MAX_DAYS = 60
_NO_IDS = 52404


def protection_statuses(account: Account, params: Mapping[str, Any], now: int) -> Answer:
    """The bid protection of some campaigns or ad groups at a time.

    Raises:
        Refusal: A parameter is wrong.
    """
    level = _level(params)
    records = [
        {
            "data_level": level,
            "query_id": str(item.id),
            "bid_protection_status": protection_status(item, now),
            "compensation_category": compensation_category(item),
        }
        for item in _items(account, params, level, now, _MAX_IDS)
    ]
    return encode({"list": records})


def protection_records(account: Account, figures: Figures, params: Mapping[str, Any]) -> Answer:
    """The bid protection of some campaigns or ad groups by day.

    Raises:
        Refusal: A parameter is wrong.
    """
    level = _level(params)
    start, end = read.day(params, "start_date"), read.day(params, "end_date")
    missing = [name for name, value in (("start_date", start), ("end_date", end)) if value is None]
    if start is None or end is None:
        refuse(f"Missing required field(s): {', '.join(missing)}.")
    if end < start:
        refuse("end_date: The end date must not be earlier than the start date.")
    span = (end - start).days
    if span > _MAX_DAYS:
        refuse(f"end_date: It must be within {_MAX_DAYS} days after the start date.")
    earliest = figures.day(figures.today).day - timedelta(days=_MAX_DAYS)
    if start < earliest:
        refuse(f"start_date: It must be within the past {_MAX_DAYS} days.")
    most = _MAX_IDS // max(1, span)
    records = [
        _record(account, level, item, record)
        for item in _items(account, params, level, figures.now, most)
        for record in day_records(item, figures, start.toordinal(), end.toordinal())
    ]
    return encode({"bid_protection_records": records})


def _level(params: Mapping[str, Any]) -> str:
    level = read.required(params, "data_level")
    if level not in _LEVELS:
        refuse(f"data_level: Must be one of: {', '.join(_LEVELS)}.")
    return level


def _items(
    account: Account, params: Mapping[str, Any], level: str, now: int, most: int
) -> list[Campaign] | list[AdGroup]:
    """The objects that a request names, in its order."""
    value = read.json_value(params, "query_ids")
    if value is None:
        refuse("Missing required field(s): query_ids.")
    if value == []:
        refuse("query_ids: It must not be empty.", _NO_IDS)
    wanted = read.text_list(value, "query_ids")
    read.ids(value, "query_ids", most)
    known: dict[str, Any] = {
        str(item.id): item for item in (account.campaigns(now) if level == "CAMPAIGN" else account.adgroups(now))
    }
    foreign = [name for name in wanted if name not in known]
    if foreign:
        refuse(f"query_ids: {foreign[0]} does not belong to advertiser {account.id}.")
    return [known[name] for name in dict.fromkeys(wanted)]


def _record(account: Account, level: str, item: Campaign | AdGroup, record: DayRecord) -> dict[str, Any]:
    """A record. Without credits it names no currency."""
    return {
        "data_level": level,
        "query_id": str(item.id),
        "record_date": record.day.isoformat(),
        "bid_protection_daily_status": record.status,
        "status_detail": record.detail,
        "credit_amount": str(record.credit * SCALE // account.template.minor_units),
        "currency": account.template.currency if record.credit else "",
    }
