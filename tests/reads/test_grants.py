"""Narrow grants and counts that nobody can believe: what can be read is read, and the rest is named."""

from __future__ import annotations

from typing import Any

import pytest

from support import NOW, config_for, read_from
from tiktok_marketing.emulator import Emulator, Options

STREAMS = ["campaigns", "ads", "ads_reports_daily"]


def emulator_of(**options: Any) -> Emulator:
    """A small business without a quota."""
    return Emulator(
        Options(now=NOW, anchor=NOW.date(), tier="unlimited", advertisers=2, days=20, ads_per_account=8, **options)
    )


async def test_an_account_whose_counts_contradict_its_rows_is_reported_with_all_its_rows() -> None:
    """Its rows are delivered, its streams fail with both numbers after a few passes, and the other account is read."""
    async with emulator_of() as emulator:
        whole = await read_from(emulator, config_for(emulator), STREAMS)
        requests = emulator.counters.total()
    async with emulator_of(contradictory_page_info=(2,)) as emulator:
        outcome = await read_from(emulator, config_for(emulator), STREAMS)
        assert emulator.counters.total() <= requests * 4
    assert whole.exit_code == 0
    assert outcome.exit_code == 1
    for name in STREAMS:
        assert sorted(map(str, outcome.records(name))) == sorted(map(str, whole.records(name)))
        assert outcome.statuses[name][-1] == "INCOMPLETE"
    (second,) = {record["advertiser_id"] for record in whole.records("ads")} - {int(emulator.advertiser_ids[0])}
    errors = [error["message"] for error in outcome.errors]
    assert len(errors) == len(STREAMS)
    assert all(f"rows that TikTok counts for advertiser {second}" in message for message in errors)


@pytest.mark.parametrize(
    ("scopes", "denied"),
    [((1, 2), {"ads_reports_daily"}), ((1, 4), {"campaigns", "ads"}), ((1, 4, 200), {"ads"})],
    ids=["no reports", "no objects", "no ads"],
)
async def test_a_missing_scope_ends_its_streams_and_no_others(scopes: tuple[int, ...], denied: set[str]) -> None:
    """Each of them says which endpoint was not granted, and what to do. The other streams are complete."""
    async with emulator_of(scopes=scopes) as emulator:
        outcome = await read_from(emulator, config_for(emulator), STREAMS)
    assert outcome.exit_code == 1
    assert {name for name in STREAMS if outcome.statuses[name][-1] == "INCOMPLETE"} == denied
    assert {name for name in STREAMS if not outcome.records(name)} == denied
    for error in outcome.errors:
        assert "does not grant you" in error["message"]
        assert "Request the scope in the TikTok developer portal" in error["message"]
