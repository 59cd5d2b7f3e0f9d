"""An account with more images than TikTok's search gives: what there is comes, and what is missing is said."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

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
    """The images that an account has, or those that were changed since then."""
    account = emulator.business.by_id[advertiser_id]
    least = since.timestamp() if since else 0
    return {asset.id for asset in images(account, int(NOW.timestamp())) if asset.modified >= least}


async def test_images_beyond_reach_are_said_and_never_passed_over(emulator: Emulator) -> None:
    """10,000 are delivered and the other account whole; then stream, account, what is missing, and what to do."""
    small, large = sorted(emulator.advertiser_ids, key=lambda one: len(library(emulator, one)))
    assert 0 < len(library(emulator, small)) < REACH < len(library(emulator, large))
    outcome = await read_from(emulator, config_for(emulator, start_date="2020-01-01"), [STREAM])
    assert outcome.exit_code == 1
    assert outcome.statuses[STREAM][-1] == "INCOMPLETE"
    image_ids = {one: set[str]() for one in emulator.advertiser_ids}
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


async def test_what_the_error_advises_is_complete(emulator: Emulator) -> None:
    """With the start_date that it names, every image since then comes, and the sync ends well."""
    failed = await read_from(emulator, config_for(emulator, start_date="2020-01-01"), [STREAM])
    advice = re.search(r"start_date after (\d{4}-\d\d-\d\d)", failed.errors[0]["message"])
    assert advice is not None
    start = date.fromisoformat(advice[1]) + timedelta(days=1)
    outcome = await read_from(emulator, config_for(emulator, start_date=str(start)), [STREAM])
    assert outcome.exit_code == 0, outcome.errors
    since = datetime(start.year, start.month, start.day, tzinfo=UTC)
    wanted = set().union(*(library(emulator, one, since) for one in emulator.advertiser_ids))
    assert {record["image_id"] for record in outcome.records(STREAM)} == wanted
