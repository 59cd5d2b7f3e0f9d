"""The metrics of events and interactions: what each counts, costs and is worth.

A delivery vector has few components. Every other count is a sum of multiples of them, and so is every value. Therefore
it adds up over hours, days, ads and breakdowns as they do, arrives as late as they do, and costs nothing until it is
asked for. No two metrics have the same multiples. A client that mixes two of them up shows wrong figures.
"""

from collections.abc import Iterable, Mapping

import msgspec

Form = Mapping[str, int]
"""A count or value: how many times it contains each component of a row."""

RATE, MILLE, PLAIN = 10_000, 1_000, 100
"""The factors of percentages, of costs per thousand, and of plain quotients, whose text has hundredths."""


class Tables(msgspec.Struct, frozen=True):
    """The metrics of this module.

    Attributes:
        forms: The counts and values, by name. Most of them have the name of the metric that shows them.
        counts: Metrics that are a count, with the name of what they show.
        money: Metrics that are an amount of money, likewise. Their forms are in hundredths of a US dollar.
        ratios: Metrics that are a quotient: numerator, factor and denominator.
    """

    forms: dict[str, Form] = {}
    counts: dict[str, str] = {}
    money: dict[str, str] = {}
    ratios: dict[str, tuple[str, int, str]] = {}

    def count(self, name: str, form: Form) -> None:
        """Add a metric that is a count."""
        self.forms[name] = form
        self.counts[name] = name

    def value(self, name: str, form: Form) -> None:
        """Add a metric that is an amount of money."""
        self.forms[name] = form
        self.money[name] = name

    def form(self, name: str) -> Form:
        """What a count contains: a form of this module, or one component of a vector."""
        return self.forms.get(name, {name: 1})


def _times(form: Form, factor: int) -> dict[str, int]:
    return {component: multiple * factor for component, multiple in form.items()}


def _plus(*forms: Form) -> dict[str, int]:
    sums: dict[str, int] = {}
    for form in forms:
        for component, multiple in form.items():
            sums[component] = sums.get(component, 0) + multiple
    return sums


def _priced(form: Form, price: int, unique: Form | None = None) -> dict[str, int]:
    """What events are worth: so much each, and a little more for each person."""
    return _plus(_times(form, price), _times(unique or {}, 7))


