"""An account with more images than TikTok's search lists: these are delivered, and the rest is reported as missing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from support import NOW, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.business.creatives import images

STREAM = "creative_assets_images"
REACH = 10_000


@pytest_asyncio.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Two accounts, one of which has more than 10,000 images."""
    options = Options(now=NOW, tier="unlimited", days=60, advertisers=2, ads_per_account=19_400, not_granted=0)
    async with Emulator(options) as running:
        yield running


def library(emulator: Emulator, advertiser_id: str, since: datetime | None = None) -> set[str]:
    """The images of an account, or those changed since a time."""
    account = emulator.business.by_id[advertiser_id]
    least = since.timestamp() if since else 0
    return {asset.id for asset in images(account, int(NOW.timestamp())) if asset.modified >= least}


async def test_images_that_are_not_listed_are_reported(emulator: Emulator) -> None:
    """10,000 are delivered, the other account is complete, and the error has stream, account and remedy."""
    small, large = sorted(emulator.advertiser_ids, key=lambda advertiser_id: len(library(emulator, advertiser_id)))
    assert 0 < len(library(emulator, small)) < REACH < len(library(emulator, large))
    outcome = await read_from(emulator, config_for(emulator, start_date="2020-01-01"), [STREAM])
    assert outcome.exit_code == 1
    assert outcome.statuses[STREAM][-1] == "INCOMPLETE"
    image_ids = {advertiser_id: set[str]() for advertiser_id in emulator.advertiser_ids}
    for record in outcome.records(STREAM):
        image_ids[str(record["advertiser_id"])].add(record["image_id"])
    assert len(outcome.records(STREAM)) == len(image_ids[large]) + len(image_ids[small])
    assert image_ids[small] == library(emulator, small)
    assert len(image_ids[large]) == REACH
    assert image_ids[large] < library(emulator, large)
    (error,) = outcome.errors
    assert error["failure_type"] == "config_error"
    for text in (STREAM, large, "no more than 10,000", "were delivered", "Records last changed before"):
        assert text in error["message"]
    states = outcome.last_states[STREAM]["states"]
    assert [state["partition"]["advertiser_id"] for state in states] == [small]


@pytest.mark.thorough
async def test_following_the_remedy_makes_the_stream_complete(emulator: Emulator) -> None:
    """With the start_date that it names, every image since then comes, and the sync succeeds."""
    failed = await read_from(emulator, config_for(emulator, start_date="2020-01-01"), [STREAM])
    advice = re.search(r"start_date after (\d{4}-\d\d-\d\d)", failed.errors[0]["message"])
    assert advice is not None
    start = date.fromisoformat(advice[1]) + timedelta(days=1)
    outcome = await read_from(emulator, config_for(emulator, start_date=str(start)), [STREAM])
    assert outcome.exit_code == 0, outcome.errors
    since = datetime(start.year, start.month, start.day, tzinfo=UTC)
    expected = set().union(*(library(emulator, advertiser_id, since) for advertiser_id in emulator.advertiser_ids))
    assert {record["image_id"] for record in outcome.records(STREAM)} == expected
