"""What GMV Max campaigns deliver, by hour, for each post, product card and LIVE room.

All figures are whole numbers of the smallest parts, so that they add up: hours to days, posts and product cards to
products, products and rooms to campaigns, and campaigns to the store.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise

import msgspec

from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.business.lateness import uncorrected
from tiktok_marketing.emulator.business.shop.campaigns import ShopCampaign, shop_campaigns
from tiktok_marketing.emulator.business.shop.products import Post, Product, Room, posts, products, rooms
from tiktok_marketing.emulator.randomness import Dice, keyed

COMPONENTS = (
    "cost", "item_cost", "net_cost", "orders", "gross_revenue", "product_impressions", "product_clicks", "conversions",
    "ad_clicks", "plays", "watched_2s", "watched_6s", "p25", "p50", "p75", "p100", "live_views", "10_second_live_views",
    "live_follows", "all_shops_orders", "all_shops_gross_revenue",
)  # fmt: skip
"""The names of the values of a part, in order. `item_cost` is the cost as reports on products and posts show it."""

INDEX = {name: index for index, name in enumerate(COMPONENTS)}
MONEY = tuple(INDEX[name] for name in ("cost", "item_cost", "net_cost", "gross_revenue", "all_shops_gross_revenue"))
"""The values that are amounts of money, in minor units."""

_LATE = frozenset({INDEX["item_cost"], INDEX["net_cost"]})
"""The values that come late. They are rounded as the cost is, which they equal in the end."""
_ORDERS, _REVENUE, _CONVERSIONS = INDEX["orders"], INDEX["gross_revenue"], INDEX["conversions"]
_ALL_ORDERS, _ALL_REVENUE = INDEX["all_shops_orders"], INDEX["all_shops_gross_revenue"]
_GROWING = frozenset({_ORDERS, _CONVERSIONS, _ALL_ORDERS})
_VALUES_OF_ORDERS = {_REVENUE: _ORDERS, _ALL_REVENUE: _ALL_ORDERS}
_KEPT_DAYS = 1_000
"""How many days of campaigns are kept at most."""
_CARD_WEIGHT = 9
_ORGANIC_DAYS = 60
"""For how many days after its promotion a post may still bring orders."""
_ORGANIC_CHANCE = 12
"""The percentage of a post's days on which it brings orders without cost."""
_SESSION_FACTOR = 5

Vector = list[int]
"""The values of a part in the order of `COMPONENTS`."""


class Part(msgspec.Struct, frozen=True):
    """The smallest part of what a campaign delivers on a day, as if the day were over.

    Attributes:
        campaign: The campaign.
        ordinal: The day.
        product: The product. None for a LIVE room.
        post: The post. None for a product card and for a LIVE room.
        room: The LIVE room. None for posts and product cards.
        hours: The first hour in which it delivers, and the one after the last.
        price: What an order brings, in minor units.
        bits: Decides how its values are spread over the hours.
        whole: The values of the whole day. Those in money that follow from orders are missing.
    """

    campaign: ShopCampaign
    ordinal: int
    product: Product | None
    post: Post | None
    room: Room | None
    hours: tuple[int, int]
    price: int
    bits: int
    whole: Vector