def _interactions(tables: Tables) -> None:
    """What people do with an ad: clicks, LIVE, images, instant pages, and what follows on the creator's page."""
    for name, form in {
        "organic_video_views": {"p25": 1, "music": 2},
        "duet_clicks": {"music": 1, "comments": 1},
        "stitch_clicks": {"music": 2, "comments": 1},
        "sound_usage_clicks": {"music": 3, "shares": 1},
        "anchor_clicks": {"landing": 1, "music": 1},
        "clicks_on_hashtag_challenge": {"music": 1, "shares": 1},
        "tt_playlist_visit": {"follows": 1, "music": 2},
        "new_consideration_size": {"profile_visits": 2, "follows": 3},
        "earned_page_video_views": {"profile_visits": 3, "follows": 2},
        "earned_page_video_views_p100": {"profile_visits": 1, "follows": 1},
        "earned_page_clicks": {"follows": 1, "comments": 1},
        "live_views": {"follows": 3, "comments": 2, "shares": 1},
        "live_unique_views": {"follows": 2, "comments": 1, "shares": 1},
        "live_effective_views": {"follows": 1, "shares": 1},
        "live_product_clicks": {"comments": 2, "shares": 1},
        "single_image_impressions": {"watched_6s": 2, "clicks": 1},
        "interactive_add_on_impressions": {"watched_6s": 1, "landing": 4},
        "interactive_add_on_destination_clicks": {"landing": 1, "shares": 1},
        "interactive_add_on_activity_clicks": {"landing": 1, "comments": 2},
        "interactive_add_on_option_a_clicks": {"comments": 3, "music": 1},
        "interactive_add_on_option_b_clicks": {"comments": 1, "music": 3},
        "countdown_sticker_recall_clicks": {"music": 4, "shares": 1},
        "ix_video_views": {"landing": 1, "p100": 1},
        "ix_video_views_p25": {"landing": 1, "follows": 2, "shares": 3},
        "ix_video_views_p50": {"follows": 2, "shares": 3},
        "ix_video_views_p75": {"follows": 2, "shares": 2},
        "ix_video_views_p100": {"follows": 2, "shares": 1},
        "ix_page_view_count": {"landing": 1, "music": 2},
        "ix_button_click_count": {"shares": 1, "comments": 1, "follows": 1},
        "ix_product_click_count": {"shares": 1, "music": 2},
        "messaging_total_conversation_tiktok_direct_message": {"follows": 2, "total_lead": 3},
        "messaging_total_conversation_instant_messaging_app": {"follows": 1, "total_lead": 2},
        "skan_result": {"skan": 1, "secondary": 1},
        "sales_lead": {"lead": 1, "vta_install": 1},
        "total_sales_lead": {"total_lead": 1, "vta_install": 2, "evta_install": 1},
    }.items():
        tables.count(name, form)
    for view in ("engaged_view", "engaged_view_15s"):  # watched, or answered in another way
        tables.forms[f"{view}s"] = {view: 1, "shares": 1, "comments": 1}
        tables.counts[view] = f"{view}s"
    tables.forms["single_image_clicks"] = {"clicks": 1, "music": 1}
    tables.forms["ix_time"] = {"play_time": 3, "landing": 500}
    tables.forms["ix_seconds"] = {"landing": 15, "p100": 4}
    tables.ratios.update(
        {
            "anchor_click_rate": ("anchor_clicks", RATE, "impressions"),
            "tt_playlist_visit_rate": ("tt_playlist_visit", RATE, "impressions"),
            "cost_per_consideration": ("spend", 1, "new_consideration_size"),
            "new_consideration_rate": ("new_consideration_size", RATE, "row_reach"),
            "single_image_impression_rate": ("single_image_impressions", RATE, "impressions"),
            "single_image_ctr": ("single_image_clicks", RATE, "single_image_impressions"),
            "ix_average_video_play": ("ix_seconds", 1, "ix_video_views"),
            "ix_page_duration_avg": ("ix_time", 1, "ix_page_view_count"),
            "ix_page_viewrate_avg": ("ix_video_views_p100", RATE, "ix_page_view_count"),
            "messaging_cost_per_conversation_tiktok_direct_message": (
                "spend", 1, "messaging_total_conversation_tiktok_direct_message",
            ),
            "messaging_conversation_rate_tiktok_direct_message": (
                "messaging_total_conversation_tiktok_direct_message", RATE, "clicks",
            ),
            "messaging_cost_per_conversation_instant_messaging_app": (
                "spend", 1, "messaging_total_conversation_instant_messaging_app",
            ),
            "messaging_conversation_rate_instant_messaging_app": (
                "messaging_total_conversation_instant_messaging_app", RATE, "clicks",
            ),
        }
    )  # fmt: skip
    for name in ("ix_page_view_count", "ix_button_click_count", "ix_product_click_count"):
        tables.ratios[f"cost_per_{name}"] = ("spend", 1, name)
        tables.ratios[f"{name}_rate"] = (name, RATE, "clicks")


_APP_EVENTS = (
    "day7_retention", "next_day_open", "loan_disbursement", "loan_credit", "loan_apply", "subscribe", "start_trial",
    "join_group", "create_group", "ratings", "add_payment_info", "spend_credits", "unlock_achievement",
    "achieve_level", "create_gamerole", "complete_tutorial", "add_to_wishlist", "in_app_ad_click", "search", "login",
    "view_content", "in_app_ad_impr",
)  # fmt: skip
"""Events in apps, from the rare to the frequent ones."""

