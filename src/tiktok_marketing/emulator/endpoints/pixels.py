"""Pixels: what they are, what they counted, and the events of instant pages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.days import HOUR_WEIGHTS, utc_text
from tiktok_marketing.emulator.business.library import pixel_id, pixels
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, encode, page_info, refuse
from tiktok_marketing.emulator.randomness import Dice, keyed

_MOST_PIXELS = 10
_MOST_DAYS = 30
_DAY_WEIGHT = sum(HOUR_WEIGHTS)

_EVENTS = (
    ("SHOPPING", "Complete Payment", "EVERY_TIME", 90), ("ON_WEB_CART", "Add to Cart", "EVERY_TIME", 420),
    ("INITIATE_ORDER", "Initiate Checkout", "EVERY_TIME", 210), ("ON_WEB_DETAIL", "View Content", "EVERY_TIME", 1900),
    ("FORM", "Submit Form", "ONCE", 45), ("ON_WEB_REGISTER", "Complete Registration", "ONCE", 60),
)  # fmt: skip
"""Event types, what a marketer calls them, how they count, and about how many there are a day."""

_INSTANT_PAGES: dict[str, dict[str, list[str]]] = {
    "WEB_CONVERSIONS": {"CONVERT": ["BUTTON", "FORM", "SHOPPING"], "VALUE": ["SHOPPING"]},
    "TRAFFIC": {"CLICK": ["BUTTON"], "TRAFFIC_LANDING_PAGE_VIEW": ["LANDING_PAGE_VIEW"]},
    "LEAD_GENERATION": {"LEAD_GENERATION": ["FORM"], "CLICK": ["BUTTON"]},
    "APP_PROMOTION": {"CLICK": ["BUTTON"], "INSTALL": ["DOWNLOAD_START"]},
    "PRODUCT_SALES": {"CLICK": ["BUTTON"], "CONVERT": ["SHOPPING"]},
}
"""Which goals an instant page can serve, by objective, and the events it can report for each."""

NOT_ACCEPTABLE = "one or more value of the param(s) is not acceptable"
NO_PERMISSION = "Adv has no permission to operate on the Pixel"


def pixel_list(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """pixel/list: the account's pixels with their events, the earliest first unless asked otherwise.

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
    shown = records[(page - 1) * size : page * size]
    return encode({"pixels": shown, "page_info": page_info(page, size, len(records))})


def pixel_stats(account: Account, params: Mapping[str, str], now: int) -> Answer:
    """pixel/event/stats: sums over at most 30 days (UTC) of at most ten pixels' events; there is no split by day.

    Raises:
        Refusal: A parameter is wrong (40002), or a pixel is not the account's own (40001).
    """
    asked = read.json_value(params, "pixel_ids")
    if not asked:
        refuse("Missing required field(s): pixel_ids.")
    read.ids(asked, "pixel_ids", _MOST_PIXELS)
    span = read.json_value(params, "date_range")
    if not isinstance(span, dict):
        refuse("Missing required field(s): date_range." if span is None else "date_range: Not a valid object.")
    start, end = (_day(span, name) for name in ("start_date", "end_date"))
    if end < start:
        refuse("date_range: The end date must not be earlier than the start date.")
    if (end - start).days > _MOST_DAYS:
        refuse(f"date_range: The date range cannot exceed {_MOST_DAYS} days.")
    own = {pixel_id(account, index): index for index in range(pixels(account).count(now))}
    found = []
    for its_id in dict.fromkeys(map(str, asked)):
        if its_id not in own:
            raise Refusal(40001, NO_PERMISSION)
        found.append({"pixel_id": its_id, "statistics": _statistics(account, own[its_id], start, end, now)})
    return encode({"list": found})


