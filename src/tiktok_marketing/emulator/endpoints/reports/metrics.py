"""How each report metric is computed, and how its value is written.

Every value is text. Counts are whole numbers. Money has the decimals of its currency: two, or none (JPY, for example).
Other quotients have two decimals, and rates are percentages. Quotients are rounded half up, and are 0 if the
denominator is 0. `-` stands for no value.
"""

from operator import itemgetter
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.delivery import COMPONENTS, VECTOR_INDEX, VECTOR_SIZE
from tiktok_marketing.emulator.business.vocabulary import WITHOUT_DECIMALS
from tiktok_marketing.emulator.endpoints.reports.events import MILLE, PLAIN, RATE, TABLES
from tiktok_marketing.emulator.endpoints.reports.material_metrics import MATERIAL_TABLES
from tiktok_marketing.emulator.endpoints.reports.metric_names import ATTRIBUTES, DECIMALS, DEPRECATED, INTEGERS

LEVELS = ("advertiser", "campaign", "adgroup", "ad")
"""The data levels from the top, as the documentation of the metrics names them."""

DERIVED = ("row_reach", "result", "rt_result", "engagements_with_views", "engagements_with_views_15s")
"""The values that are computed for a row and follow its vector."""

ROW_INDEX = VECTOR_INDEX | {name: VECTOR_SIZE + position for position, name in enumerate(DERIVED)}

COUNTS = {
    "impressions": "impressions", "gross_impressions": "gross_impressions", "clicks": "clicks", "reach": "row_reach",
    "conversion": "conversion", "real_time_conversion": "rt_conversion", "result": "result",
    "real_time_result": "rt_result", "skan_conversion": "skan",
    "video_play_actions": "plays", "video_watched_2s": "watched_2s", "video_watched_6s": "watched_6s",
    "video_views_p25": "p25", "video_views_p50": "p50", "video_views_p75": "p75", "video_views_p100": "p100",
    "paid_engaged_view": "engaged_view", "paid_engaged_view_15s": "engaged_view_15s",
    "paid_engagement_engaged_view": "engagements_with_views",
    "paid_engagement_engaged_view_15s": "engagements_with_views_15s", "engagements": "engagements",
    "clicks_on_music_disc": "music", "follows": "follows", "likes": "likes", "comments": "comments",
    "shares": "shares", "profile_visits": "profile_visits",
    "real_time_app_install": "rt_install", "app_install": "install", "registration": "registration",
    "total_registration": "total_registration", "purchase": "purchase", "total_purchase": "total_purchase",
    "app_event_add_to_cart": "app_cart", "total_app_event_add_to_cart": "total_app_cart", "checkout": "checkout",
    "total_checkout": "total_checkout", "launch_app": "launch", "total_launch_app": "total_launch",
    "complete_payment": "payment", "total_landing_page_view": "landing", "total_pageview": "pageview",
    "button_click": "button_click", "user_registration": "web_registration",
    "page_content_view_events": "content_view", "web_event_add_to_cart": "web_cart",
    "initiate_checkout": "initiate_checkout", "form": "form",
    "onsite_shopping": "shop", "vta_conversion": "vta", "cta_conversion": "cta",
    "engaged_view_through_conversions": "evta", "vta_app_install": "vta_install", "cta_app_install": "cta_install",
    "evta_app_install": "evta_install", "vta_registration": "vta_registration",
    "cta_registration": "cta_registration", "evta_registration": "evta_registration", "vta_purchase": "vta_purchase",
    "cta_purchase": "cta_purchase", "evta_purchase": "evta_purchase", "vta_complete_payment": "vta_payment",
    "evta_payments_completed": "evta_payment",
} | TABLES.counts  # fmt: skip
"""Metrics that are a count, with the component or the form that they show."""

