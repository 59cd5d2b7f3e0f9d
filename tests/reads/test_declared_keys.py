"""Records that repeat a key that Airbyte declares. docs/coming-from-airbyte.md has these figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from support import config_for, key_of, read_from
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Emulator, Options

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""What accounts have depends on their age."""
SHARED = {"creative_assets_music": (313, 73), "creative_assets_images": (196, 166)}


async def test_accounts_that_share_something_repeat_a_declared_key() -> None:
    """Each account has a record of its own. With the account, no key comes twice."""
    async with Emulator(Options(tier="unlimited", now=NOW)) as emulator:
        config = config_for(emulator, start_date="2016-09-01")
        outcome = await read_from(emulator, config, SHARED, now=emulator.clock.now())
        assert len(emulator.advertiser_ids) == 6
    assert outcome.exit_code == 0
    for stream in STREAMS:
        if stream.name in SHARED:
            records = outcome.records(stream.name)
            declared = {json.dumps([record[field] for field in stream.primary_key]) for record in records}
            assert (len(records), len(declared)) == SHARED[stream.name]
            assert len({key_of(stream, record) for record in records}) == len(records)


def test_streams_whose_declared_key_lacks_the_account_are_known() -> None:
    """The page names each of them."""
    lacking = {stream.name for stream in STREAMS if stream.unique_by and stream.primary_key}
    without_key = {stream.name for stream in STREAMS if not stream.primary_key}
    assert lacking == {
        "audiences", "creative_assets_images", "creative_assets_videos", "creative_assets_music",
        "creative_assets_portfolios", "spark_ads", "pixels",
    }  # fmt: skip
    assert without_key == {"pixel_instant_page_events", "pixel_events_statistics"}
