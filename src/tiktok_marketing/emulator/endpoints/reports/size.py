"""How large a report query is, and what TikTok says to queries that are too large or too slow."""

from tiktok_marketing.emulator.endpoints.envelope import Refusal, TimedOut
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES
from tiktok_marketing.emulator.endpoints.reports.query import ReportQuery
from tiktok_marketing.emulator.randomness import keyed

_VALUES = {
    "age": 7, "gender": 3, "country_code": 10, "province_id": 50, "dma_id": 210, "language": 10, "platform": 4, "ac": 5,
    "placement": 4, "device_brand_id": 20,
}  # fmt: skip
"""About how many values a breakdown has at TikTok."""
_USUAL_VALUES = 20

_MOST_IDS = {
    "behavior_id": 200, "interest_category": 3000, "interest_category_tier2": 150, "interest_category_tier3": 100,
    "interest_category_tier4": 100,
}  # fmt: skip
"""How many ids a query with such a dimension may be about. TikTok blocks larger ones."""

_SLOW_SHARE = 4
_TOO_LARGE = "The query is too large. Please narrow the date range or reduce the number of IDs."


def size_of(query: ReportQuery, ids: int, days: int) -> int:
    """The size of a query: ids, times days or hours, times metrics, times values of the breakdown.

    Args:
        query: The query. Attribute metrics do not count, because they are not computed.
        ids: How many objects of its level it is about.
        days: How many days its window has. Without a time dimension they count as one.
    """
    size = ids * sum(1 for name in query.metrics if name not in ATTRIBUTES)
    size *= {"stat_time_day": days, "stat_time_hour": 24 * days}.get(query.time, 1)
    for name in query.breakdown:
        size *= _VALUES.get(name, _USUAL_VALUES)
    return size


def check_size(size: int, budget: int) -> None:
    """Refuse a query above the budget.

    Raises:
        Refusal: It is too large (40067).
        TimedOut: It took TikTok too long (50002), as one in four sizes above the budget does.
    """
    if size <= budget:
        return
    if keyed(size) % _SLOW_SHARE == 0:
        raise TimedOut
    raise Refusal(40067, _TOO_LARGE)


def check_ids(query: ReportQuery, ids: int) -> None:
    """Refuse a query about more ids than its breakdown accepts.

    Raises:
        Refusal: It is about too many (40067).
    """
    if any(ids > _MOST_IDS.get(name, ids) for name in query.breakdown):
        raise Refusal(40067, _TOO_LARGE)