def instant_page_events(params: Mapping[str, str]) -> Answer:
    """pixel/instant_page/event: the events that an instant page can report for an objective and a goal.

    Raises:
        Refusal: One is missing, or the pair does not exist.
    """
    objective = read.required(params, "objective_type")
    goal = read.required(params, "optimization_goal")
    events = _INSTANT_PAGES.get(objective, {}).get(goal) or refuse(f"{NOT_ACCEPTABLE}.")
    goals = [{"optimization_goal": goal, "optimization_events": events}]
    told = {"objective_types": [{"objective_type": objective, "optimization_goals": goals}]}
    return encode({"list": [{"business_type": name, "instant_page_events": told} for name in ("WEBSITE", "FORM")]})


def _day(span: dict[str, Any], name: str) -> date:
    value = read.day({name: str(span.get(name) or "")}, name)
    return value or refuse(f"Missing required field(s): date_range.{name}.")


def _events(account: Account, index: int) -> list[tuple[str, str, str, int]]:
    """The events set up for a pixel: shops count sales, the others leads."""
    wanted = ("SHOPPING", "ON_WEB_CART", "INITIATE_ORDER", "ON_WEB_DETAIL")
    if "lead" in account.template.profiles:
        wanted = ("FORM", "ON_WEB_REGISTER", "ON_WEB_DETAIL", "SHOPPING")
    return [event for event in _EVENTS if event[0] in wanted[: 4 if index == 0 else 2]]


def _record(account: Account, index: int) -> dict[str, Any]:
    shelf = pixels(account)
    key = shelf.key(index)
    dice = Dice(key, 91)
    code = f"C{keyed(key, 1):016X}"
    partner = dice.pick(("", "Shopify", "GTM"))
    return {
        "pixel_id": pixel_id(account, index),
        "pixel_code": code,
        "pixel_name": f"{account.template.name} pixel {index + 1}",
        "pixel_category": "FILLING_FORM" if "lead" in account.template.profiles else "ONLINE_STORE",
        "pixel_script": f"<script>ttq.load('{code}');ttq.page();</script>",
        "create_time": utc_text(shelf.created(index)),
        "pixel_setup_mode": "STANDARD" if index == 0 else "DEVELOPER",
        "partner_name": partner or None,
        "advanced_matching_fields": {"phone_number": dice.chance(40), "email": dice.chance(60)},
        "asset_ownership": {
            "asset_relation_status": None,
            "ownership_status": True,
            "owner_bc_id": str(7_000_000_000_000_000_000 + account.key % 10**12),
        },
        "events": [
            {
                "event_id": str(7_500_000_000_000_000_000 + keyed(key, place, 92) % 10**15),
                "event_code": f"{code}_{place}",
                "event_type": kind,
                "custom_event_type": kind,
                "optimization_event": kind,
                "name": name,
                "statistic_type": counted,
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
                if place % 2 == 0
                else [],
            }
            for place, (kind, name, counted, _) in enumerate(_events(account, index))
        ],
    }


def _statistics(account: Account, index: int, start: date, end: date, now: int) -> list[dict[str, Any]]:
    """What a pixel counted; nothing before it was set up, and of the present day as much as is over."""
    shelf = pixels(account)
    begin = shelf.created(index) // DAY
    first, last = (_since_epoch(day) for day in (start, end))
    moment = datetime.fromtimestamp(now, UTC)
    passed = sum(HOUR_WEIGHTS[: moment.hour])
    found = []
    for kind, _, _, typical in _events(account, index):
        total = attributed = browser = preview = 0
        for day in range(max(first, begin + 1), min(last, now // DAY) + 1):
            dice = Dice(shelf.key(index), day, len(kind), typical)
            count = typical * dice.between(60, 140) // 100
            if day == now // DAY:
                count = count * passed // _DAY_WEIGHT
            total += count
            attributed += count * dice.between(12, 30) // 100
            browser += count * dice.between(55, 75) // 100
            preview += dice.below(3)
        if total:
            found.append(
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
    return found


def _since_epoch(day: date) -> int:
    return (day - date(1970, 1, 1)).days
