"""Reports of the type PLAYABLE_MATERIAL: the figures of the playable ads of an account, by playable and country.

TikTok's page with their metrics is in no copy of its documentation. So the names are made up of others that it has, and
an option switches these reports on.
"""

from collections.abc import Mapping

import msgspec

from tiktok_marketing.emulator.business.breakdown_values import Value
from tiktok_marketing.emulator.business.breakdowns import Distribution
from tiktok_marketing.emulator.business.business import Account, Ad
from tiktok_marketing.emulator.business.creatives import playable_of
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.delivery import Figures
from tiktok_marketing.emulator.business.library import playable_id, playables
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.envelope import Answer, refuse
from tiktok_marketing.emulator.endpoints.reports.account_rows import ReportRow, check_names, page_of, requested
from tiktok_marketing.emulator.endpoints.reports.breakdown_rows import by_day
from tiktok_marketing.emulator.endpoints.reports.metrics import Layout, Order
from tiktok_marketing.emulator.endpoints.reports.query import dates
from tiktok_marketing.emulator.endpoints.reports.rows import merge_ads, sum_days
from tiktok_marketing.emulator.options import Options
from tiktok_marketing.emulator.randomness import keyed

_DIMENSIONS = ["playable_id", "country_code"]
_METRICS = """
    spend cpc cpm impressions clicks ctr conversion cost_per_conversion conversion_rate video_play_actions
    video_watched_2s video_watched_6s average_video_play video_views_p25 video_views_p50 video_views_p75
    video_views_p100 playable_page_view_count playable_first_scene_view_count playable_second_scene_view_count
    playable_third_scene_view_count playable_download_button_click_count
""".split()  # noqa: SIM905 - a list of quoted names is harder to read

Key = tuple[int, Value]
"""The index of a playable, and the country if there is one."""


def playable_report(account: Account, figures: Figures, params: Mapping[str, str], options: Options) -> Answer:
    """One page of a report.

    Raises:
        Refusal: The request is wrong.
    """
    dimensions = requested(params, "dimensions", [])
    check_names("dimension", dimensions, _DIMENSIONS)
    if "playable_id" not in dimensions:
        refuse("Missing required field(s): dimensions.")
    metrics = requested(params, "metrics", ["spend", "impressions"])
    check_names("metric", metrics, _METRICS)
    by_country = "country_code" in dimensions
    if read.boolean(params, "query_lifetime"):
        if by_country:
            refuse("query_lifetime: It cannot be used with the dimension country_code.")
        first, last = local_ordinal(account.zone, account.created), figures.last_day
    else:
        start, end = dates(params, "")
        first, last = start.toordinal(), min(end.toordinal(), figures.last_day)
    layout = Layout(metrics, account.template.currency, secondary=False)
    orders = {name: Order(name, account.template.currency) for name in metrics}
    rows = []
    for (index, value), values in _sums(account, figures, first, last, by_country=by_country).items():
        shown: dict[str, str] = msgspec.json.decode(layout.template({}) % layout.values(values))
        named = {"playable_id": playable_id(playables(account), index), "country_code": "".join(value)}
        amounts = {name: order.number(values) for name, order in orders.items()}
        rows.append(ReportRow({name: named[name] for name in dimensions}, shown, amounts))
    if options.shuffled_rows:
        seed = keyed(options.seed, account.key, first, last)
        rows.sort(key=lambda row: keyed(seed, *"|".join(row.dimensions.values()).encode()))
    return page_of(rows, metrics, params)


def _sums(account: Account, figures: Figures, first: int, last: int, *, by_country: bool) -> dict[Key, list[int]]:
    """The derived values of each key with data."""
    shown_in: dict[int, list[Ad]] = {}
    for ad in account.ads(figures.now):
        index = playable_of(ad)
        if index is not None:
            shown_in.setdefault(index, []).append(ad)
    sums: dict[Key, list[int]] = {}
    for index, ads in shown_in.items():
        if by_country:
            merged = merge_ads(by_day(figures, ad, Distribution(ad, ("country_code",)), first, last) for ad in ads)
        else:
            merged = merge_ads([((day, ()), row) for day, row in figures.series(ad, first, last)] for ad in ads)
        days: dict[Value, list[tuple[list[int], int]]] = {}
        for (_, value), vector, reach in merged:
            days.setdefault(value, []).append((vector, reach))
        sums |= {(index, value): sum_days(rows) for value, rows in days.items()}
    return sums
