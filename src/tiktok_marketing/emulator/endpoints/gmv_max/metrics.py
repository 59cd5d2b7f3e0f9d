"""The metrics of the GMV Max report: sums as text, quotients of them, and what describes an object."""

from collections.abc import Callable, Iterable
from datetime import datetime

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.identities import Identity
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign
from tiktok_marketing.emulator.business.shop.figures import INDEX, Vector
from tiktok_marketing.emulator.business.shop.products import Post, Product, Room
from tiktok_marketing.emulator.endpoints.envelope import utc_text
from tiktok_marketing.emulator.endpoints.gmv_max.levels import Level
from tiktok_marketing.emulator.endpoints.gmv_max.rows import CARD, Row, room_start, status_of
from tiktok_marketing.emulator.endpoints.reports.metrics import decimal_text, money_text

Value = str | int | float
"""The value of a metric: a text, except for those of all shops, which TikTok types as numbers."""

_YEARS = 10
_PERCENT = 10_000
_RATIOS = {
    "cost_per_order": ("cost", "orders"),
    "cost_per_live_view": ("cost", "live_views"),
    "cost_per_10_second_live_view": ("cost", "10_second_live_views"),
    "all_shops_cost_per_order": ("cost", "all_shops_orders"),
}
"""Amounts of money per piece."""
_RETURNS = {"roi": "gross_revenue", "all_shops_roi": "all_shops_gross_revenue"}
_RATES = {
    "product_click_rate": ("product_clicks", "product_impressions"), "ad_click_rate": ("ad_clicks", "plays"),
    "ad_conversion_rate": ("conversions", "product_clicks"),
    "ad_video_view_rate_2s": ("watched_2s", "plays"), "ad_video_view_rate_6s": ("watched_6s", "plays"),
    "ad_video_view_rate_p25": ("p25", "plays"), "ad_video_view_rate_p50": ("p50", "plays"),
    "ad_video_view_rate_p75": ("p75", "plays"), "ad_video_view_rate_p100": ("p100", "plays"),
}  # fmt: skip
"""Percentages."""
_AMOUNTS = frozenset({"cost", "net_cost", "gross_revenue", "all_shops_gross_revenue"})
_NUMBERS = frozenset({"all_shops_cost_per_order", "all_shops_orders", "all_shops_gross_revenue", "all_shops_roi"})