RATIOS: dict[str, tuple[str, int, str]] = {
    "cpc": ("spend", 1, "clicks"), "cpm": ("spend", MILLE, "impressions"), "ctr": ("clicks", RATE, "impressions"),
    "cost_per_1000_reached": ("spend", MILLE, "row_reach"), "frequency": ("impressions", PLAIN, "row_reach"),
    "conversion_rate": ("conversion", RATE, "clicks"), "conversion_rate_v2": ("conversion", RATE, "impressions"),
    "real_time_conversion_rate": ("rt_conversion", RATE, "clicks"),
    "real_time_conversion_rate_v2": ("rt_conversion", RATE, "impressions"),
    "result_rate": ("result", RATE, "impressions"), "real_time_result_rate": ("rt_result", RATE, "impressions"),
    "cost_per_conversion": ("spend", 1, "conversion"), "real_time_cost_per_conversion": ("spend", 1, "rt_conversion"),
    "cost_per_result": ("spend", 1, "result"), "real_time_cost_per_result": ("spend", 1, "rt_result"),
    "skan_cost_per_result": ("spend", 1, "skan_result"), "skan_cost_per_conversion": ("spend", 1, "skan"),
    "skan_result_rate": ("skan_result", RATE, "impressions"), "skan_conversion_rate_v2": ("skan", RATE, "impressions"),
    "average_video_play": ("play_time", 1, "plays"), "average_video_play_per_user": ("play_time", 1, "row_reach"),
    "engagement_rate": ("engagements", RATE, "impressions"),
    "profile_visits_rate": ("profile_visits", RATE, "impressions"),
    "real_time_app_install_cost": ("spend", 1, "rt_install"), "cost_per_app_install": ("spend", 1, "install"),
    "cost_per_registration": ("spend", 1, "registration"), "registration_rate": ("registration", RATE, "clicks"),
    "cost_per_total_registration": ("spend", 1, "total_registration"), "cost_per_purchase": ("spend", 1, "purchase"),
    "purchase_rate": ("purchase", RATE, "clicks"), "cost_per_total_purchase": ("spend", 1, "total_purchase"),
    "value_per_total_purchase": ("purchase_value", 1, "total_purchase"),
    "total_active_pay_roas": ("purchase_value", PLAIN, "spend"),
    "cost_per_app_event_add_to_cart": ("spend", 1, "app_cart"),
    "app_event_add_to_cart_rate": ("app_cart", RATE, "clicks"),
    "cost_per_total_app_event_add_to_cart": ("spend", 1, "total_app_cart"),
    "value_per_total_app_event_add_to_cart": ("app_cart_value", 1, "total_app_cart"),
    "cost_per_checkout": ("spend", 1, "checkout"), "checkout_rate": ("checkout", RATE, "clicks"),
    "cost_per_total_checkout": ("spend", 1, "total_checkout"), "cost_per_launch_app": ("spend", 1, "launch"),
    "launch_app_rate": ("launch", RATE, "clicks"), "cost_per_total_launch_app": ("spend", 1, "total_launch"),
    "cost_per_sales_lead": ("spend", 1, "sales_lead"), "sales_lead_rate": ("sales_lead", RATE, "clicks"),
    "cost_per_total_sales_lead": ("spend", 1, "total_sales_lead"),
    "complete_payment_roas": ("payment_value", PLAIN, "spend"), "cost_per_complete_payment": ("spend", 1, "payment"),
    "complete_payment_rate": ("payment", RATE, "clicks"),
    "value_per_complete_payment": ("payment_value", 1, "payment"),
    "cost_per_landing_page_view": ("spend", 1, "landing"), "landing_page_view_rate": ("landing", RATE, "clicks"),
    "cost_per_pageview": ("spend", 1, "pageview"), "cost_per_button_click": ("spend", 1, "button_click"),
    "button_click_rate": ("button_click", RATE, "clicks"),
    "cost_per_user_registration": ("spend", 1, "web_registration"),
    "user_registration_rate": ("web_registration", RATE, "clicks"),
    "cost_per_page_content_view_event": ("spend", 1, "content_view"),
    "page_content_view_event_rate": ("content_view", RATE, "clicks"),
    "cost_per_web_event_add_to_cart": ("spend", 1, "web_cart"),
    "web_event_add_to_cart_rate": ("web_cart", RATE, "clicks"),
    "value_per_web_event_add_to_cart": ("web_cart_value", 1, "web_cart"),
    "cost_per_initiate_checkout": ("spend", 1, "initiate_checkout"),
    "initiate_checkout_rate": ("initiate_checkout", RATE, "clicks"),
    "value_per_initiate_checkout": ("initiate_checkout_value", 1, "initiate_checkout"),
    "cost_per_form": ("spend", 1, "form"), "form_rate": ("form", RATE, "clicks"),
    "onsite_shopping_roas": ("shop_value", PLAIN, "spend"), "cost_per_onsite_shopping": ("spend", 1, "shop"),
    "onsite_shopping_rate": ("shop", RATE, "clicks"), "value_per_onsite_shopping": ("shop_value", 1, "shop"),
    "cost_per_vta_conversion": ("spend", 1, "vta"), "cost_per_cta_conversion": ("spend", 1, "cta"),
    "cost_per_engaged_view_through_conversion": ("spend", 1, "evta"),
    "cost_per_vta_app_install": ("spend", 1, "vta_install"), "cost_per_cta_app_install": ("spend", 1, "cta_install"),
    "cost_per_evta_app_install": ("spend", 1, "evta_install"),
    "cost_per_vta_registration": ("spend", 1, "vta_registration"),
    "cost_per_cta_registration": ("spend", 1, "cta_registration"),
    "cost_per_evta_registration": ("spend", 1, "evta_registration"),
    "cost_per_vta_purchase": ("spend", 1, "vta_purchase"), "cost_per_cta_purchase": ("spend", 1, "cta_purchase"),
    "cost_per_evta_purchase": ("spend", 1, "evta_purchase"),
    "cost_per_vta_payments_completed": ("spend", 1, "vta_payment"),
    "cost_per_evta_payments_completed": ("spend", 1, "evta_payment"),
    "vta_complete_payment_roas": ("vta_payment_value", PLAIN, "spend"),
} | TABLES.ratios  # fmt: skip
"""Metrics that are a quotient: in hundredths or minor units, numerator * factor / denominator, rounded half up."""