_APP_EVENTS_WITHOUT_VALUE = frozenset(
    {
        "next_day_open", "loan_disbursement", "loan_credit", "loan_apply", "start_trial", "add_payment_info", "search",
        "login",
    }
)  # fmt: skip


def _app_events(tables: Tables) -> None:
    """Events in apps: how many people, how often, and what they are worth."""
    for position, event in enumerate(_APP_EVENTS):
        unique = {"secondary": 1, "purchase": position}
        total = _plus(unique, {"total_checkout": position // 4 + 1, "total_purchase": position % 4})
        _app_event(tables, event, unique, total, 30 + 7 * position)
    for event, value_per, price in (
        ("checkout", "value_per_checkout", 520),
        ("sales_lead", "value_per_total_sales_lead", 640),
    ):
        total_name, value_name = f"total_{event}", f"total_{event}_value"
        tables.value(value_name, _priced(tables.form(total_name), price))
        tables.ratios[value_per] = (value_name, 1, total_name)
    _custom_app_events(tables)


def _app_event(tables: Tables, event: str, unique: Form, total: Form, price: int) -> None:
    total_name, value_name = f"total_{event}", f"total_{event}_value"
    tables.count(event, unique)
    tables.count(total_name, total)
    cost_per_total = "cost_total_add_payment_info" if event == "add_payment_info" else f"cost_per_{total_name}"
    tables.ratios.update(
        {
            f"cost_per_{event}": ("spend", 1, event),
            f"{event}_rate": (event, RATE, "clicks"),
            cost_per_total: ("spend", 1, total_name),
        }
    )
    if event not in _APP_EVENTS_WITHOUT_VALUE:
        tables.value(value_name, _priced(total, price, unique))
        tables.ratios[f"value_per_{total_name}"] = (value_name, 1, total_name)


def _custom_app_events(tables: Tables) -> None:
    """Events that an app names itself, and advertisements that it shows."""
    custom, impression = {"registration": 1, "purchase": 1}, {"registration": 2, "checkout": 1}
    tables.count("unique_custom_app_events", custom)
    tables.count("custom_app_events", _plus(custom, {"total_registration": 1}))
    tables.value("custom_app_events_value", _priced(tables.form("custom_app_events"), 23, custom))
    tables.count("unique_ad_impression_events", impression)
    tables.count("ads_impression_events", _plus(impression, {"total_launch": 3}))
    shown = tables.form("ads_impression_events")
    tables.value("total_ad_impression_events_value", _priced(shown, 19, impression))
    tables.ratios.update(
        {
            "cost_per_unique_custom_app_event": ("spend", 1, "unique_custom_app_events"),
            "custom_app_event_rate": ("unique_custom_app_events", RATE, "clicks"),
            "cost_per_custom_app_event": ("spend", 1, "custom_app_events"),
            "value_per_custom_app_event": ("custom_app_events_value", 1, "custom_app_events"),
            "cost_per_unique_ad_impression_event": ("spend", 1, "unique_ad_impression_events"),
            "customized_ad_impression_event_rate": ("unique_ad_impression_events", RATE, "clicks"),
            "cost_per_ad_impression_event": ("spend", 1, "ads_impression_events"),
            "value_per_ad_impression_event": ("total_ad_impression_events_value", 1, "ads_impression_events"),
            "total_ad_impression_roas": ("total_ad_impression_events_value", PLAIN, "spend"),
        }
    )
    days = ("day0", "day2", "day6")
    _by_day(tables, "total_purchase_value_{}", "total_purchase_roas_{}", days, {"total_purchase": 1}, (211, 307, 401))
    names = ("ad_impression_ad_revenue_{}", "ad_impression_ad_revenue_roas_{}")
    _by_day(tables, *names, days, shown, (5, 9, 14))


def _by_day(tables: Tables, value: str, roas: str, days: Iterable[str], events: Form, prices: Iterable[int]) -> None:
    """What events are worth within some days. More days are worth more, and all of them less than the total."""
    for day, price in zip(days, prices, strict=True):
        name = value.format(day)
        tables.value(name, _times(events, price))
        if roas:
            tables.ratios[roas.format(day)] = (name, PLAIN, "spend")


_WEB_EVENTS: dict[str, tuple[str, str, str, str, str]] = {
    name: (name, f"cost_per_{name}", f"{name}_rate", f"value_per_{name}", f"total_{name}_value")
    for name in (
        "online_consult", "on_web_order", "add_billing", "page_event_search", "download_start",
        "on_web_add_to_wishlist", "on_web_subscribe",
    )
} | {
    f"website_total_{name}": (
        f"website_total_{name}", f"website_cost_per_{name}", f"website_{name}_rate", f"website_value_per_{name}",
        f"website_total_{name}_value",
    )
    for name in ("find_location", "schedule", "customize_product")
} | {
    "custom_page_events": (
        "custom_page_events", "cost_per_custom_page_event", "custom_page_event_rate", "value_per_custom_page_event",
        "custom_page_events_value",
    ),
}  # fmt: skip
"""Events on websites: the names of their count, cost, rate, value per event and value."""


def _event(tables: Tables, names: tuple[str, str, str, str, str], form: Form, price: int) -> None:
    """An event with five metrics: count, cost, rate, value per event and value."""
    count, cost, rate, value_per, value = names
    tables.count(count, form)
    tables.value(value, _priced(form, price))
    tables.ratios.update(
        {cost: ("spend", 1, count), rate: (count, RATE, "clicks"), value_per: (value, 1, count)},
    )


def _web_events(tables: Tables) -> None:
    for position, names in enumerate(_WEB_EVENTS.values()):
        form = {"web_registration": position + 1, "vta_payment": 1, "total_lead": 1 + position % 2}
        _event(tables, names, form, 45 + 13 * position)
    worth = {
        "button_click": ("total_button_click_value", "value_per_button_click", 6),
        "web_registration": ("total_user_registration_value", "value_per_user_registration", 210),
        "content_view": ("total_page_view_content_events_value", "value_per_page_content_view_event", 17),
        "pageview": ("total_value_per_pageview", "avg_value_per_pageview", 4),
        "form": ("total_form_value", "value_per_form", 390),
    }
    for component, (value, value_per, price) in worth.items():
        tables.value(value, _priced({component: 1}, price, {"web_registration": 1, "total_lead": 1}))
        tables.ratios[value_per] = (value, 1, component)
    tables.ratios["tageview_rate"] = ("pageview", RATE, "clicks")


_OFFLINE_EVENTS = (
    "contact", "subscribe", "form", "add_payment_info", "add_to_cart", "add_to_wishlist", "click_button",
    "registration", "download", "initiate_checkout", "place_order", "search", "view_content", "shopping",
)  # fmt: skip


def _offline_events(tables: Tables) -> None:
    families = [
        (
            f"offline_{name}_events", f"cost_per_offline_{name}_event", f"offline_{name}_event_rate",
            f"value_per_offline_{name}_event", f"offline_{name}_events_value",
        )
        for name in _OFFLINE_EVENTS
    ]  # fmt: skip
    families += [
        (
            f"offline_total_{name}", f"offline_cost_per_{name}", f"offline_{name}_rate", f"offline_value_per_{name}",
            f"offline_total_{name}_value",
        )
        for name in ("find_location", "schedule", "customize_product")
    ]  # fmt: skip
    families += [
        (
            "offline_total_custom_events", "offline_cost_per_custom_event", "offline_custom_event_rate",
            "offline_value_per_custom_event", "offline_total_custom_event_value",
        ),
        (
            "offline_total_crm_events", "offline_cost_per_crm_event", "offline_crm_event_rate",
            "offline_value_per_crm_event", "offline_crm_event_value",
        ),
    ]  # fmt: skip
    for position, names in enumerate(families):
        form = {"lead": 1, "evta": position + 1}
        _event(tables, names, form, 55 + 11 * position)
    tables.ratios["offline_shopping_events_roas"] = ("offline_shopping_events_value", PLAIN, "spend")
    tables.count("offline_preferred_leads", {"lead": 1, "evta_payment": 1})
    tables.ratios["offline_cost_per_preferred_lead"] = ("spend", 1, "offline_preferred_leads")
    tables.ratios["offline_preferred_lead_rate"] = ("offline_preferred_leads", RATE, "clicks")


def _onsite_events(tables: Tables) -> None:
    """Events on TikTok itself: orders, instant forms, Minis."""
    for stem, total, unique, price in (
        ("purchase", {"shop": 1, "onsite_cart": 1}, {"onsite_cart": 1}, 900),
        ("checkout_initiation", {"shop": 2, "onsite_cart": 1}, {"shop": 2}, 810),
        ("add_to_cart", {"shop": 1, "onsite_cart": 2}, {"onsite_cart": 2}, 720),
        ("product_details_page_view", {"onsite_view": 2, "onsite_cart": 1}, {}, 630),
    ):
        names = (
            f"onsite_total_{stem}", f"onsite_cost_per_{stem}", f"onsite_{stem}_rate", f"onsite_value_per_{stem}",
            f"onsite_total_{stem}_value",
        )  # fmt: skip
        _event(tables, names, total, price)
        if unique:
            tables.count(f"onsite_unique_{stem}", unique)
            tables.ratios[f"onsite_cost_per_unique_{stem}"] = ("spend", 1, f"onsite_unique_{stem}")
    tables.ratios["onsite_purchases_roas"] = ("onsite_total_purchase_value", PLAIN, "spend")
    orders = tables.form("onsite_total_purchase")
    days = ("day0", "day6", "day13", "calendar_day0", "calendar_day6", "calendar_day13")
    value, roas = "onsite_total_purchase_value_{}", "onsite_total_purchase_roas_{}"
    _by_day(tables, value, roas, days, orders, (410, 560, 640, 370, 590, 690))
    _minis(tables, days)
    _onsite_pages(tables)


def _minis(tables: Tables, days: tuple[str, ...]) -> None:
    """Apps inside TikTok: launches, registrations, advertisements and subscriptions."""
    for name, form in {
        "onsite_unique_first_launch_conversion_time": {"rt_install": 1, "registration": 1},
        "onsite_unique_first_launch": {"install": 1, "registration": 1},
        "onsite_unique_non_first_launch": {"install": 1, "checkout": 1},
        "onsite_total_non_first_launch": {"install": 2, "launch": 2},
        "onsite_unique_registration": {"registration": 1, "onsite_view": 1},
        "onsite_total_registration": {"total_registration": 1, "onsite_view": 2},
        "onsite_unique_ad_impression": {"launch": 1, "registration": 1},
        "onsite_total_ad_impression": {"launch": 2, "total_launch": 2, "registration": 1},
        "onsite_unique_subscribe": {"app_cart": 1, "secondary": 1},
        "onsite_total_subscribe": {"total_app_cart": 1, "secondary": 2},
    }.items():
        tables.count(name, form)
    tables.ratios.update(
        {
            "onsite_cost_per_unique_first_launch_conversion_time": (
                "spend", 1, "onsite_unique_first_launch_conversion_time",
            ),
            "onsite_cost_per_unique_first_launch": ("spend", 1, "onsite_unique_first_launch"),
            "onsite_cost_per_unique_non_first_launch": ("spend", 1, "onsite_unique_non_first_launch"),
            "onsite_launch_rate": ("onsite_unique_non_first_launch", RATE, "clicks"),
            "onsite_cost_per_non_first_launch": ("spend", 1, "onsite_total_non_first_launch"),
            "onsite_cost_per_unique_registration": ("spend", 1, "onsite_unique_registration"),
            "onsite_registration_rate": ("onsite_unique_registration", RATE, "clicks"),
            "onsite_cost_per_registration": ("spend", 1, "onsite_total_registration"),
            "onsite_cost_per_unique_ad_impression": ("spend", 1, "onsite_unique_ad_impression"),
            "onsite_ad_impression_rate": ("onsite_unique_ad_impression", RATE, "clicks"),
            "onsite_cost_per_ad_impression": ("spend", 1, "onsite_total_ad_impression"),
            "onsite_value_per_ad_impression": ("onsite_total_ad_impression_value", 1, "onsite_total_ad_impression"),
            "onsite_ad_impression_ad_revenue_roas": ("onsite_total_ad_impression_value", PLAIN, "spend"),
            "onsite_cost_per_unique_subscribe": ("spend", 1, "onsite_unique_subscribe"),
            "onsite_subscribe_rate": ("onsite_unique_subscribe", RATE, "clicks"),
            "onsite_cost_per_total_subscribe": ("spend", 1, "onsite_total_subscribe"),
            "onsite_value_per_subscribe": ("onsite_total_subscribe_value", 1, "onsite_total_subscribe"),
        }
    )  # fmt: skip
    shown, subscribed = tables.form("onsite_total_ad_impression"), tables.form("onsite_total_subscribe")
    tables.value("onsite_total_ad_impression_value", _priced(shown, 31, tables.form("onsite_unique_ad_impression")))
    names = ("onsite_ad_impression_ad_revenue_{}", "onsite_ad_impression_ad_revenue_roas_{}")
    _by_day(tables, *names, days, shown, (11, 17, 23, 10, 18, 25))
    tables.value("onsite_total_subscribe_value", _priced(subscribed, 480, tables.form("onsite_unique_subscribe")))
    days = ("day0", "day1", "day2", "day3", "day4", "day5", "day6", "day13", "day20", "day27", "day29")
    prices = (120, 150, 180, 210, 240, 270, 300, 340, 380, 420, 450)
    _by_day(tables, "onsite_subscribe_value_{}", "", days, subscribed, prices)


def _onsite_pages(tables: Tables) -> None:
    """Instant forms and pages, and TikTok Shop."""
    for name, form, price in (
        ("onsite_add_to_wishlist", {"onsite_view": 1, "shop": 1}, 130),
        ("onsite_add_billing", {"onsite_cart": 3, "shop": 1}, 260),
        ("onsite_form", {"onsite_lead": 1, "shop": 3}, 350),
    ):
        names = (name, f"cost_per_{name}", f"{name}_rate", f"value_per_{name}", f"total_{name}_value")
        _event(tables, names, form, price)
    tables.count("onsite_total_filtered_out_form_submission", {"onsite_lead": 2})
    tables.count("onsite_download_start", {"onsite_lead": 1, "onsite_view": 1})
    tables.count("onsite_destination_visits", {"onsite_lead": 3, "onsite_view": 1})
    tables.ratios.update(
        {
            "cost_per_onsite_download_start": ("spend", 1, "onsite_download_start"),
            "onsite_download_start_rate": ("onsite_download_start", RATE, "clicks"),
            "cost_per_onsite_destination_visit": ("spend", 1, "onsite_destination_visits"),
            "onsite_destination_visit_rate": ("onsite_destination_visits", RATE, "clicks"),
        }
    )
    for name, form, price in (
        ("onsite_initiate_checkout_count", {"shop": 3, "onsite_cart": 1}, 610),
        ("onsite_on_web_detail", {"onsite_view": 3, "shop": 1}, 85),
        ("onsite_on_web_cart", {"shop": 1, "onsite_cart": 4}, 330),
    ):
        names = (name, f"cost_per_{name}", f"{name}_rate", f"value_per_{name}", f"total_{name}_value")
        _event(tables, names, form, price)
    tables.count("shop_total_purchase_by_order_submission", {"shop": 2, "onsite_cart": 2})
    tables.count("shop_total_items_purchased", {"shop": 4, "onsite_cart": 2})
    gross = _times(tables.form("shop_total_items_purchased"), 720)
    tables.value("shop_gross_revenue_by_order_submission", gross)


_GROWTH_DAYS = ("d0", "d1", "d2", "d3", "d4", "d5", "d6", "d13", "d20", "d27", "d29", "d31")


def _native_growth(tables: Tables) -> None:
    """Minis that grow: the metrics that TikTok added in 2026."""
    for name, form in {
        "native_growth_unique_purchase": {"purchase": 1, "checkout": 2},
        "native_growth_total_purchase_event_count": {"purchase": 1, "checkout": 2, "total_purchase": 1},
        "native_growth_purchase_event_count_d0": {"checkout": 1, "total_purchase": 1},
        "native_growth_active_by_conversion_time": {"rt_install": 2, "app_cart": 1},
        "native_growth_active": {"install": 2, "app_cart": 1},
        "native_growth_unique_launch_app": {"launch": 1, "app_cart": 2},
        "native_growth_total_launch_event_count": {"total_launch": 1, "app_cart": 3},
        "native_growth_unique_ad_impression_event": {"launch": 1, "checkout": 3},
        "native_growth_total_ad_impression_event_count": {"total_launch": 2, "checkout": 3},
        "native_growth_ad_revenue_event_count_d0": {"total_launch": 1, "checkout": 3},
        "native_growth_unique_subscribe_count": {"secondary": 1, "checkout": 4},
        "native_growth_total_subscribe_event_count": {"secondary": 3, "checkout": 5},
    }.items():
        tables.count(name, form)
    for stem, unique, total, value, rate, prices in (
        ("purchase", "unique_purchase", "total_purchase_event_count", "total_purchase_value", "purchase_rate", 300),
        (
            "ad_impression_event", "unique_ad_impression_event", "total_ad_impression_event_count",
            "total_ad_impression_value", "ad_impression_event_rate", 10,
        ),
        (
            "subscribe", "unique_subscribe_count", "total_subscribe_event_count", "total_subscribe_value",
            "subscribe_rate", 250,
        ),
    ):  # fmt: skip
        growth = "native_growth_{}".format
        tables.value(growth(value), _priced(tables.form(growth(total)), prices * 3, tables.form(growth(unique))))
        unique_cost = unique.removesuffix("_count")
        tables.ratios.update(
            {
                growth(f"cost_per_{unique_cost}"): ("spend", 1, growth(unique)),
                growth(f"cost_per_{stem}"): ("spend", 1, growth(total)),
                growth(rate): (growth(unique), RATE, "clicks"),
                growth(f"value_per_{stem}"): (growth(value), 1, growth(total)),
            }
        )
        kind = "ad_revenue" if stem == "ad_impression_event" else stem
        roas = "" if stem == "subscribe" else growth(f"{kind}_roas_{{}}")
        if roas:
            tables.ratios[growth(f"{kind}_roas")] = (growth(value), PLAIN, "spend")
        steps = [prices + prices * position // 8 for position in range(len(_GROWTH_DAYS))]
        _by_day(tables, growth(f"{kind}_value_{{}}"), roas, _GROWTH_DAYS, tables.form(growth(total)), steps)
    tables.ratios.update(
        {
            "native_growth_cost_per_active_by_conversion_time": (
                "spend", 1, "native_growth_active_by_conversion_time",
            ),
            "native_growth_cost_per_active": ("spend", 1, "native_growth_active"),
            "native_growth_cost_per_unique_launch_app": ("spend", 1, "native_growth_unique_launch_app"),
            "native_growth_launch_rate": ("native_growth_unique_launch_app", RATE, "clicks"),
            "native_growth_cost_per_launch_app": ("spend", 1, "native_growth_total_launch_event_count"),
        }
    )  # fmt: skip


def _tables() -> Tables:
    tables = Tables(forms={}, counts={}, money={}, ratios={})
    for family in (_interactions, _app_events, _web_events, _offline_events, _onsite_events, _native_growth):
        family(tables)
    return tables


TABLES = _tables()
"""All metrics of this module."""
