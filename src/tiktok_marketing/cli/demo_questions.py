"""The questions that the demo asks the database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class Question(msgspec.Struct, frozen=True):
    """A question and the SQL that answers it."""

    title: str
    sql: str


QUESTIONS = (
    Question(
        "What did the busiest account spend on each of the last 14 days?",
        """\
WITH busiest AS (
    SELECT advertiser_id FROM ads_reports_daily GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
)
SELECT strftime(stat_time_day, '%a %d %b') AS day, a.name AS account, sum(spend)::DECIMAL(18, 2) AS spend, a.currency,
       bar(sum(spend)::DOUBLE, 0, max(sum(spend)::DOUBLE) OVER (), 40) AS chart
FROM advertisers_reports_daily JOIN busiest USING (advertiser_id) JOIN advertisers a USING (advertiser_id)
WHERE stat_time_day > current_date - 14
GROUP BY ALL ORDER BY min(stat_time_day)""",
    ),
    Question(
        "Which campaigns convert at the lowest cost?",
        """\
WITH campaign AS (
    SELECT advertiser_id, campaign_id, sum(conversion)::BIGINT AS conversions, sum(spend)::DECIMAL(18, 2) AS spend,
           round(sum(spend) / sum(conversion), 2) AS cost_per_conversion
    FROM ads_reports_daily GROUP BY ALL HAVING sum(conversion) >= 30
)
SELECT a.name AS account, c.campaign_name AS campaign, conversions, spend, a.currency, cost_per_conversion
FROM campaign JOIN campaigns c USING (campaign_id) JOIN advertisers a ON a.advertiser_id = campaign.advertiser_id
QUALIFY row_number() OVER (PARTITION BY a.advertiser_id ORDER BY cost_per_conversion) <= 2
ORDER BY account, cost_per_conversion""",
    ),
    Question(
        "Which deleted ads had spent money?",
        """\
SELECT a.name AS account, ads.ad_name AS ad, sum(r.spend)::DECIMAL(18, 2) AS spend, a.currency,
       max(r.stat_time_day) AS last_day_with_spend
FROM ads JOIN ads_reports_daily r USING (ad_id) JOIN advertisers a ON a.advertiser_id = ads.advertiser_id
WHERE ads.operation_status = 'DELETE' OR ads.secondary_status LIKE '%DELETE%'
GROUP BY ALL HAVING sum(r.spend) > 0
ORDER BY sum(r.spend) DESC LIMIT 6""",
    ),
)


def value_text(value: Any) -> str:
    """A value of an answer as text."""
    if value is None:
        return "-"
    if isinstance(value, (int, Decimal)):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
