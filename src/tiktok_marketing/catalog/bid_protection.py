"""The streams of bid protection: the ad credits that TikTok owes or paid, because results cost more than the bid.

Read only if they are named. A request is about the last days of a few campaigns or ad groups, and the result of a day
can change for as long.
"""

from __future__ import annotations

from tiktok_marketing.catalog.stream import ObjectSource, ObjectStream, Parent

_DAYS = 14
"""For so many days the result of a day can change."""
_MOST_IDS = 200
"""Ids per request, times days."""
_SCALE = 100_000
"""TikTok sends credits as whole numbers of this part of the currency."""


def _stream(name: str, noun: str, level: str, parent: str, id_field: str) -> ObjectStream:
    return ObjectStream(
        name=name,
        description=f"Ad credits that bid protection owes or paid for each {noun} and day, of the last {_DAYS} days.",
        endpoint="report/bid_protection/detail/get/",
        primary_key=(id_field, "record_date"),
        sandbox=False,
        on_request=True,
        source=ObjectSource(
            list_key="bid_protection_records",
            params={"data_level": level},
            recent_days=_DAYS,
            dates_apart=True,
            scaled={"credit_amount": _SCALE},
            promoted_fields={id_field: ("query_id",)},
            parent=Parent(stream=parent, parameters={"query_ids": id_field}, at_once=_MOST_IDS // _DAYS, sparse=True),
        ),
    )


BID_PROTECTION: tuple[ObjectStream, ...] = (
    _stream("campaigns_bid_protection", "campaign", "CAMPAIGN", "campaigns", "campaign_id"),
    _stream("ad_groups_bid_protection", "ad group", "ADGROUP", "ad_groups", "adgroup_id"),
)
"""Bid protection by campaign and by ad group. Credits of a campaign are the sum of those of its ad groups."""