MONEY = {
    "spend": "spend", "billed_cost": "billed", "voucher_spend": "voucher",
    "total_purchase_value": "purchase_value", "total_app_event_add_to_cart_value": "app_cart_value",
    "total_complete_payment_rate": "payment_value", "total_web_event_add_to_cart_value": "web_cart_value",
    "total_initiate_checkout_value": "initiate_checkout_value", "total_onsite_shopping_value": "shop_value",
    "vta_complete_payment_value": "vta_payment_value",
} | TABLES.money  # fmt: skip
"""Metrics that are an amount of money. `total_complete_payment_rate` is one too, despite its name."""

_FORMS = TABLES.forms | MATERIAL_TABLES.forms
_COUNTS, _RATIOS, _MONEY = (
    COUNTS | MATERIAL_TABLES.counts, RATIOS | MATERIAL_TABLES.ratios, MONEY | MATERIAL_TABLES.money,
)  # fmt: skip
"""The same with the metrics that only reports on creatives have."""
_MONEY_VALUES = frozenset(_MONEY.values())

PRICE_LEVELS = {"INR": 11, "NPR": 75, "BRL": 2, "IDR": 15, "KRW": 6, "VND": 26, "AED": 3}
"""How many minor units of a currency buy what a US cent buys, where it is more than one."""

SECONDARY = {
    "secondary_goal_result": ("secondary", 0, ""),
    "cost_per_secondary_goal_result": ("spend", 1, "secondary"),
    "secondary_goal_result_rate": ("secondary", RATE, "impressions"),
}
"""Metrics that only ad groups with a second goal have. Elsewhere they are `-`."""

DAILY_ACCOUNT_ONLY = frozenset({"cash_spend", "voucher_spend"})
"""Metrics that exist only in daily reports at the advertiser level."""

NON_ATTRIBUTES = INTEGERS | DECIMALS | DEPRECATED.keys()

