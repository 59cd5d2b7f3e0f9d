"""The pixel endpoints: pixels with their events, their statistics, and the events of instant pages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.business_centers import business_center_id
from tiktok_marketing.emulator.business.days import HOUR_WEIGHTS
from tiktok_marketing.emulator.business.library import pixel_id, pixels
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, encode, page_info, refuse, utc_text
from tiktok_marketing.emulator.randomness import Dice, keyed

_MAX_PIXELS = 10
_MAX_DAYS = 30
_DAY_WEIGHT = sum(HOUR_WEIGHTS)

_EVENTS = (
    ("SHOPPING", "Complete Payment", "EVERY_TIME", 90), ("ON_WEB_CART", "Add to Cart", "EVERY_TIME", 420),
    ("INITIATE_ORDER", "Initiate Checkout", "EVERY_TIME", 210), ("ON_WEB_DETAIL", "View Content", "EVERY_TIME", 1900),
    ("FORM", "Submit Form", "ONCE", 45), ("ON_WEB_REGISTER", "Complete Registration", "ONCE", 60),
)  # fmt: skip
"""Event types, with their names, how they count, and about how many a pixel has per day."""

_INSTANT_PAGES: dict[str, dict[str, list[str]]] = {
    "WEB_CONVERSIONS": {"CONVERT": ["BUTTON", "FORM", "SHOPPING"], "VALUE": ["SHOPPING"]},
    "TRAFFIC": {"CLICK": ["BUTTON"], "TRAFFIC_LANDING_PAGE_VIEW": ["LANDING_PAGE_VIEW"]},
    "LEAD_GENERATION": {"LEAD_GENERATION": ["FORM"], "CLICK": ["BUTTON"]},
    "APP_PROMOTION": {"CLICK": ["BUTTON"], "INSTALL": ["DOWNLOAD_START"]},
    "PRODUCT_SALES": {"CLICK": ["BUTTON"], "CONVERT": ["SHOPPING"]},
}
"""For each objective and optimization goal, the events that an instant page can report."""

NOT_ACCEPTABLE = "one or more value of the param(s) is not acceptable"
NO_PERMISSION = "Adv has no permission to operate on the Pixel"


def pixel_list(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """pixel/list: the account's pixels with their events, the oldest first unless requested otherwise.

    Raises:
        Refusal: A parameter is wrong.
    """
    page = read.integer(params, "page", 1, 1, None)
    size = read.integer(params, "page_size", 10, 1, 20)
    order = params.get("order_by", "EARLIEST_CREATE")
    if order not in {"EARLIEST_CREATE", "LATEST_CREATE"}:
        refuse("order_by: Must be EARLIEST_CREATE or LATEST_CREATE.")
    records = [_record(account, index) for index in range(pixels(account).count(now))]
    for name, field in (("pixel_id", "pixel_id"), ("code", "pixel_code")):
        if params.get(name):
            records = [record for record in records if record[field] == params[name]]
    if params.get("name"):
        records = [record for record in records if params["name"].lower() in record["pixel_name"].lower()]
    if order == "LATEST_CREATE":
        records.reverse()
    page_records = records[(page - 1) * size : page * size]
    return encode({"pixels": page_records, "page_info": page_info(page, size, len(records))})


def pixel_stats(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """pixel/event/stats: sums of the events of at most ten pixels over at most 30 days (UTC), not by day.

    Raises:
        Refusal: A parameter is wrong (40002), or a pixel belongs to another account (40001).
    """
    ids = read.json_value(params, "pixel_ids")
    if not ids:
        refuse("Missing required field(s): pixel_ids.")
    read.ids(ids, "pixel_ids", _MAX_PIXELS)
    span = read.json_value(params, "date_range")
    if not isinstance(span, dict):
        refuse("Missing required field(s): date_range." if span is None else "date_range: Not a valid object.")
    start, end = (_day(span, name) for name in ("start_date", "end_date"))
    if end < start:
        refuse("date_range: The end date must not be earlier than the start date.")
    if (end - start).days > _MAX_DAYS:
        refuse(f"date_range: The date range cannot exceed {_MAX_DAYS} days.")
    indexes = {pixel_id(account, index): index for index in range(pixels(account).count(now))}
    records = []
    for requested_id in dict.fromkeys(map(str, ids)):
        if requested_id not in indexes:
            raise Refusal(40001, NO_PERMISSION)
        statistics = _statistics(account, indexes[requested_id], start, end, now)
        records.append({"pixel_id": requested_id, "statistics": statistics})
    return encode({"list": records})


def instant_page_events(params: Mapping[str, str]) -> Answer:
    """pixel/instant_page/event: the events that an instant page can report for an objective and an optimization goal.

    Raises:
        Refusal: The objective or the goal is missing, or they do not go together.
    """
    objective = read.required(params, "objective_type")
    goal = read.required(params, "optimization_goal")
    events = _INSTANT_PAGES.get(objective, {}).get(goal) or refuse(f"{NOT_ACCEPTABLE}.")
    goals = [{"optimization_goal": goal, "optimization_events": events}]
    page_events = {"objective_types": [{"objective_type": objective, "optimization_goals": goals}]}
    records = [{"business_type": name, "instant_page_events": page_events} for name in ("WEBSITE", "FORM")]
    return encode({"list": records})


def _day(span: dict[str, Any], name: str) -> date:
    value = read.day({name: str(span.get(name) or "")}, name)
    return value or refuse(f"Missing required field(s): date_range.{name}.")


def _events(account: Account, index: int) -> list[tuple[str, str, str, int]]:
    """The events of a pixel. Accounts that look for leads count leads first, the others count sales."""
    wanted = ("SHOPPING", "ON_WEB_CART", "INITIATE_ORDER", "ON_WEB_DETAIL")
    if "lead" in account.template.profiles:
        wanted = ("FORM", "ON_WEB_REGISTER", "ON_WEB_DETAIL", "SHOPPING")
    return [event for event in _EVENTS if event[0] in wanted[: 4 if index == 0 else 2]]


def _record(account: Account, index: int) -> dict[str, Any]:
    collection = pixels(account)
    key = collection.key(index)
    dice = Dice(key, 91)
    code = f"C{keyed(key, 1):016X}"
    partner = dice.pick(("", "Shopify", "GTM"))
    return {
        "pixel_id": pixel_id(account, index),
        "pixel_code": code,
        "pixel_name": f"{account.template.name} pixel {index + 1}",
        "pixel_category": "FILLING_FORM" if "lead" in account.template.profiles else "ONLINE_STORE",
        "pixel_script": f"<script>ttq.load('{code}');ttq.page();</script>",
        "create_time": utc_text(collection.created(index)),
        "pixel_setup_mode": "STANDARD" if index == 0 else "DEVELOPER",
        "partner_name": partner or None,
        "advanced_matching_fields": {"phone_number": dice.chance(40), "email": dice.chance(60)},
        "asset_ownership": {
            "asset_relation_status": None,
            "ownership_status": True,
            "owner_bc_id": business_center_id(account),
        },
        "events": [
            {
                "event_id": str(7_500_000_000_000_000_000 + keyed(key, position, 92) % 10**15),
                "event_code": f"{code}_{position}",
                "event_type": kind,
                "custom_event_type": kind,
                "optimization_event": kind,
                "name": name,
                "statistic_type": statistic_type,
                "currency": account.template.currency if kind == "SHOPPING" else None,
                "currency_value": "VALUE" if kind == "SHOPPING" else "",
                "deprecated": False,
                "rules": [
                    {
                        "trigger": "TRIGGERTYPE_PAGEVIEW",
                        "variable": "PAGE_URL",
                        "operator": "OPERATORTYPE_CONTAINS",
                        "value": f"/{kind.lower()}",
                    }
                ]
                if position % 2 == 0
                else [],
            }
            for position, (kind, name, statistic_type, _) in enumerate(_events(account, index))
        ],
    }


def _statistics(account: Account, index: int, start: date, end: date, now: int) -> list[dict[str, Any]]:
    """A pixel's counts by event. Nothing counts before it was created, and today counts as far as it is over."""
    collection = pixels(account)
    created_day = collection.created(index) // DAY
    first, last = (_since_epoch(day) for day in (start, end))
    moment = datetime.fromtimestamp(now, UTC)
    passed = sum(HOUR_WEIGHTS[: moment.hour])
    counts = []
    for kind, _, _, typical in _events(account, index):
        total = attributed = browser = preview = 0
        for day in range(max(first, created_day + 1), min(last, now // DAY) + 1):
            dice = Dice(collection.key(index), day, len(kind), typical)
            count = typical * dice.between(60, 140) // 100
            if day == now // DAY:
                count = count * passed // _DAY_WEIGHT
            total += count
            attributed += count * dice.between(12, 30) // 100
            browser += count * dice.between(55, 75) // 100
            preview += dice.below(3)
        if total:
            counts.append(
                {
                    "pixel_event_type": kind,
                    "custom_event_type": kind,
                    "total_count": total,
                    "attributed_count": attributed,
                    "browser_event_total_count": browser,
                    "server_event_total_count": total - browser,
                    "preview_count": preview,
                }
            )
    return counts


def _since_epoch(day: date) -> int:
    return (day - date(1970, 1, 1)).days
