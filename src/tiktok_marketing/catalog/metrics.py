"""Every metric that a report stream asks for: type, kind, where it exists, and what it means.

Types are those of the records: TikTok sends every value as text, and the records keep text where Airbyte's connector
does (`spend` is `"20.50"`), so that tables made with one can be continued with the other. Money is in the ad account's
currency, percentages are in percent (`"2.58"` is 2.58 %), and days and hours are those of the account's time zone.
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
    """What sort of value a metric is, and so whether it may be added up."""

    ATTRIBUTE = "attribute"
    """A property of the object, as it is at the time of the request."""
    COUNT = "count"
    """A number of events; adds up over rows."""
    MONEY = "money"
    """A sum in the account's currency; adds up over rows."""
    UNIQUE = "unique"
    """A number of people; does not add up, since the same person may be in several rows."""
    COST = "cost"
    """Money by something; compute it again rather than average it."""
    PERCENT = "percent"
    """A share in percent; compute it again rather than average it."""
    AVERAGE = "average"
    """A mean in its own unit; compute it again rather than average it."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a report."""

    name: str
    type: JsonType
    kind: Kind
    description: str
    levels: frozenset[Level] = frozenset(Level)
    """Where TikTok has it; asked for elsewhere, the whole request is refused (40002)."""


_CURRENT = "Today's value, also in rows of past days."
_LATE = "Dated by the ad's delivery, so it grows until the attribution window closes."
_EVENT_TIME = "Dated by the conversion itself, so a past day hardly changes."
_APPLE = "Apple reports it a day or more later, and leaves out what is too rare to be anonymous."
_PEOPLE = "Final after about 16 hours, and does not add up over rows."


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics that share everything but name and meaning."""

    type: JsonType
    kind: Kind
    note: str = ""
    levels: frozenset[Level] = frozenset(Level)
    meanings: dict[str, str]

    def metrics(self) -> list[Metric]:
        return [
            Metric(
                name=name,
                type=self.type,
                kind=self.kind,
                description=f"{meaning} {self.note}".rstrip(),
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
        meanings={"campaign_name": "Name of the campaign."},
    ),
    _Group(
        type="integer",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_BELOW_CAMPAIGN,
        meanings={
            "campaign_id": "Campaign that the row belongs to.",
            "tt_app_id": "TikTok's id of the promoted app; 0 where no app is promoted.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_BELOW_CAMPAIGN,
        meanings={
            "adgroup_name": "Name of the ad group.",
            "placement_type": "Whether TikTok chooses the placements or the advertiser does, as a label.",
            "tt_app_name": "Name of the promoted app; 0 where no app is promoted.",
            "mobile_app_id": "Id of the promoted app in its store; 0 where no app is promoted.",
            "promotion_type": "What is promoted (website, app, ...), as a label rather than the API's constant.",
            "dpa_target_audience_type": "Audience of a catalogue ad; null for all other ads.",
        },
    ),
    _Group(
        type="integer",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_AD_ONLY,
        meanings={"adgroup_id": "Ad group that the ad belongs to."},
    ),
    _Group(
        type="string",
        kind=Kind.ATTRIBUTE,
        note=_CURRENT,
        levels=_AD_ONLY,
        meanings={"ad_name": "Name of the ad.", "ad_text": "Text shown with the ad."},
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        meanings={"spend": "What the ads cost, coupons included; the last days may still be corrected."},
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        note="Final after about 16 hours.",
        levels=frozenset({Level.ADVERTISER}),
        meanings={
            "cash_spend": "The part of the spend that was paid from the account's balance.",
            "voucher_spend": "The part of the spend that was paid with ad coupons.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        meanings={
            "impressions": "How often the ads were shown.",
            "clicks": "Clicks that led to the ad's destination.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        meanings={"cpc": "Spend by click on the destination.", "cpm": "Spend by thousand impressions."},
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        meanings={"ctr": "Clicks on the destination by impression."},
    ),
    _Group(
        type="string",
        kind=Kind.UNIQUE,
        note=_PEOPLE,
        meanings={"reach": "How many different people saw the ads."},
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_PEOPLE,
        meanings={"cost_per_1000_reached": "Spend by thousand different people reached."},
    ),
    _Group(
        type="string",
        kind=Kind.AVERAGE,
        note=_PEOPLE,
        meanings={"frequency": "How often each person reached saw the ads."},
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        note=_LATE,
        meanings={
            "conversion": "How often the event that the ad group optimises for happened.",
            "result": "How often the ad group's goal was reached, whatever the goal is.",
            "secondary_goal_result": "How often the ad group's second, deeper goal was reached.",
            "onsite_shopping": "Purchases in TikTok Shop.",
            "vta_purchase": "App purchases by people who saw the ad without clicking it.",
            "vta_conversion": "Conversions by people who saw the ad without clicking it.",
            "cta_purchase": "App purchases by people who clicked the ad.",
            "cta_conversion": "Conversions by people who clicked the ad.",
            "total_pageview": "Page views on the website, as its pixel counted them.",
            "complete_payment": "Purchases on the website, as its pixel counted them.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_LATE,
        meanings={
            "cost_per_conversion": "Spend by conversion.",
            "cost_per_result": "Spend by result.",
            "cost_per_secondary_goal_result": "Spend by result of the second goal.",
            "value_per_complete_payment": "Average worth of a purchase on the website.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        note=_LATE,
        meanings={
            "conversion_rate": "Conversions by click.",
            "result_rate": "Results by impression or by click, depending on the goal.",
            "secondary_goal_result_rate": "Results of the second goal by result of the first.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.MONEY,
        note=_LATE,
        meanings={
            "total_purchase_value": "Worth of all purchases in the app.",
            "total_onsite_shopping_value": "Worth of all purchases in TikTok Shop.",
            "total_complete_payment_rate": "Worth of all purchases on the website; a sum of money despite its name.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COUNT,
        note=_EVENT_TIME,
        meanings={
            "real_time_conversion": "Conversions, whenever the ad was delivered.",
            "real_time_result": "Results, whenever the ad was delivered.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.COST,
        note=_EVENT_TIME,
        meanings={
            "real_time_cost_per_conversion": "Spend by real-time conversion.",
            "real_time_cost_per_result": "Spend by real-time result.",
        },
    ),
    _Group(
        type="string",
        kind=Kind.PERCENT,
        note=_EVENT_TIME,
        meanings={
            "real_time_conversion_rate": "Real-time conversions by click.",
            "real_time_result_rate": "Real-time results by impression or by click, depending on the goal.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        meanings={
            "video_play_actions": "How often the video began to play; replays are left out.",
            "video_watched_2s": "Plays of at least 2 seconds.",
            "video_watched_6s": "Plays of at least 6 seconds.",
            "video_views_p25": "Plays that got a quarter of the way.",
            "video_views_p50": "Plays that got half of the way.",
            "video_views_p75": "Plays that got three quarters of the way.",
            "video_views_p100": "Plays that got to the end.",
            "profile_visits": "Visits to the advertiser's profile that the ads led to.",
            "likes": "Likes that the ads got while they were paid for.",
            "comments": "Comments that the ads got while they were paid for.",
            "shares": "How often the ads were shared while they were paid for.",
            "follows": "New followers that the ads brought.",
            "clicks_on_music_disc": "Clicks on the disc that opens the ad's music.",
            "engagements": "All clicks on the ad: destination, profile, likes, shares and all else.",
            "engaged_view": "Focused views: plays of at least 6 seconds, or interactions before that.",
            "paid_engaged_view": "The part of the 6-second focused views that were paid plays of 6 seconds.",
            "paid_engagement_engaged_view": "The part of the 6-second focused views that were paid interactions.",
            "engaged_view_15s": "Focused views: plays of at least 15 seconds, or interactions before that.",
            "paid_engaged_view_15s": "The part of the 15-second focused views that were paid plays of 15 seconds.",
            "paid_engagement_engaged_view_15s": "The part of the 15-second focused views that were paid interactions.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.AVERAGE,
        meanings={"average_video_play": "Seconds that a play lasted."},
    ),
    _Group(
        type="number",
        kind=Kind.AVERAGE,
        note=_PEOPLE,
        meanings={"average_video_play_per_user": "Seconds that each viewer watched, all their plays together."},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        meanings={"profile_visits_rate": "Visits to the profile by impression."},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_EVENT_TIME,
        meanings={"real_time_app_install": "Installs of the app, whenever the ad was delivered."},
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_EVENT_TIME,
        meanings={"real_time_app_install_cost": "Spend by real-time install of the app."},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_LATE,
        meanings={
            "app_install": "Installs of the app.",
            "purchase": "People who purchased in the app, each counted once.",
            "registration": "People who registered in the app, each counted once.",
            "sales_lead": "People who became a lead in the app, each counted once.",
            "total_app_event_add_to_cart": "How often something was added to the cart in the app.",
            "engaged_view_through_conversions": "Conversions by people who watched the ad closely without clicking it.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_LATE,
        meanings={
            "cost_per_app_install": "Spend by install of the app.",
            "cost_per_purchase": "Spend by purchaser in the app.",
            "cost_per_registration": "Spend by registered person in the app.",
            "cost_per_sales_lead": "Spend by person who became a lead in the app.",
            "cost_per_total_sales_lead": "Spend by lead in the app, repeated ones counted each time.",
            "cost_per_total_app_event_add_to_cart": "Spend by addition to the cart in the app.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_LATE,
        meanings={
            "total_landing_page_view": "How often the landing page was opened and loaded after a click.",
            "web_event_add_to_cart": "Additions to the cart on the website, as its pixel counted them.",
            "page_content_view_events": "Views of product pages on the website, as its pixel counted them.",
            "onsite_on_web_cart": "Additions to the cart in TikTok Shop.",
            "onsite_on_web_detail": "Views of product pages in TikTok Shop.",
            "total_view_content": "Views of content in the app, repeated ones counted each time.",
            "total_purchase": "Purchases in the app, repeated ones counted each time.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.MONEY,
        note=_LATE,
        meanings={"total_sales_lead_value": "Worth of all leads in the app."},
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_LATE,
        meanings={"cost_per_landing_page_view": "Spend by view of the landing page."},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        note=_LATE,
        meanings={"landing_page_view_rate": "Views of the landing page by click."},
    ),
    _Group(
        type="number",
        kind=Kind.COUNT,
        note=_APPLE,
        meanings={
            "skan_conversion": "Conversions of iOS users, as Apple's SKAdNetwork reported them.",
            "skan_result": "How often the ad group's goal was reached, as Apple's SKAdNetwork reported it.",
        },
    ),
    _Group(
        type="number",
        kind=Kind.COST,
        note=_APPLE,
        meanings={"skan_cost_per_conversion": "Spend by conversion that Apple's SKAdNetwork reported."},
    ),
    _Group(
        type="number",
        kind=Kind.PERCENT,
        note=_LATE,
        meanings={
            "purchase_rate": "Purchasers in the app by click.",
            "registration_rate": "Registered people in the app by click.",
            "sales_lead_rate": "People who became a lead in the app by click.",
        },
    ),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for group in _GROUPS for metric in group.metrics()}