class ShopFigures:
    """What the GMV Max campaigns of an account show at one time.

    Args:
        figures: The figures of the account at that time, which say what is shown of each day.
    """

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self._parts: dict[tuple[int, int], list[Part]] = {}

    # -- spend, as TT_SHOP reports show it

    def spend(self, campaign: ShopCampaign, ordinal: int) -> int:
        """What a campaign has spent on a day, in minor units of the currency."""
        if ordinal > self.figures.last_day:
            return 0
        shown, _, total = self.figures.weights_shown(ordinal)
        if shown == total:
            return self._cost(campaign, ordinal)
        return sum(self.day(part)[0] for part in self.parts(campaign, ordinal))

    def total_spend(self) -> int:
        """What all campaigns of the account have spent since they began."""
        return sum(
            self.spend(campaign, ordinal)
            for campaign in shop_campaigns(self.figures.account)
            for ordinal in range(campaign.first_day, self.figures.last_day + 1)
        )

    def by_country(self, campaign: ShopCampaign, ordinal: int) -> dict[str, int]:
        """The same by country. Countries without spend are left out."""
        amount = self.spend(campaign, ordinal)
        shares = dict.fromkeys(campaign.countries[1:], amount // 5)
        shares[campaign.countries[0]] = amount - sum(shares.values())
        return {country: share for country, share in shares.items() if share}

    def billed(self, ordinal: int, spend: int) -> int:
        """What of a day's spend is billed. Billed costs come later than the spend."""
        shown, billed, _ = self.figures.weights_shown(ordinal)
        return spend * billed // shown

    # -- parts

    def parts(self, campaign: ShopCampaign, ordinal: int) -> list[Part]:
        """The parts of a campaign on a day, with or without cost."""
        if not campaign.first_day <= ordinal <= min(campaign.last_day, self.figures.last_day):
            return []
        parts = self._parts.get((campaign.id, ordinal))
        if parts is None:
            if len(self._parts) >= _KEPT_DAYS:
                self._parts.clear()
            make = self._rooms if campaign.is_live else self._items
            parts = self._parts[campaign.id, ordinal] = list(make(campaign, ordinal))
        return parts

    def day(self, part: Part) -> Vector:
        """What is shown of a part on its day."""
        return self.until(part, len(self.figures.day(part.ordinal).ends))

    def until(self, part: Part, hour: int) -> Vector:
        """What is shown of a part before an hour of its day begins. Hours are places in the day."""
        figures, ordinal = self.figures, part.ordinal
        edges = figures.day(ordinal).cumulative
        start, end = (edges[min(place, len(edges) - 1)] for place in part.hours)
        width = end - start
        known = figures.weights_shown(ordinal)[0]
        shown = max(0, min(known - start, width))
        late = max(0, min(figures.item_costs_shown(ordinal) - start, width))
        edge = max(0, min(edges[hour] - start, width))
        share = figures.order_share(ordinal)
        if edge == shown == late == width:
            return self._complete(part, share)
        vector = [0] * len(COMPONENTS)
        for component, value in enumerate(part.whole):
            if not value:
                continue
            shift = (part.bits >> (0 if component in _LATE else component)) % width
            if component in _GROWING:
                amount = (((value * share + 512) >> 10) * shown + shift) // width
                vector[component] = (amount * min(edge, shown) + shift % shown) // shown if amount else 0
            else:
                weight = min(edge, late if component in _LATE else shown)
                vector[component] = (value * weight + shift) // width
        for component, orders in _VALUES_OF_ORDERS.items():
            vector[component] = vector[orders] * part.price
        return vector

    @staticmethod
    def _complete(part: Part, share: int) -> Vector:
        """A part of which everything is shown that is known."""
        vector = list(part.whole)
        for component in _GROWING:
            vector[component] = (vector[component] * share + 512) >> 10
        for component, orders in _VALUES_OF_ORDERS.items():
            vector[component] = vector[orders] * part.price
        return vector

    def _cost(self, campaign: ShopCampaign, ordinal: int) -> int:
        """What a campaign spends on a whole day, as it is before or after the day's correction."""
        cost = campaign.whole_cost(ordinal)
        if campaign.is_live and not any(room.paid for room in self._open_rooms(campaign, ordinal)):
            return 0
        return cost if self.figures.is_corrected(ordinal) else uncorrected(cost, keyed(campaign.key, ordinal, 54))

    # -- products and posts

    def _items(self, campaign: ShopCampaign, ordinal: int) -> Iterator[Part]:
        account = campaign.account
        boosted = {
            session.product
            for session in campaign.sessions(self.figures.now)
            if session.first_day <= ordinal <= session.last_day
        }
        entries: list[tuple[Product, Post | None, int]] = []
        for place in campaign.products:
            product = products(account)[place]
            factor = _SESSION_FACTOR if place in boosted else 1
            entries.append((product, None, _CARD_WEIGHT * factor))
            entries += [
                (product, post, post.weight(ordinal) * factor)
                for post in posts(account, place, self.figures.now)
                if post.first_day <= ordinal <= post.last_day + _ORGANIC_DAYS
            ]
        costs = _split(self._cost(campaign, ordinal), [weight for _, _, weight in entries])
        for (product, post, _), cost in zip(entries, costs, strict=True):
            key = keyed(campaign.key, ordinal, post.key if post else product.key)
            organic = 1 + (key >> 20) % 2 if post and key % 100 < _ORGANIC_CHANCE else 0
            if not cost and not organic:
                continue
            dice = Dice(key, 55)
            price = max(1, product.price * dice.between(90, 110) // 100)
            whole = self._spent(campaign, ordinal, cost, cost * dice.between(250, 600) // 100, price, organic, dice)
            self._fill_item(whole, dice, campaign.account.template.cpm, video=post is not None)
            yield Part(campaign, ordinal, product, post, None, (0, 24), price, key, whole)

    @staticmethod
    def _fill_item(whole: Vector, dice: Dice, cpm: int, *, video: bool) -> None:
        """Put the impressions, clicks and views of a post or product card into its vector."""

        def put(name: str, source: str, low: int, high: int) -> None:
            whole[INDEX[name]] = whole[INDEX[source]] * dice.between(low, high) // 1000

        whole[INDEX["product_impressions"]] = whole[0] * 1000 // cpm
        put("product_clicks", "product_impressions", 9, 32)
        whole[_CONVERSIONS] = min(whole[_CONVERSIONS], whole[INDEX["product_clicks"]])
        put("ad_clicks", "product_clicks", 700, 950)
        if not video:
            return
        put("plays", "product_impressions", 860, 980)
        put("watched_2s", "plays", 250, 480)
        put("watched_6s", "watched_2s", 250, 450)
        put("p25", "plays", 180, 330)
        put("p50", "p25", 380, 560)
        put("p75", "p50", 480, 640)
        put("p100", "p75", 400, 650)

    # -- LIVE rooms

    @staticmethod
    def _open_rooms(campaign: ShopCampaign, ordinal: int) -> list[Room]:
        """The rooms that are open on a day."""
        return [room for room in rooms(campaign, ordinal - 1, ordinal) if range(*room.hours_on(ordinal))]

    def _rooms(self, campaign: ShopCampaign, ordinal: int) -> Iterator[Part]:
        chosen = self._open_rooms(campaign, ordinal)
        weights = [len(range(*room.hours_on(ordinal))) if room.paid else 0 for room in chosen]
        for room, cost in zip(chosen, _split(self._cost(campaign, ordinal), weights), strict=True):
            key = keyed(campaign.key, ordinal, room.key)
            dice = Dice(key, 56)
            account = campaign.account
            price = max(1, products(account)[room.key % len(account.template.products)].price)
            whole = self._spent(
                campaign, ordinal, cost, cost * dice.between(300, 700) // 100, price, dice.below(4), dice
            )
            whole[_ALL_ORDERS] = whole[_ORDERS] + whole[_ORDERS] * dice.below(30) // 100
            whole[INDEX["live_views"]] = dice.between(20, 300) + cost * 600 // account.template.cpm
            whole[INDEX["10_second_live_views"]] = whole[INDEX["live_views"]] * dice.between(150, 400) // 1000
            whole[INDEX["live_follows"]] = whole[INDEX["live_views"]] * dice.between(1, 9) // 1000
            yield Part(campaign, ordinal, None, None, room, room.hours_on(ordinal), price, key, whole)

    @staticmethod
    def _spent(
        campaign: ShopCampaign, ordinal: int, cost: int, revenue: int, price: int, organic: int, dice: Dice
    ) -> Vector:
        """A vector with costs and orders. Some days are paid with ad credit in part."""
        whole = [0] * len(COMPONENTS)
        credited = keyed(campaign.key, ordinal, 53) % 3 == 0
        paid = (revenue + dice.below(price)) // price if cost else 0
        whole[INDEX["cost"]] = whole[INDEX["item_cost"]] = cost
        whole[INDEX["net_cost"]] = cost * 70 // 100 if credited else cost
        whole[_ORDERS] = paid + organic
        whole[_CONVERSIONS] = paid
        return whole


def _split(amount: int, weights: list[int]) -> list[int]:
    """An amount in parts that add up to it. Without any weight there is nothing to split."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    edges = [amount * weight // total for weight in accumulate(weights, initial=0)]
    return [end - begin for begin, end in pairwise(edges)]
