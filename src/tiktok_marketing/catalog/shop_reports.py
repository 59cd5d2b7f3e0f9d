"""The reports on what GMV Max ads spend by country, read only if they are named.

They are in the endpoint of the other reports (`report_type` TT_SHOP), which has neither filters nor other metrics for
them. `gmv_max_reports` has the reports on stores, products and posts.
"""

from __future__ import annotations

import msgspec

from tiktok_marketing.catalog.reports import ADVERTISERS, CAMPAIGNS, NAMES, Family, Metrics, report_of
from tiktok_marketing.catalog.stream import Grain, Level, ReportStream

_ADVERTISERS = msgspec.structs.replace(ADVERTISERS, noun="ad account on GMV Max ads")
_CAMPAIGNS = msgspec.structs.replace(CAMPAIGNS, noun="GMV Max campaign", status_field=None)


def _metrics(level: Level, _grain: Grain) -> Metrics:
    return Metrics((), (*NAMES[level], "spend", "billed_cost"))


_BY_COUNTRY = Family(
    report_type="TT_SHOP",
    name="{subject}_shop_reports_by_country_{grain}",
    contents="Spend and billed cost",
    breakdown=("country_code",),
    split=" by country",
    sandbox=False,
    subjects=(_ADVERTISERS, _CAMPAIGNS),
    grains=(Grain.DAY, Grain.SPAN),
    hours_late=11,
    on_request=True,
    metrics=_metrics,
)
_WHOLE = msgspec.structs.replace(
    _BY_COUNTRY,
    name="{subject}_shop_reports_{grain}",
    breakdown=(),
    split="",
    subjects=(_ADVERTISERS,),
    grains=(Grain.SPAN,),
)

SHOP_REPORTS: tuple[ReportStream, ...] = tuple(
    report_of(family, subject, grain)
    for family in (_BY_COUNTRY, _WHOLE)
    for subject in family.subjects
    for grain in family.grains
)
"""What accounts and campaigns spent on GMV Max ads."""
