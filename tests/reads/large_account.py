"""Reads an account with 200,000 ads over real sockets, and compares rows and impressions with the emulator's.

It takes minutes and gigabytes, so it is not a test of the suite: `PYTHONPATH=tests python
tests/reads/large_account.py`.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from support import NOW, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options

ADS = 200_000
STREAM = "ads_reports_daily"


async def main() -> bool:
    """Read two days, with and without deleted ads, and print both sides. Returns whether they agree."""
    today = NOW.date()
    first = today - timedelta(days=1)
    options = Options(now=NOW, tier="unlimited", days=30, anchor=today, advertisers=1, ads_per_account=ADS)
    agrees = True
    async with Emulator(options) as emulator:
        (account,) = emulator.advertiser_ids
        for deleted in (False, True):
            config = config_for(emulator, start_date=str(first), include_deleted=deleted)
            outcome = await read_from(emulator, config, [STREAM])
            records = outcome.records(STREAM)
            truth = emulator.truth(account, first, today, include_deleted=deleted)
            delivered = len(records), sum(int(record["metrics"]["impressions"]) for record in records)
            expected = truth["rows"]["ad"]["daily"], truth["metrics"]["ad"]["impressions"]
            print(f"include_deleted {deleted}: rows and impressions {delivered}, expected {expected}")
            print(f"exit code {outcome.exit_code}")
            agrees = agrees and delivered == expected and outcome.exit_code == 0
    return agrees


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(main()) else 1)
