"""The reports on TopView ads, which are reserved, read only if they are named.

A filter asks for them (`buying_type`). TikTok's documents say nothing about these ads in reports without it.
"""

from __future__ import annotations

from msgspec.structs import replace

from tiktok_marketing.catalog.reports import AD_GROUPS, ADS, CAMPAIGNS, FAMILIES, Family, report_of
from tiktok_marketing.catalog.stream import ReportFilter, ReportStream

_TOPVIEW = (ReportFilter(field="buying_type", values=("RESERVATION_TOP_VIEW",)),)
_SUBJECTS = (CAMPAIGNS, AD_GROUPS, ADS)
_BREAKDOWNS = ((), ("gender", "age"))


def _of_topview(family: Family) -> Family:
    return replace(
        family,
        name=family.name.replace("_audience_reports", "_topview_audience_reports")
        if "_audience_reports" in family.name
        else family.name.replace("_reports", "_topview_reports"),
        split=f" of TopView{family.split}",
        sandbox=False,
        on_request=True,
        filters=_TOPVIEW,
    )


TOPVIEW_REPORTS: tuple[ReportStream, ...] = tuple(
    report_of(_of_topview(family), subject, grain)
    for family in FAMILIES
    if family.breakdown in _BREAKDOWNS
    for subject in _SUBJECTS
    if subject in family.subjects
    for grain in family.grains
)
"""What campaigns, ad groups and ads of TopView spent and reached."""
