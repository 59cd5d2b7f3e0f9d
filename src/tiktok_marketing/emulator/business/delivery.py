"""What ads deliver: a vector of whole numbers per ad and day, from which every metric is computed.

All components of a vector are counts or hundredths of the currency, so that addition is exact: hours to days, and ads
to ad groups, campaigns and the account. A day's vector is spread over its hours by rounding down running totals, which
loses nothing.

Immediate components are known when their hour is shown (`lateness.py`), except for counts of people and what was
billed, which are shown later. Late components follow from conversions: some of a day's conversions are known on that
day, and the rest become known over the days of the ad group's click window, as attribution catches up. Components by
conversion time (`rt_...`) count for each day what became known on it. Over all days both have the same sum.
"""

from tiktok_marketing.emulator.business.business import FOREVER, Account, Ad
from tiktok_marketing.emulator.business.days import WEEKDAY_WEIGHTS, LocalDay, local_day, local_ordinal
from tiktok_marketing.emulator.business.lateness import (
    Extent,
    Movement,
    corrected_until,
    hours_shown,
    item_costs_shown,
    known_conversions,
    orders_known,
    people_shown,
    uncorrected,
)
from tiktok_marketing.emulator.randomness import Dice, keyed, mix

IMMEDIATE = (
    "impressions", "clicks", "spend", "voucher", "gross_impressions", "reach", "plays", "play_time", "watched_2s",
    "watched_6s", "p25", "p50", "p75", "p100", "likes", "comments", "shares", "follows", "profile_visits", "music",
    "engagements", "engaged_view", "engaged_view_15s", "landing", "instant_result", "billed",
)  # fmt: skip
LATE = (
    "conversion", "late_result", "install", "registration", "total_registration", "purchase", "total_purchase",
    "purchase_value", "app_cart", "total_app_cart", "app_cart_value", "checkout", "total_checkout", "launch",
    "total_launch", "lead", "total_lead", "payment", "payment_value", "web_cart", "web_cart_value",
    "initiate_checkout", "initiate_checkout_value", "content_view", "pageview", "form", "web_registration",
    "button_click", "shop", "shop_value", "cta", "vta", "evta", "cta_install", "vta_install", "evta_install",
    "cta_registration", "vta_registration", "evta_registration", "cta_purchase", "vta_purchase", "evta_purchase",
    "vta_payment", "vta_payment_value", "evta_payment", "skan", "secondary", "onsite_cart", "onsite_view",
    "onsite_lead",
)  # fmt: skip
REAL_TIME = ("rt_conversion", "rt_late_result", "rt_install")
COMPONENTS = (*IMMEDIATE, *LATE, *REAL_TIME)
"""The names of a vector's components, in order. Only `reach`, the viewers of one ad on one day, does not add up."""

VECTOR_INDEX = {name: index for index, name in enumerate(COMPONENTS)}
VECTOR_SIZE = len(COMPONENTS)
ZERO_VECTOR = [0] * VECTOR_SIZE
MIN_IMPRESSIONS = 500
"""The least impressions on a whole day of an ad, unless it only trickles."""

_UNIT = 20
_ONE = 1 << _UNIT
_MASK = _ONE - 1
_LATE_START = len(IMMEDIATE)
_LATE_END = _LATE_START + len(LATE)
_CONVERSION = VECTOR_INDEX["conversion"]
_SPEND, _VOUCHER, _BILLED = VECTOR_INDEX["spend"], VECTOR_INDEX["voucher"], VECTOR_INDEX["billed"]
_SLOW = frozenset({VECTOR_INDEX["reach"], VECTOR_INDEX["voucher"], VECTOR_INDEX["billed"]})
"""The components that are shown about sixteen hours late."""
_ALIKE = {"billed": "spend"}
SALT = tuple((mix(VECTOR_INDEX[_ALIKE.get(name, name)]) & 0xFFFFFFFF) | 1 for name in COMPONENTS)
"""For each component, an odd number that makes its randomness independent of the others. What is billed is rounded as
the spend is."""

