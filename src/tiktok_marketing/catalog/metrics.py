"""Every metric that a report stream asks for: type, kind, levels, and a description that names its unit.

Types are those of the records. TikTok sends every value as text, and records keep text where Airbyte's connector does:
`spend` is `"20.50"`. So a table that one connector created can be continued with the other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import msgspec

from tiktok_marketing.catalog.stream import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonType = Literal["string", "number", "integer"]


class Kind(StrEnum):
    """What a metric measures: its unit, its column type in a database, and whether rows can be added up."""

    ATTRIBUTE = "attribute"
    """A property of the object, as it is at the time of the request."""
    COUNT = "count"
    """A number of events. Rows can be added up."""
    MONEY = "money"
    """An amount in the account's currency. Rows can be added up."""
    PEOPLE = "people"
    """A number of people. Rows cannot be added up, because the same person can be in several of them."""
    COST = "cost"
    """An amount in the account's currency per event or person. Compute it again instead of averaging rows."""
    PERCENT = "percent"
    """A ratio in percent. Compute it again instead of averaging rows."""
    AVERAGE = "average"
    """A mean, whose description names the unit. Compute it again instead of averaging rows."""


_UNITS: Mapping[Kind, str] = {
    Kind.MONEY: ", in the account's currency",
    Kind.PEOPLE: ". The same person can be in several rows, so do not add rows up",
    Kind.COST: ", in the account's currency",
    Kind.PERCENT: ", in percent (2.58 means 2.58%)",
}
"""How a description continues after what the metric means; other kinds count events or name their unit."""


def described(meaning: str, kind: Kind, note: str = "") -> str:
    """Return a metric's description: what it means, its unit, and a note.

    Args:
        meaning: A clause without its unit and without a full stop.
        kind: The kind, which decides the unit.
        note: A sentence to end with.
    """
    return f"{meaning}{_UNITS.get(kind, '')}. {note}".rstrip()


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a report."""

    name: str
    type: JsonType
    kind: Kind
    description: str
    levels: frozenset[Level] = frozenset(Level)
    """Levels that have the metric. TikTok refuses the whole request if another level asks for it (40002)."""


_CURRENT = "Rows of past days also show the current value."
_BY_AD_DAY = "Dated by the ad's delivery, so past days grow until the attribution window closes."
_BY_EVENT_DAY = "Dated by the conversion, so past days hardly change."
_APPLE = "Apple reports it a day or more later, without numbers that are too small to be anonymous."
_SLOW = "Final after about 16 hours."


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics that share everything but name and meaning."""

    type: JsonType
    kind: Kind
    note: str = ""
    """A sentence that the description ends with."""
    levels: frozenset[Level] = frozenset(Level)
    meanings: dict[str, str]
    """Metric to its meaning, without the unit that follows from the kind and without a full stop."""

    def metrics(self) -> list[Metric]:
        return [
            Metric(
                name=name,
                type=self.type,
                kind=self.kind,
                description=described(meaning, self.kind, self.note),
                levels=self.levels,
            )
            for name, meaning in self.meanings.items()
        ]


_BELOW_ACCOUNT = frozenset({Level.CAMPAIGN, Level.AD_GROUP, Level.AD})
_BELOW_CAMPAIGN = frozenset({Level.AD_GROUP, Level.AD})
_AD_ONLY = frozenset({Level.AD})

