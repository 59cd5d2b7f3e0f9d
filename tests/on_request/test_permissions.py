"""Streams on request need permissions of their own: a missing one ends its streams and no others."""

from __future__ import annotations

import pytest

from on_request.conftest import emulator_of
from support import config_for, read_from

STREAMS = ("gmv_max_stores", "gmv_max_campaigns", "smart_plus_ads", "smart_plus_ad_reviews", "identities", "regions")


@pytest.mark.parametrize(
    ("scopes", "denied", "named"),
    [
        ((1, 4, 6, 210, 220, 241), {"gmv_max_campaigns"}, "Ads Management: read GMV Max"),
        ((1, 4, 6, 210, 220, 242), {"gmv_max_stores"}, "Ads Management: manage stores of GMV Max"),
        ((1, 4, 6, 241, 242), {"smart_plus_ads", "smart_plus_ad_reviews"}, "Ads Management: read ads (scope 220)"),
        ((1, 2, 4), {"identities"}, "Creative Management: read identities (scope 693)"),
    ],
    ids=["campaigns", "stores", "ads", "identities"],
)
async def test_a_missing_permission_ends_its_streams_and_no_others(
    scopes: tuple[int, ...], denied: set[str], named: str
) -> None:
    """TikTok answers 40001 "does not grant you …". The error names the permission; all other streams are complete."""
    async with emulator_of(scopes=scopes) as emulator:
        outcome = await read_from(emulator, config_for(emulator, start_date="2012-01-01"), STREAMS)
    assert outcome.exit_code == 1
    assert {name for name in STREAMS if outcome.statuses[name][-1] == "INCOMPLETE"} == denied
    assert {name for name in STREAMS if not outcome.records(name)} == denied
    for error in outcome.errors:
        assert "does not grant you" in error["message"]
        assert f"In the portal it is {named}." in error["message"]


async def test_an_endpoint_that_is_no_longer_implemented_has_nothing_to_read() -> None:
    """TikTok has announced the end of the list of Smart+ campaigns of the old kind. Then its stream is empty."""
    name = "smart_plus_legacy_campaigns"
    async with emulator_of() as emulator:
        emulator.faults.add("path=campaign/spc/get/,code=40008")
        outcome = await read_from(emulator, config_for(emulator, start_date="2012-01-01"), [name])
    assert outcome.exit_code == 0
    assert outcome.statuses[name][-1] == "COMPLETE"
    assert outcome.records(name) == []