_TAKEN_BACK = 0x7A4B
_TAKEN_BACK_AFTER = 2

Chain = tuple[tuple[int, int, int, int], ...]
"""Components, each with the component that it comes from, its rate in 1/2^20, and its salt."""

_LATE_RATES: dict[str, dict[str, tuple[str, int]]] = {
    "web": {
        "payment": ("conversion", 1000), "payment_value": ("payment", 4_800_000), "web_cart": ("conversion", 3100),
        "web_cart_value": ("web_cart", 5_100_000), "initiate_checkout": ("conversion", 1700),
        "initiate_checkout_value": ("initiate_checkout", 5_000_000), "content_view": ("conversion", 9800),
        "pageview": ("conversion", 21_000), "web_registration": ("conversion", 240),
        "button_click": ("conversion", 5200), "vta_payment": ("payment", 180),
        "vta_payment_value": ("vta_payment", 4_700_000), "evta_payment": ("payment", 60),
    },
    "app": {
        "install": ("conversion", 1000), "registration": ("conversion", 420),
        "total_registration": ("registration", 1060), "purchase": ("conversion", 90),
        "total_purchase": ("purchase", 1450), "purchase_value": ("total_purchase", 990_000),
        "app_cart": ("conversion", 160), "total_app_cart": ("app_cart", 1700),
        "app_cart_value": ("total_app_cart", 820_000), "checkout": ("conversion", 110),
        "total_checkout": ("checkout", 1200), "launch": ("conversion", 930), "total_launch": ("launch", 6400),
        "cta_install": ("cta", 1000), "vta_install": ("vta", 1000), "evta_install": ("evta", 1000),
        "cta_registration": ("cta", 420), "vta_registration": ("vta", 400), "evta_registration": ("evta", 380),
        "cta_purchase": ("cta", 90), "vta_purchase": ("vta", 85), "evta_purchase": ("evta", 80),
        "skan": ("conversion", 300), "secondary": ("conversion", 90),
    },
    "lead": {
        "lead": ("conversion", 1000), "total_lead": ("lead", 1080), "form": ("conversion", 1000),
        "content_view": ("conversion", 6300), "pageview": ("conversion", 12_000), "button_click": ("conversion", 2500),
        "onsite_lead": ("conversion", 640),
    },
    "shop": {
        "shop": ("conversion", 1000), "shop_value": ("shop", 3_900_000), "content_view": ("conversion", 7000),
        "purchase_value": ("conversion", 0), "onsite_cart": ("conversion", 2600), "onsite_view": ("conversion", 7400),
    },
}  # fmt: skip
"""For each profile, late components in thousandths of another component, or in hundredths of the currency per unit."""

_PER_MILLE_OF_CLICKS = {"web": 42, "app": 110, "lead": 75, "shop": 48, "traffic": 4, "community": 4}
_INSTANT_RESULT = {"reach": "reach", "traffic": "clicks", "video": "watched_6s", "community": "follows"}


