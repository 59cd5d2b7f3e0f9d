"""How many report metrics of the emulator have figures, and how many have figures that no other metric has.

python benchmarks/metrics.py
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from tiktok_marketing.emulator import Options
from tiktok_marketing.emulator.endpoints.reports.metric_names import DECIMALS, INTEGERS
from tiktok_marketing.emulator.platform import Platform

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
ACCOUNT_ONLY = frozenset({"cash_spend", "voucher_spend"})
"""Metrics that exist only in daily reports on an account."""


def main() -> None:
    """Read a month of six accounts with all metrics, by ad group and day, and print the counts."""
    platform = Platform(Options(now=NOW, tier="unlimited", ads_per_account=240))
    columns = _columns(platform, "adgroup", sorted((INTEGERS | DECIMALS) - ACCOUNT_ONLY))
    columns |= _columns(platform, "advertiser", sorted(ACCOUNT_ONLY))
    used = [name for name, values in columns.items() if any(value not in {"0", "0.00", "-"} for value in values)]
    same = Counter(tuple(columns[name]) for name in used)
    alone = sum(1 for name in used if same[tuple(columns[name])] == 1)
    print(f"metrics {len(columns)}; ever above zero {len(used)}; of these with figures of their own {alone}")


def _columns(platform: Platform, level: str, metrics: list[str]) -> dict[str, list[str]]:
    """For each metric, its values in all rows."""
    columns: dict[str, list[str]] = defaultdict(list)
    request: dict[str, Any] = {
        "report_type": "BASIC",
        "data_level": f"AUCTION_{level.upper()}",
        "dimensions": json.dumps([f"{level}_id", "stat_time_day"]),
        "metrics": json.dumps(metrics),
        "start_date": str(NOW.date() - timedelta(days=30)),
        "end_date": str(NOW.date() - timedelta(days=1)),
        "page_size": "1000",
    }
    for advertiser_id in platform.advertiser_ids:
        page, pages = 1, 1
        while page <= pages:
            params = request | {"advertiser_id": advertiser_id, "page": str(page)}
            answer = platform.respond("report/integrated/get/", platform.access_token, params).answer
            data = json.loads(answer.data)
            for row in data["list"]:
                for name, value in row["metrics"].items():
                    columns[name].append(value)
            page, pages = page + 1, data["page_info"]["total_page"]
    return columns


if __name__ == "__main__":
    main()