class Metrics:
    """Computes the metrics of rows.

    Args:
        level: The level of the rows.
        currency: The currency of the account that asks.
        today: The present day of the account that asks, as an ordinal.
        now: The time, in seconds since 1970.
        identity: The TikTok account of the store. None if the account that asks has no permission for it.
    """

    def __init__(self, level: Level, account: Account, today: int, now: int, identity: Identity | None) -> None:
        self._cost = "item_cost" if level.item_costs else "cost"
        self._account = account
        self._currency = account.template.currency
        self._today = today
        self._now = now
        self._identity = identity

    def number(self, name: str, vector: Vector) -> int:
        """A metric as a number: minor units, pieces, or hundredths of a quotient."""
        if name in _RATIOS:
            above, below = _RATIOS[name]
            return _quotient(self._value(above, vector), self._value(below, vector))
        if name in _RETURNS:
            return _quotient(self._value(_RETURNS[name], vector) * 100, self._value("cost", vector))
        if name in _RATES:
            above, below = _RATES[name]
            return _quotient(self._value(above, vector) * _PERCENT, self._value(below, vector))
        return self._value(name, vector)

    def shown(self, names: Iterable[str], row: Row) -> dict[str, Value]:
        """Metrics of a row, as the report shows them."""
        describing = self._describing(row)
        return {name: describing[name]() if name in describing else self.sum_shown(name, row.vector) for name in names}

    def sum_shown(self, name: str, vector: Vector) -> Value:
        """A metric that counts or costs, as the report shows it."""
        number = self.number(name, vector)
        if name in _AMOUNTS or name in _RATIOS:
            text = money_text(number, self._currency)
        elif name in _RETURNS or name in _RATES:
            text = decimal_text(number)
        else:
            text = str(number)
        if name not in _NUMBERS:
            return text
        return float(text) if "." in text else int(text)

    def _value(self, name: str, vector: Vector) -> int:
        return vector[INDEX[self._cost if name == "cost" else name]]

    # -- what describes an object

    def _describing(self, row: Row) -> dict[str, Callable[[], str]]:
        subject = row.subject
        found: dict[str, Callable[[], str]] = {}
        if subject.campaign:
            found |= self._of_campaign(subject.campaign, subject.bid_type)
        if subject.product:
            found |= self._of_product(subject.product)
            found |= self._of_post(subject.product, subject.post)
        if subject.campaign and subject.room:
            found |= self._of_room(subject.campaign, subject.room)
        return found

    def _of_campaign(self, campaign: ShopCampaign, bid_type: str) -> dict[str, Callable[[], str]]:
        identity = self._identity
        return {
            "campaign_id": lambda: str(campaign.id),
            "campaign_name": lambda: campaign.name,
            "operation_status": lambda: campaign.operation_status(self._now),
            "schedule_type": lambda: "Continuously",
            "schedule_start_time": lambda: utc_text(campaign.created),
            "schedule_end_time": lambda: utc_text(campaign.created + _YEARS * 365 * DAY),
            "target_roi_budget": lambda: money_text(budget(campaign), self._currency),
            "bid_type": lambda: bid_type,
            "max_delivery_budget": lambda: money_text(max_delivery_budget(campaign, self._now), self._currency),
            "roas_bid": lambda: "0.00" if bid_type == "NO_BID" else decimal_text(roas_bid(campaign)),
            "tt_account_name": lambda: identity.name if identity else "0",
            "tt_account_profile_image_url": lambda: avatar(identity.key) if identity else "0",
            "identity_id": lambda: identity.id if identity else "0",
        }

    @staticmethod
    def _of_product(product: Product) -> dict[str, Callable[[], str]]:
        return {
            "product_name": lambda: product.name,
            "item_group_id": lambda: product.id,
            "product_image_url": lambda: product_image(product),
            "product_status": lambda: product.status,
        }

    def _of_post(self, product: Product, post: Post | None) -> dict[str, Callable[[], str]]:
        if post is None:
            texts = {
                "title": product.name, "item_id": CARD, "tt_account_name": CARD, "tt_account_profile_image_url": "",
                "tt_account_authorization_type": "UNSET", "shop_content_type": "PRODUCT_CARD",
            }  # fmt: skip
        else:
            known = self._identity is not None and post.authorization != "AFFILIATE"
            texts = {
                "title": post.text, "item_id": post.id, "tt_account_name": post.author if known else "0",
                "tt_account_profile_image_url": avatar(post.key) if known else "0",
                "tt_account_authorization_type": post.authorization, "shop_content_type": "VIDEO",
            }  # fmt: skip
        texts["creative_delivery_status"] = status_of(post, self._today)
        return {name: lambda text=text: text for name, text in texts.items()}  # type: ignore[misc]

    def _of_room(self, campaign: ShopCampaign, room: Room) -> dict[str, Callable[[], str]]:
        opened = room_start(campaign.account, room)
        ended = opened + 60 * room.minutes <= self._now
        launched = datetime.fromtimestamp(opened, self._account.zone)
        return {
            "live_name": lambda: room.name,
            "live_status": lambda: "END" if ended else "ONGOING",
            "live_launched_time": lambda: f"{launched:%Y-%m-%d %H:%M:%S}",
            "live_duration": lambda: f"{room.minutes // 60}h {room.minutes % 60}m",
        }


def budget(campaign: ShopCampaign) -> int:
    """The daily budget of a campaign for its target return, in minor units."""
    return campaign.account.template.cpm * (150 + campaign.key % 100)


def max_delivery_budget(campaign: ShopCampaign, now: int) -> int:
    """The daily budget of a session of maximum delivery that is running, in minor units. 0 if there is none."""
    today = campaign.account.ordinal(now)
    return sum(
        session.budget
        for session in campaign.sessions(now)
        if session.bid_type == "NO_BID" and session.first_day <= today <= session.last_day
    )


def roas_bid(campaign: ShopCampaign) -> int:
    """The return that a campaign aims at, in hundredths."""
    return 250 + campaign.key % 8 * 50


def avatar(key: int) -> str:
    """The address of a TikTok account's picture."""
    return f"https://p16-ad.example/avatar/{key & 0xFFFFFFFFFFFFFFFF:016x}"


def product_image(product: Product) -> str:
    """The address of a product's picture."""
    return f"https://p16-oec.example/product/{product.key:016x}.jpeg"


def _quotient(above: int, below: int) -> int:
    """A quotient, rounded half up. 0 if there is nothing to divide by."""
    return (2 * above + below) // (2 * below) if below else 0