class Model:
    """How one ad turns impressions into everything else.

    Attributes:
        instant: The immediate components.
        conversion_rate: Conversions per click, in 1/2^20.
        late: The late components.
        rt: The components by conversion time.
        secondary: Whether its ad group has a second goal.
        slow: The components that are shown about sixteen hours late. Among them are the results of an ad whose goal is
            reach.
        sources: Every component and the component that it comes from, which stands before it.
    """

    __slots__ = ("conversion_rate", "instant", "late", "rt", "secondary", "slow", "sources")

    def __init__(self, ad: Ad) -> None:
        campaign = ad.group.campaign
        account = campaign.account
        profile = campaign.profile
        dice = Dice(ad.key, 11)

        def rate(per_mille: int, spread: int = 30) -> int:
            return per_mille * _ONE // 1000 * dice.between(100 - spread, 100 + spread) // 100

        def below_one(per_mille: int) -> int:
            return min(rate(per_mille, 12), _MASK)

        price = account.template.cpm * (140 if profile in {"web", "app", "lead", "shop"} else 70) // 100
        chain: list[tuple[str, str, int]] = [
            ("clicks", "impressions", rate(24 if profile == "traffic" else 11, 55)),
            ("spend", "impressions", rate(price, 35)),
            ("voucher", "spend", (0, 3, 5)[account.index % 3] * _ONE // 100),
            ("gross_impressions", "impressions", _ONE + rate(18)),
            ("reach", "impressions", below_one(810)),
            ("plays", "impressions", below_one(870)),
            ("play_time", "plays", rate(420_000)),
            ("watched_2s", "plays", below_one(430)),
            ("watched_6s", "watched_2s", below_one(330)),
            ("p25", "plays", below_one(380)),
            ("p50", "p25", below_one(480)),
            ("p75", "p50", below_one(560)),
            ("p100", "p75", below_one(620)),
            ("likes", "plays", rate(9, 80)),
            ("comments", "likes", rate(40, 60)),
            ("shares", "likes", rate(55, 60)),
            ("follows", "plays", rate(26 if profile == "community" else 1, 60)),
            ("profile_visits", "plays", rate(14 if profile == "community" else 3, 60)),
            ("music", "plays", rate(1, 90)),
            ("engaged_view", "watched_6s", below_one(700)),
            ("engaged_view_15s", "engaged_view", below_one(410)),
            ("landing", "clicks", below_one(720)),
            ("billed", "spend", _ONE),
        ]
        if profile in _INSTANT_RESULT:
            chain.append(("instant_result", _INSTANT_RESULT[profile], _ONE))
        self.instant = _compile(chain)
        self.conversion_rate = rate(_PER_MILLE_OF_CLICKS.get(profile, 0), 45)
        late: list[tuple[str, str, int]] = [] if profile in _INSTANT_RESULT else [("late_result", "conversion", _ONE)]
        late += [
            ("vta", "conversion", below_one(210)),
            ("evta", "conversion", below_one(80)),
            ("cta", "conversion", below_one(700)),
        ]
        for component, (source, per_mille) in _LATE_RATES.get(profile, {}).items():
            exact = per_mille == 1000
            scaled = per_mille * account.template.cpm // 780 if component.endswith("_value") else per_mille
            least = _ONE if component.startswith("total_") else 0  # events are no fewer than the people behind them
            late.append((component, source, _ONE if exact else max(least, rate(scaled, 20))))
        self.late = _compile(late)
        rt: list[tuple[str, str, int]] = []
        if profile not in _INSTANT_RESULT:
            rt.append(("rt_late_result", "rt_conversion", _ONE))
        if profile == "app":
            rt.append(("rt_install", "rt_conversion", _ONE))
        self.rt = _compile(rt)
        self.secondary = profile == "app"
        self.slow = _SLOW | {VECTOR_INDEX["instant_result"]} if profile == "reach" else _SLOW
        self.sources: tuple[tuple[int, int], ...] = (
            (0, 0),
            *((component, source) for component, source, _, _ in self.instant),
            (VECTOR_INDEX["engagements"], 0),
            (_CONVERSION, VECTOR_INDEX["clicks"]),
            *((component, source) for component, source, _, _ in self.late),
            (_LATE_END, 0),
            *((component, source) for component, source, _, _ in self.rt),
        )


def _compile(steps: list[tuple[str, str, int]]) -> Chain:
    """A chain with indexes in place of names. Components that stay zero are left out."""
    return tuple(
        (VECTOR_INDEX[component], VECTOR_INDEX[source], rate, SALT[VECTOR_INDEX[component]])
        for component, source, rate in steps
        if rate
    )


class Figures:
    """The figures of one account as they are at one time.

    Attributes:
        account: The account.
        now: The time, in seconds since 1970.
        today: The ordinal of the local day at `now`.
        open_day: The first day (ordinal) that is not shown completely: today or, while its last hours are late,
            yesterday.
        last_day: The last day (ordinal) with figures.
        version: A number that changes when the figures do.
    """

    def __init__(self, account: Account, now: int, movement: Movement, models: dict[int, Model] | None = None) -> None:
        self.account = account
        self.now = now
        self.today = local_ordinal(account.zone, now)
        self._movement = movement
        self._shown = hours_shown(account, now, movement)
        self._slow = people_shown(account, now, self._shown, movement)
        self._item_costs: Extent | None = None
        self._corrected = corrected_until(account, now, movement)
        self._models = models if models is not None else {}
        self._by_hour = _LATE_START if movement.late_conversions else VECTOR_SIZE
        self.open_day = self._shown.day
        self.last_day = self.open_day if self._shown.hours else self.open_day - 1
        extents = (self._shown, self._slow)
        self.version = keyed(
            self.today, self._corrected, *(value for item in extents for value in (item.day, item.weight))
        )

    def day(self, ordinal: int) -> LocalDay:
        """A local day of the account."""
        return local_day(self.account.zone, ordinal)

    def hours_shown(self, ordinal: int) -> int:
        """How many labelled hours of a day have figures."""
        if ordinal < self.open_day:
            return len(self.day(ordinal).labels)
        return self._shown.hours if ordinal == self.open_day else 0

    def weights_shown(self, ordinal: int) -> tuple[int, int, int]:
        """What is shown of a day: its weight for most figures, for slow ones (billed costs), and all of it."""
        total = self.day(ordinal).total
        return self._shown.weight_of(ordinal, total), self._slow.weight_of(ordinal, total), total

    def item_costs_shown(self, ordinal: int) -> int:
        """The weight that is shown of a day for net costs of GMV Max, and for the costs of its products and posts."""
        if self._item_costs is None:
            self._item_costs = item_costs_shown(self.account, self.now, self._shown, self._movement)
        return self._item_costs.weight_of(ordinal, self.day(ordinal).total)

    def order_share(self, ordinal: int) -> int:
        """Of 1,024 orders that a GMV Max campaign brings on a day, how many are known."""
        return orders_known(self.open_day - ordinal, self._movement)

    def is_corrected(self, ordinal: int) -> bool:
        """Whether TikTok has corrected the figures of a day."""
        return ordinal <= self._corrected

    def model(self, ad: Ad) -> Model:
        """The ad's model. Models are kept between calls."""
        model = self._models.get(ad.key)
        if model is None:
            if len(self._models) > 50_000:
                self._models.clear()
            model = self._models[ad.key] = Model(ad)
        return model

    def span(self, ad: Ad, first: int, last: int) -> range:
        """The days from `first` to `last` on which the ad may have impressions or conversions."""
        if not ad.daily_impressions:
            return range(0)
        late = 0 if self.account.sandbox_days else len(known_conversions(ad, self._movement)) - 1
        tail = ad.last_day + late if ad.last_day < FOREVER else FOREVER
        return range(max(first, ad.first_day), min(last, tail, self.last_day) + 1)

    def series(self, ad: Ad, first: int, last: int) -> list[tuple[int, list[int]]]:
        """The ad's days with data from `first` to `last` (ordinals, inclusive), with their vectors."""
        span = self.span(ad, first, last)
        if not span:
            return []
        model = self.model(ad)
        lag = known_conversions(ad, self._movement)
        finals: dict[int, tuple[int, int]] = {}
        rows: list[tuple[int, list[int]]] = []
        for ordinal in range(max(ad.first_day, span.start - len(lag) + 1), span.start):
            if ordinal <= ad.last_day:
                self._final(ad, model, ordinal, finals)
        for ordinal in span:
            vector = [0] * VECTOR_SIZE
            if ordinal <= ad.last_day:
                self._fill(ad, model, ordinal, vector, finals, lag)
            if finals:
                self._fill_real_time(model, ordinal, vector, finals, lag)
            if ordinal >= self._slow.day:
                self._cut(ad, model, ordinal, vector)
            if any(vector) and not self.takes_back(ad, ordinal):
                rows.append((ordinal, vector))
        return rows

    def takes_back(self, ad: Ad, ordinal: int) -> bool:
        """Whether TikTok has taken back the ad's figures of a day, as it does with invalid traffic."""
        percent = self._movement.taken_back
        if not percent or self.today - ordinal < _TAKEN_BACK_AFTER:
            return False
        return mix(ad.key ^ ordinal ^ _TAKEN_BACK) % 100 < percent

    def days_taken_back(self, ad: Ad, span: range) -> range | list[int]:
        """The days of a span whose figures TikTok has taken back."""
        return [ordinal for ordinal in span if self.takes_back(ad, ordinal)] if self._movement.taken_back else range(0)

    def hours(self, ad: Ad, ordinal: int) -> list[tuple[int, list[int]]]:
        """The ad's hours with data on one day: labels and vectors. They add up to the day's vector exactly."""
        rows = self.series(ad, ordinal, ordinal)
        if not rows:
            return []
        vector = rows[0][1]
        day = self.day(ordinal)
        shown = self.hours_shown(ordinal)
        known, known_late = (extent.weight_of(ordinal, day.total) for extent in (self._shown, self._slow))
        edges = [min(edge, known) for edge in day.cumulative[1 : shown + 1]]
        late_edges = [min(edge, known_late) for edge in edges]
        slow = self.model(ad).slow
        random_bits = mix(ad.key ^ ordinal)
        whole = self._whole(ad, ordinal) if known_late < day.total else vector
        hours = [[0] * VECTOR_SIZE for _ in range(shown)]
        for component, value in enumerate(vector):
            if not value:
                continue
            immediate = component < self._by_hour
            amount, weight = (whole[component], day.total) if immediate else (value, known)
            shift = _shift(component, random_bits, weight)
            before = 0
            for hour, edge in zip(hours, late_edges if component in slow else edges, strict=True):
                running = (amount * edge + shift) // weight
                hour[component] = running - before
                before = running
        return [(label, hour) for label, hour in zip(day.labels, hours, strict=False) if any(hour)]

    def _whole(self, ad: Ad, ordinal: int) -> list[int]:
        """The day as if it were over. All components are zero if the ad does not deliver on it."""
        vector = [0] * VECTOR_SIZE
        if ad.first_day <= ordinal <= ad.last_day:
            model, lag = self.model(ad), known_conversions(ad, self._movement)
            finals: dict[int, tuple[int, int]] = {}
            self._fill(ad, model, ordinal, vector, finals, lag)
            if finals:
                self._fill_real_time(model, ordinal, vector, finals, lag)
        return vector

    def _fill_instant(self, ad: Ad, model: Model, ordinal: int, vector: list[int]) -> int:
        """Put the immediate components of the whole day into the vector. Returns the random number of the ad's day."""
        random_bits = mix(ad.key ^ ordinal)
        vector[0] = self._impressions(ad, ordinal, random_bits)
        for component, source, rate, salt in model.instant:
            vector[component] = (vector[source] * rate + ((random_bits * salt >> 11) & _MASK)) >> _UNIT
        vector[5] = vector[5] or 1
        if ad.trickles and random_bits >> 41 & 3 == 0:  # TikTok gives some clicks for nothing
            vector[_SPEND] = vector[_VOUCHER] = vector[_BILLED] = 0
        vector[20] = vector[1] + vector[14] + vector[15] + vector[16] + vector[17] + vector[18] + vector[19]
        return random_bits

    def _impressions(self, ad: Ad, ordinal: int, random_bits: int) -> int:
        """The impressions of a whole day, as they are before or after its correction."""
        value = _impressions(ad, ordinal, random_bits)
        if ordinal > self._corrected:
            value = uncorrected(value, random_bits)
        return max(value, 1 if ad.trickles else MIN_IMPRESSIONS)

    def _fill(
        self,
        ad: Ad,
        model: Model,
        ordinal: int,
        vector: list[int],
        finals: dict[int, tuple[int, int]],
        lag: tuple[int, ...],
    ) -> None:
        """Put what is known of a day into the vector, and the conversions that it will have into `finals`."""
        random_bits = self._fill_instant(ad, model, ordinal, vector)
        final = 0
        if model.conversion_rate:
            final = (vector[1] * model.conversion_rate + (random_bits >> 9 & _MASK)) >> _UNIT
        if final:
            finals[ordinal] = (final, random_bits >> 30 & 1023)
        if not final:
            return
        conversions = self._known(final, random_bits >> 30 & 1023, self.open_day - ordinal, lag)
        if not conversions:
            return
        vector[_CONVERSION] = conversions
        for component, source, rate, salt in model.late:
            vector[component] = (vector[source] * rate + ((random_bits * salt >> 11) & _MASK)) >> _UNIT

    def _cut(self, ad: Ad, model: Model, ordinal: int, vector: list[int]) -> None:
        """Leave in the vector what is shown of a whole day."""
        random_bits = mix(ad.key ^ ordinal)
        total = self.day(ordinal).total
        known, known_late = (extent.weight_of(ordinal, total) for extent in (self._shown, self._slow))
        for component in range(self._by_hour):
            weight = known_late if component in model.slow else known
            if vector[component] and weight < total:
                shift = _shift(component, random_bits, total)
                vector[component] = (vector[component] * weight + shift) // total

    def _final(self, ad: Ad, model: Model, ordinal: int, finals: dict[int, tuple[int, int]]) -> None:
        """Put the conversions that a day will have into `finals`. This is cheaper than its whole vector."""
        if not model.conversion_rate:
            return
        random_bits = mix(ad.key ^ ordinal)
        component, _, rate, salt = model.instant[0]
        assert component == 1  # noqa: S101 - clicks come first in every chain
        clicks = (self._impressions(ad, ordinal, random_bits) * rate + ((random_bits * salt >> 11) & _MASK)) >> _UNIT
        final = (clicks * model.conversion_rate + (random_bits >> 9 & _MASK)) >> _UNIT
        if final:
            finals[ordinal] = (final, random_bits >> 30 & 1023)

    def _known(self, final: int, shift: int, age: int, lag: tuple[int, ...]) -> int:
        """How many of a day's conversions are known `age` days later. The open day counts as far as it is shown."""
        if age >= len(lag) or len(lag) == 1:
            return final
        before = lag[age - 1] if age else 0
        total = self.day(self.open_day).total
        return (final * (before * total + (lag[age] - before) * self._shown.weight) + shift * total) // (1024 * total)

    def _fill_real_time(
        self,
        model: Model,
        ordinal: int,
        vector: list[int],
        finals: dict[int, tuple[int, int]],
        lag: tuple[int, ...],
    ) -> None:
        """Put the conversions that became known on a day into its vector."""
        conversions = 0
        for age, known in enumerate(lag):
            entry = finals.get(ordinal - age)
            if entry is None:
                continue
            final, shift = entry
            if ordinal == self.open_day:
                conversions += self._known(final, shift, age, lag)
            else:
                conversions += (final * known + shift) >> 10
            if age:
                conversions -= (final * lag[age - 1] + shift) >> 10
        if conversions:
            vector[_LATE_END] = conversions
            for component, source, _, _ in model.rt:
                vector[component] = vector[source]


def _impressions(ad: Ad, ordinal: int, random_bits: int) -> int:
    """A day's impressions, from the ad's size, the weekday, a slow start, a slow decline and randomness. Perhaps 0."""
    age = ordinal - ad.first_day
    curve = (45, 75, 95)[age] if age < 3 else max(38, 104 - age)
    return ad.daily_impressions * WEEKDAY_WEIGHTS[(ordinal - 1) % 7] * curve * (78 + (random_bits & 0x3F)) // 1_100_000


def _shift(component: int, random_bits: int, weight: int) -> int:
    """Where in the day a component is rounded up. The first hour always gets an impression."""
    if component == 0 or component == 5:  # noqa: PLR1714 - impressions and reach must not be zero, and a set is slower
        return weight - 1
    return ((random_bits * SALT[component]) >> 17) % weight