_GROUPS = (
    _Group(
        type="string",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_BELOW_ACCOUNT,
        meanings={"campaign_name": "Name of the campaign"},
    ),
    _Group(
        type="integer",
        kind=Kind.ATTRIBUTE,
        levels=_BELOW_CAMPAIGN,
        meanings={"campaign_id": "Id of the campaign that the row belongs to"},
    ),
    _Group(
        type="integer",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_BELOW_CAMPAIGN,
        meanings={"tt_app_id": "TikTok's id of the promoted app; 0 if no app is promoted"},
    ),
    _Group(
        type="string",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_BELOW_CAMPAIGN,
        meanings={
            "adgroup_name": "Name of the ad group",
            "placement_type": "Who selects the placements, as a label such as `Automatic Placement`",
            "tt_app_name": "Name of the promoted app; 0 if no app is promoted",
            "mobile_app_id": "Id of the promoted app in its app store; 0 if no app is promoted",
            "promotion_type": "What is promoted, as a label such as `Website`",
            "dpa_target_audience_type": "Target audience of a catalog ad; null for all other ads",
        },
    ),
    _Group(
        type="integer",
        kind=Kind.ATTRIBUTE,
        levels=_AD_ONLY,
        meanings={"adgroup_id": "Id of the ad group that the ad belongs to"},
    ),
    _Group(
        type="string",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_AD_ONLY,
        meanings={"ad_name": "Name of the ad", "ad_text": "Text of the ad"},
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        note="TikTok can still correct recent days.",
        meanings={"spend": "What the ads cost, ad credits included"},
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        note=_SLOW,
        levels=frozenset({Level.ADVERTISER}),
        meanings={
            "cash_spend": "Part of the spend that was paid from the account's balance",
            "voucher_spend": "Part of the spend that was paid with ad credits",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        meanings={
            "impressions": "Number of times that the ads were shown",
            "clicks": "Number of clicks that led to the ad's destination",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        meanings={"cpc": "Spend per click on the destination", "cpm": "Spend per 1,000 impressions"},
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        meanings={"ctr": "Clicks on the destination per impression"},
    ),
    _Group(
        type="string",
        kind=Kind.PEOPLE,
        note=_SLOW,
        meanings={"reach": "Number of different people who saw the ads"},
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_SLOW,
        meanings={"cost_per_1000_reached": "Spend per 1,000 different people reached"},
    ),
    _Group(
        type="string",
        kind=Kind.AVERAGE,
        note=_SLOW,
        meanings={"frequency": "Average number of impressions per person reached"},
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        note=_BY_AD_DAY,
        meanings={
            "conversion": "Number of conversions: events that the ad group optimizes for",
            "result": "Number of results: events that count towards the ad group's goal",
            "secondary_goal_result": "Number of results of the ad group's second, deeper goal",
            "onsite_shopping": "Number of purchases in TikTok Shop",
            "vta_purchase": "Number of app purchases by people who saw the ad and did not click it",
            "vta_conversion": "Number of conversions by people who saw the ad and did not click it",
            "cta_purchase": "Number of app purchases by people who clicked the ad",
            "cta_conversion": "Number of conversions by people who clicked the ad",
            "total_pageview": "Number of page views on the website, as the pixel counted them",
            "complete_payment": "Number of purchases on the website, as the pixel counted them",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_BY_AD_DAY,
        meanings={
            "cost_per_conversion": "Spend per conversion",
            "cost_per_result": "Spend per result",
            "cost_per_secondary_goal_result": "Spend per result of the second goal",
            "value_per_complete_payment": "Average value of a purchase on the website",
        },
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        note=_BY_AD_DAY,
        meanings={
            "conversion_rate": "Conversions per click",
            "result_rate": "Results per impression or per click, depending on the goal",
            "secondary_goal_result_rate": "Results of the second goal per result of the first goal",
        },
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        note=_BY_AD_DAY,
        meanings={
            "total_purchase_value": "Value of all purchases in the app",
            "total_onsite_shopping_value": "Value of all purchases in TikTok Shop",
            "total_complete_payment_rate": "Value of all purchases on the website (an amount, despite its name)",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        note=_BY_EVENT_DAY,
        meanings={
            "real_time_conversion": "Number of conversions",
            "real_time_result": "Number of results",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_BY_EVENT_DAY,
        meanings={
            "real_time_cost_per_conversion": "Spend per real-time conversion",
            "real_time_cost_per_result": "Spend per real-time result",
        },
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        note=_BY_EVENT_DAY,
        meanings={
            "real_time_conversion_rate": "Real-time conversions per click",
            "real_time_result_rate": "Real-time results per impression or per click, depending on the goal",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        meanings={
            "video_play_actions": "Number of times that the video started to play, without replays",
            "video_watched_2s": "Number of plays that lasted at least 2 seconds",
            "video_watched_6s": "Number of plays that lasted at least 6 seconds",
            "video_views_p25": "Number of plays that reached 25% of the video",
            "video_views_p50": "Number of plays that reached 50% of the video",
            "video_views_p75": "Number of plays that reached 75% of the video",
            "video_views_p100": "Number of plays that reached the end of the video",
            "profile_visits": "Number of visits to the advertiser's profile that came from the ads",
            "likes": "Number of likes that the ads received as paid ads",
            "comments": "Number of comments that the ads received as paid ads",
            "shares": "Number of times that the ads were shared as paid ads",
            "follows": "Number of new followers that came from the ads",
            "clicks_on_music_disc": "Number of clicks on the disc that opens the ad's music",
            "engagements": "Number of all clicks on the ad, such as on the destination, profile, like or share",
            "engaged_view": "Number of focused views: plays of at least 6 seconds, or earlier interactions",
            "paid_engaged_view": "Number of 6-second focused views that were paid plays of 6 seconds",
            "paid_engagement_engaged_view": "Number of 6-second focused views that were paid interactions",
            "engaged_view_15s": "Number of focused views: plays of at least 15 seconds, or earlier interactions",
            "paid_engaged_view_15s": "Number of 15-second focused views that were paid plays of 15 seconds",
            "paid_engagement_engaged_view_15s": "Number of 15-second focused views that were paid interactions",
        },
    ),
    _Group(
        type="number",
        kind=Kind.AVERAGE,
        meanings={"average_video_play": "Average length of a play, in seconds"},
    ),
    _Group(
        type="number",
        kind=Kind.AVERAGE,
        note=_SLOW,
        meanings={"average_video_play_per_user": "Average time that each viewer watched over all plays, in seconds"},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        meanings={"profile_visits_rate": "Visits to the profile per impression"},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_BY_EVENT_DAY,
        meanings={"real_time_app_install": "Number of app installs"},
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_BY_EVENT_DAY,
        meanings={"real_time_app_install_cost": "Spend per real-time app install"},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_BY_AD_DAY,
        meanings={
            "app_install": "Number of app installs",
            "total_app_event_add_to_cart": "Number of times that something was added to the cart in the app",
            "engaged_view_through_conversions": "Number of conversions after an engaged view without a click",
        },
    ),
    _Group(
        type="number",
        kind=Kind.PEOPLE,
        note=_BY_AD_DAY,
        meanings={
            "purchase": "Number of people who purchased in the app",
            "registration": "Number of people who registered in the app",
            "sales_lead": "Number of people who became a lead in the app",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_BY_AD_DAY,
        meanings={
            "cost_per_app_install": "Spend per app install",
            "cost_per_purchase": "Spend per person who purchased in the app",
            "cost_per_registration": "Spend per person who registered in the app",
            "cost_per_sales_lead": "Spend per person who became a lead in the app",
            "cost_per_total_sales_lead": "Spend per lead in the app, repeated leads included",
            "cost_per_total_app_event_add_to_cart": "Spend per addition to the cart in the app",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_BY_AD_DAY,
        meanings={
            "total_landing_page_view": "Number of times that the landing page opened and loaded after a click",
            "web_event_add_to_cart": "Number of additions to the cart on the website, as the pixel counted them",
            "page_content_view_events": "Number of product page views on the website, as the pixel counted them",
            "onsite_on_web_cart": "Number of additions to the cart in TikTok Shop",
            "onsite_on_web_detail": "Number of product page views in TikTok Shop",
            "total_view_content": "Number of content views in the app, repeated views included",
            "total_purchase": "Number of purchases in the app, repeated purchases included",
        },
    ),
    _Group(
        type="number",
        kind=Kind.MONEY,
        note=_BY_AD_DAY,
        meanings={"total_sales_lead_value": "Value of all leads in the app"},
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_BY_AD_DAY,
        meanings={"cost_per_landing_page_view": "Spend per landing page view"},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        note=_BY_AD_DAY,
        meanings={"landing_page_view_rate": "Landing page views per click"},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_APPLE,
        meanings={
            "skan_conversion": "Number of conversions of iOS users, as Apple's SKAdNetwork reported them",
            "skan_result": "Number of results of iOS users, as Apple's SKAdNetwork reported them",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_APPLE,
        meanings={"skan_cost_per_conversion": "Spend per conversion that Apple's SKAdNetwork reported"},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        note=_BY_AD_DAY,
        meanings={
            "purchase_rate": "People who purchased in the app per click",
            "registration_rate": "People who registered in the app per click",
            "sales_lead_rate": "People who became a lead in the app per click",
        },
    ),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for group in _GROUPS for metric in group.metrics()}