_CENTS = tuple(f"{value // 100}.{value % 100:02d}" for value in range(10_000))


def decimal_text(hundredths: int) -> str:
    """Hundredths as text with two decimals."""
    if 0 <= hundredths < 10_000:
        return _CENTS[hundredths]
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def money_text(minor_units: int, currency: str) -> str:
    """An amount in minor units of a currency as text with the currency's decimals."""
    return str(minor_units) if currency in WITHOUT_DECIMALS else decimal_text(minor_units)


class Values:
    """Where the values of a query's metrics are in a row. Forms are appended to the row as far as metrics need them.

    Args:
        currency: The currency of the account.
    """

    def __init__(self, currency: str) -> None:
        self._level = PRICE_LEVELS.get(currency, 1)
        self._forms: list[tuple[tuple[int, int], ...]] = []
        self._places: dict[str, int] = dict(ROW_INDEX)

    def place(self, name: str) -> int:
        """The place of a value in a completed row."""
        if name not in self._places:
            self._places[name] = len(ROW_INDEX) + len(self._forms)
            factor = self._level if name in _MONEY_VALUES else 1
            self._forms.append(
                tuple((VECTOR_INDEX[item], multiple * factor) for item, multiple in _FORMS[name].items())
            )
        return self._places[name]

    def complete(self, row: list[int]) -> list[int]:
        """A row with the forms appended."""
        if not self._forms:
            return row
        return [*row, *[sum([row[place] * multiple for place, multiple in form]) for form in self._forms]]


class Order:
    """The number that rows are ordered by: counts as they are, all others in hundredths."""

    def __init__(self, metric: str, currency: str) -> None:
        metric = DEPRECATED.get(metric, metric)
        self._values = Values(currency)
        numerator, factor, denominator = _RATIOS.get(metric) or SECONDARY.get(metric) or ("", 0, "")
        numerator = numerator or _COUNTS.get(metric) or _MONEY.get(metric) or "billed"
        self._cash = metric == "cash_spend"
        self._numerator = self._values.place(numerator)
        self._factor = factor
        self._denominator = self._values.place(denominator) if denominator else -1
        self._scale = 100 if currency in WITHOUT_DECIMALS and _is_money(metric) else 1

    def number(self, row: list[int]) -> int:
        """The number of a row."""
        row = self._values.complete(row)
        if self._denominator >= 0:
            divisor = row[self._denominator]
            if not divisor:
                return 0
            return self._scale * (2 * row[self._numerator] * self._factor + divisor) // (2 * divisor)
        voucher = row[VECTOR_INDEX["voucher"]] if self._cash else 0
        return self._scale * (row[self._numerator] - voucher)


def _is_money(metric: str) -> bool:
    """Whether a metric is an amount of money: a sum, or a cost or value per something."""
    if metric in _MONEY or metric == "cash_spend":
        return True
    numerator, _, denominator = _RATIOS.get(metric) or SECONDARY.get(metric) or ("", 0, "")
    return numerator in _MONEY_VALUES and denominator not in _MONEY_VALUES


def additive() -> dict[str, str]:
    """The metrics that add up over ads, days and hours, with the value that each shows. Reach does not add up."""
    sums = {metric: component for metric, component in COUNTS.items() if component not in DERIVED}
    return sums | {"result": "result", "real_time_result": "rt_result"} | MONEY


def unknown(metrics: list[str]) -> list[str]:
    """The names among `metrics` that the API does not have."""
    return [name for name in metrics if name not in ATTRIBUTES and name not in NON_ATTRIBUTES]


