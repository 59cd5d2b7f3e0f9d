"""What the metrics mean that no fixed stream has: kind and description, from their names and a table. Pure.

TikTok names the figures of an event by one pattern: a count (`total_checkout`), its cost (`cost_per_total_checkout`),
its rate (`checkout_rate`), its value (`total_checkout_value`) and its value per spend (`…_roas`), also up to a day
after the click (`…_roas_day6`). So one rule describes hundreds of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from tiktok_marketing.catalog.metrics import Kind

_PLACES: Mapping[str, str] = {
    "app": "in the app",
    "website": "on the website",
    "on TikTok": "on TikTok",
    "minis": "in a mini game or drama",
    "offline": "offline",
    "shop": "in TikTok Shop",
    "messaging": "in messages",
}
"""Where the events of a group happen."""

_AMOUNTS = frozenset({"total_complete_payment_rate", "total_value_per_pageview"})
"""Metrics whose names say rate or average, and which are amounts."""
_PERCENTAGES = frozenset({"tageview_rate"})

_LEG_PREFIX = re.compile(r"^(?:onsite|website|offline|native_growth|messaging|shop)_(?!shopping)")
_DAY = re.compile(r"_(calendar_)?(?:day|d)(\d+)$")
_WITHOUT_CLICK = {
    "evta": "by people who watched the ad and did not click it",
    "vta": "by people who saw the ad and did not click it",
    "cta": "by people who clicked the ad",
}
_SPOKEN = {
    "ads impression": "ad impression",
    "in app ad impr": "ad impression in the app",
    "in app ad click": "click on an ad in the app",
    "create gamerole": "game role creation",
    "on web order": "order",
    "on web detail": "product page view",
    "on web cart": "addition to the cart",
    "on web add to wishlist": "addition to the wishlist",
    "on web subscribe": "subscription",
    "add to cart": "addition to the cart",
    "app event add to cart": "addition to the cart",
    "web event add to cart": "addition to the cart",
    "add to wishlist": "addition to the wishlist",
    "active pay": "purchase",
    "shopping": "purchase",
    "tageview": "page view",
    "pageview": "page view",
    "ratings": "rating",
    "complete payment": "purchase on the website",
    "payments completed": "purchase on the website",
    "next day open": "return on the next day",
    "day7 retention": "return within seven days",
    "crm": "CRM",
    "conversation tiktok direct message": "conversation in direct messages",
    "conversation instant messaging app": "conversation in a messaging app",
    "ad revenue": "ad impression with revenue",
    "ad impression ad revenue": "ad impression with revenue",
    "purchase by order submission": "order",
    "items purchased": "purchased item",
    "launch app": "app launch",
    "launch": "app launch",
    "active": "active person",
}
"""Events whose names say little, in words."""


class Meaning(msgspec.Struct, frozen=True):
    """What a metric measures.

    Args:
        kind: Its unit and whether rows can be added up.
        text: A clause without a full stop and without the unit that follows from the kind.
    """

    kind: Kind
    text: str


def meaning_of(name: str, group: str, *, counts_people: bool = False) -> Meaning:
    """The meaning of a metric about events.

    Args:
        name: Its name.
        group: Its group in `tables/metrics.json`.
        counts_people: Whether another metric counts all repeats of the event, so that this one counts people.
    """
    own = _OWN.get(name)
    if own is not None:
        return own
    kind = _kind_of(name, counts_people=counts_people)
    event, day = _event_of(name)
    where = "on TikTok" if "onsite" in name and group != "shop" else _PLACES.get(group, "")
    who = ""
    for short, words in _WITHOUT_CLICK.items():
        if re.search(rf"(?:^|_){short}_", name):
            event, who = _spoken(event.replace(f"{short} ", "", 1)), words
    tail = " ".join(part for part in ("" if where and event.endswith(where) else where, who, day) if part)
    return Meaning(
        kind, f"{_SENTENCES[_form_of(name, kind, counts_people=counts_people)].format(event=event)} {tail}".strip()
    )


_SENTENCES = {
    "count": "Number of `{event}` events",
    "people": "Number of people with `{event}` events",
    "cost": "Spend per `{event}` event",
    "cost of a person": "Spend per person with `{event}` events",
    "average value": "Average value of `{event}` events",
    "value": "Value of `{event}` events",
    "return": "Return on ad spend: value per unit of spend of `{event}` events",
    "rate": "Rate of `{event}` events",
    "average": "Average of `{event}`",
}


def _form_of(name: str, kind: Kind, *, counts_people: bool) -> str:
    if kind is Kind.AVERAGE and "roas" in name:
        return "return"
    if kind is Kind.COST and "value_per" in name:
        return "average value"
    if kind is Kind.COST:
        return "cost of a person" if counts_people or "unique" in name else "cost"
    return {
        Kind.COUNT: "count",
        Kind.PEOPLE: "people",
        Kind.MONEY: "value",
        Kind.PERCENT: "rate",
        Kind.AVERAGE: "average",
    }[kind]


def _kind_of(name: str, *, counts_people: bool) -> Kind:
    if name in _AMOUNTS:
        return Kind.MONEY
    if "roas" in name or name.endswith("_avg"):
        return Kind.AVERAGE
    if "cost_per" in name or name.endswith("_cost") or name.startswith("cost_") or "value_per" in name:
        return Kind.COST
    if name in _PERCENTAGES or re.search(r"_(rate|ctr)(_v2|_tiktok_direct_message|_instant_messaging_app)?$", name):
        return Kind.PERCENT
    if re.search(r"value|revenue(?!_event_count)", name):
        return Kind.MONEY
    return Kind.PEOPLE if counts_people or "unique" in name else Kind.COUNT


def _event_of(name: str) -> tuple[str, str]:
    """The event that a metric is about, and up to which day its figure counts, in words."""
    day = ""
    found = _DAY.search(name)
    if found is not None:
        number = int(found[2])
        if found[1]:
            day = f"up to the calendar day {number} after the click"
        else:
            day = "in the first 24 hours after the click" if number == 0 else f"up to day {number} after the click"
        name = name[: found.start()]
    name = _LEG_PREFIX.sub("", name)
    for noise in ("avg_value_per_", "cost_per_", "value_per_", "cost_total_", "total_", "unique_", "customized_"):
        name = name.replace(noise, "", 1) if name.startswith(noise) else name
    for noise in ("cost_per_", "value_per_", "gross_", "total_", "unique_"):
        name = name.removeprefix(noise)
    name = name.replace("conversation_rate_", "conversation_")
    name = re.sub(r"_(value|roas|rate|rate_v2|cost|events_value|event_value|events_roas)$", "", name)
    name = re.sub(r"_(events?|count|event_count)$", "", re.sub(r"_(ad_revenue)_roas$", r"_\1", name))
    return _spoken(re.sub(r"^(?:offline|onsite) ", "", name.replace("_", " ").strip())), day


def _spoken(words: str) -> str:
    return _SPOKEN.get(words, words)


def _own(kind: Kind, **texts: str) -> dict[str, Meaning]:
    return {name: Meaning(kind, text) for name, text in texts.items()}


_OWN: Mapping[str, Meaning] = {
    **_own(
        Kind.ATTRIBUTE,
        advertiser_name="Name of the ad account",
        advertiser_id="Id of the ad account",
        campaign_automation_type="Whether the campaign is manual or Smart+, and of which generation",
        objective_type="Objective of the campaign",
        split_test="Whether the campaign is a split test",
        campaign_budget="Budget of the campaign",
        campaign_dedicate_type="Whether the campaign is dedicated to iOS 14",
        app_promotion_type="What an app campaign is for, such as installs",
        video_id="Id of the ad's video",
        file_name="File name of the ad's video",
        is_removed_from_spc="Whether the creative was removed from its Smart+ campaign",
        identity_id="Id of the identity that the ad is shown under",
        tiktok_item_id="Id of the TikTok post that the ad shows",
        tiktok_name="Name of the TikTok account that the ad is shown under",
        catalog_name="Name of the catalog whose products the ad shows",
        catalog_modify_time="Time of the last change of the catalog",
        opt_status="Whether the ad group is switched on",
        adgroup_download_url="Address that the promoted app is installed from",
        profile_image="Address of the picture that the ad group's ads are shown with",
        budget="Budget of the ad group",
        smart_target="Goal that the ad group's bids aim for",
        pricing_category="Former name of the billing event; deprecated",
        billing_event="Event that is paid for",
        bid_strategy="How the ad group bids",
        bid="Bid of the ad group",
        bid_secondary_goal="Bid for the ad group's second, deeper goal",
        aeo_type="Which app event the ad group optimizes for",
        ad_id_v2="Id of the ad as Ads Manager shows it; an upgraded Smart+ ad has one, whatever its creatives",
        ad_id="Id of the ad; for an upgraded Smart+ ad, the id of a creative",
        call_to_action="Text of the ad's button",
        ad_profile_image="Address of the picture that the ad is shown with",
        ad_url="Address that a click on the ad leads to",
        image_mode="Form of the ad's video or image",
        currency="Currency of the ad account",
        is_aco="Whether the ad is an automated creative",
        is_smart_creative="Whether the ad is a smart creative",
        minis_name="Name of the promoted mini game or mini drama",
        optimization_event="Event that the ad group optimizes for",
        rf_campaign_type="Kind of a reach and frequency campaign",
    ),
    **_own(
        Kind.COUNT,
        gross_impressions="Number of times that the ads were shown, invalid ones included",
        organic_video_views="Number of plays of the promoted post that were not paid for",
        duet_clicks="Number of clicks on the button for a duet",
        stitch_clicks="Number of clicks on the button for a stitch",
        sound_usage_clicks="Number of clicks on the button that uses the ad's sound",
        anchor_clicks="Number of clicks on the ad's anchor",
        clicks_on_hashtag_challenge="Number of clicks on the ad's hashtag",
        tt_playlist_visit="Number of visits to the playlist",
        earned_page_video_views="Number of plays on the page that were not paid for",
        earned_page_video_views_p100="Number of plays to the end on the page that were not paid for",
        earned_page_clicks="Number of clicks on the page that were not paid for",
        live_views="Number of views of the LIVE video that came from the ads",
        live_effective_views="Number of views of the LIVE video that lasted at least 10 seconds",
        live_product_clicks="Number of clicks on products in the LIVE video",
        single_image_impressions="Number of times that single images of carousels were shown",
        interactive_add_on_impressions="Number of times that interactive add-ons were shown",
        interactive_add_on_destination_clicks="Number of clicks on add-ons that led to the destination",
        interactive_add_on_activity_clicks="Number of clicks on add-ons that did not leave the ad",
        interactive_add_on_option_a_clicks="Number of clicks on the first option of a voting card",
        interactive_add_on_option_b_clicks="Number of clicks on the second option of a voting card",
        countdown_sticker_recall_clicks="Number of people's requests to be reminded by a countdown sticker",
        ix_video_views="Number of plays of videos on the instant page",
        ix_video_views_p25="Number of plays on the instant page that reached 25% of the video",
        ix_video_views_p50="Number of plays on the instant page that reached 50% of the video",
        ix_video_views_p75="Number of plays on the instant page that reached 75% of the video",
        ix_video_views_p100="Number of plays on the instant page that reached the end of the video",
        ix_page_view_count="Number of views of the instant page",
        ix_button_click_count="Number of clicks on buttons of the instant page",
        ix_product_click_count="Number of clicks on products of the instant page",
        skan_app_install="Number of app installs of iOS users, as Apple's SKAdNetwork reported them",
        skan_app_install_withheld="Number of app installs whose details Apple's SKAdNetwork withheld",
    ),
    **_own(
        Kind.PEOPLE,
        live_unique_views="Number of different people who viewed the LIVE video",
        new_consideration_size="Number of people who newly came to consider the brand",
    ),
    **_own(
        Kind.MONEY,
        billed_cost="Spend that is billed; data exist from 2023-09-01 on",
        shop_gross_revenue_by_order_submission="Value of all orders in TikTok Shop, by the day of the order",
    ),
    **_own(
        Kind.COST,
        cost_per_consideration="Spend per person who newly came to consider the brand",
        skan_cost_per_result="Spend per result that Apple's SKAdNetwork reported",
        skan_cost_per_app_install="Spend per app install that Apple's SKAdNetwork reported",
    ),
    **_own(
        Kind.PERCENT,
        conversion_rate_v2="Conversions per impression",
        real_time_conversion_rate_v2="Real-time conversions per impression",
        skan_result_rate="Results that Apple's SKAdNetwork reported, per click",
        skan_conversion_rate="Conversions that Apple's SKAdNetwork reported, per click",
        skan_conversion_rate_v2="Conversions that Apple's SKAdNetwork reported, per impression",
        engagement_rate="All clicks on the ad per impression",
        anchor_click_rate="Clicks on the ad's anchor per impression",
        tt_playlist_visit_rate="Visits to the playlist per impression",
        new_consideration_rate="People who newly came to consider the brand, per person reached",
        single_image_impression_rate="Impressions of the single image per impression of its carousel",
        single_image_ctr="Clicks on the single image per time that it was shown",
        ix_page_viewrate_avg="Average part of the instant page that was viewed",
    ),
    **_own(
        Kind.AVERAGE,
        ix_average_video_play="Average length of a play on the instant page, in seconds",
        ix_page_duration_avg="Average stay on the instant page, in seconds",
    ),
}
"""Metrics that no pattern describes."""