class Layout:
    """The text of a query's metrics: constant parts, the attributes of an object, and places for the values of a row.

    Attributes:
        attributes: The attribute metrics of the query.
    """

    def __init__(self, metrics: list[str], currency: str, *, secondary: bool, whole_money: bool = False) -> None:
        without_decimals = currency in WITHOUT_DECIMALS
        self._whole_money = whole_money and not without_decimals
        self._plain_money = without_decimals
        self._values = Values(currency)
        place = self._values.place
        self.attributes = [name for name in metrics if name in ATTRIBUTES]
        counts: list[int] = []
        moneys: list[int] = []
        ratios: list[tuple[int, int, int, bool]] = []
        value_places: list[tuple[str, int]] = []
        pieces: list[str] = []
        for name in metrics:
            text = "%s"
            if name in ATTRIBUTES:
                pieces.append(name)
                continue
            source = DEPRECATED.get(name, name)
            if source in SECONDARY and not secondary:
                text = "-"
            elif source in _COUNTS or source == "secondary_goal_result":
                value_places.append(("count", len(counts)))
                counts.append(place(_COUNTS.get(source, "secondary")))
            elif source in _MONEY or source == "cash_spend":
                value_places.append(("money", len(moneys)))
                moneys.append(-1 if source == "cash_spend" else place(_MONEY[source]))
            else:
                numerator, factor, denominator = _RATIOS.get(source) or SECONDARY[source]
                value_places.append(("ratio", len(ratios)))
                whole = source in INTEGERS or (without_decimals and _is_money(source))
                ratios.append((place(numerator), factor, place(denominator), whole))
            pieces.append(f'"{name}":"{text}"')
        self._pieces = pieces
        self._counts = _getter(counts)
        self._moneys = moneys
        self._ratios = ratios
        start = {"count": 0, "money": len(counts), "ratio": len(counts) + len(moneys)}
        self._order = _getter([start[kind] + position for kind, position in value_places])

    def template(self, attributes: dict[str, str]) -> str:
        """The JSON of the metrics of an object's rows, with `%s` in place of each row's values."""
        fixed = {
            name: f'"{name}":{msgspec.json.encode(attributes[name]).decode().replace("%", "%%")}'
            for name in self.attributes
        }
        return "{" + ",".join([fixed.get(piece, piece) for piece in self._pieces]) + "}"

    def values(self, row: list[int]) -> tuple[Any, ...]:
        """The values of a row (a vector followed by what `derive` adds), in the order of the template."""
        row = self._values.complete(row)
        texts: list[Any] = list(self._counts(row))
        cents = _CENTS
        for index in self._moneys:
            amount = row[index] if index >= 0 else row[25] - row[3]
            if self._plain_money or self._whole_money:
                texts.append(amount if self._plain_money else (amount + 50) // 100)
                continue
            texts.append(cents[amount] if amount < 10_000 else f"{amount // 100}.{amount % 100:02d}")
        for numerator, factor, denominator, whole in self._ratios:
            divisor = row[denominator]
            dividend = row[numerator]
            amount = (2 * dividend * factor + divisor) // (2 * divisor) if divisor else 0
            if whole:
                texts.append(amount)
            else:
                texts.append(cents[amount] if amount < 10_000 else f"{amount // 100}.{amount % 100:02d}")
        ordered: tuple[Any, ...] = self._order(texts)
        return ordered


def derive(vector: list[int], reach: int) -> list[int]:
    """A row: the vector, followed by the row's reach, results and engagements.

    Args:
        vector: The sum over the row's ads and days.
        reach: How many different people saw the ads. It is cut to the number of impressions.
    """
    instant = vector[24]
    return [
        *vector,
        min(reach, vector[0]),
        instant + vector[27],
        instant + vector[_RT_RESULT],
        vector[20] + vector[21],
        vector[20] + vector[22],
    ]


_RT_RESULT = VECTOR_INDEX["rt_late_result"]
assert COMPONENTS[27] == "late_result"  # noqa: S101 - `derive` runs for every row and uses plain indexes
assert COMPONENTS[20:26] == (  # noqa: S101
    "engagements", "engaged_view", "engaged_view_15s", "landing", "instant_result", "billed",
)  # fmt: skip


def _getter(indexes: list[int]) -> Any:
    """A function that gives the values at these indexes as a tuple."""
    if not indexes:
        return lambda _: ()
    if len(indexes) == 1:
        index = indexes[0]
        return lambda values: (values[index],)
    return itemgetter(*indexes)
