from __future__ import annotations

import pytest

from tiktok_marketing.api.error_rules import rule_for
from tiktok_marketing.catalog import ALL_STREAMS, STREAMS, AnyStream, ReportStream, object_stream
from tiktok_marketing.catalog.scopes import permission_of, permissions_of, streams_out_of_reach
from tiktok_marketing.emulator.endpoints.envelope import Refusal
from tiktok_marketing.emulator.endpoints.scopes import ALL, check_scope

WITHOUT_PERMISSION = {
    "advertiser_ids",
    "regions",
    "languages",
    "interest_categories",
    "action_categories",
    "device_models",
    "carriers",
}
"""The streams that need no permission: whoever has a token may ask which accounts and targeting there are."""
GRANTS = [
    (2,),
    (4,),
    (44,),
    (1, 2, 4),
    (100, 200, 210, 220, 44),
    (2, 802),
    (8,),
    (800,),
    (6,),
    (600, 630, 690),
    (3, 30, 9_007_199_254_740_993),
    (7_231_011_733_974_859_777,),
    ALL,
]


def endpoints_of(stream: AnyStream) -> list[str]:
    """The endpoints that a stream asks: its own, and that of the list that its requests come from."""
    parent = None if isinstance(stream, ReportStream) else stream.source.parent
    return [stream.endpoint, *([] if parent is None else [object_stream(parent.stream).endpoint])]


def refuses(granted: tuple[int, ...], endpoint: str) -> bool:
    """Whether the emulator refuses an endpoint to a token with these scopes."""
    try:
        check_scope(granted, endpoint, "7001")
    except Refusal:
        return True
    return False


@pytest.mark.parametrize("granted", GRANTS, ids=str)
def test_the_table_says_what_the_api_refuses(granted: tuple[int, ...]) -> None:
    """The streams out of reach of a grant are those with an endpoint that answers 40001 to it."""
    refused = {stream.name for stream in STREAMS if any(refuses(granted, path) for path in endpoints_of(stream))}
    told = {stream.name for streams in streams_out_of_reach(granted, STREAMS).values() for stream in streams}
    assert told == refused


def test_every_stream_has_its_permission() -> None:
    """A new stream needs a line in the table, or a reason why it needs none."""
    assert {stream.name for stream in ALL_STREAMS if not permissions_of(stream)} == WITHOUT_PERMISSION


def test_everything_is_in_reach_of_every_scope() -> None:
    """So is everything if TikTok does not say what it granted: nothing is known then."""
    assert streams_out_of_reach(ALL, ALL_STREAMS) == streams_out_of_reach((), ALL_STREAMS) == {}


@pytest.mark.parametrize("code", [40001, 40002])
def test_a_missing_permission_is_named(code: int) -> None:
    """`doctor`, `check` and a sync name the permission to request."""
    error = rule_for(code, "No permission for this scope", "pixel/list/").error("x", endpoint="pixel/list/", code=code)
    assert "Pixel Management: read pixels (scope 800)" in error.remedy
    assert permission_of("unknown/path/") is None


def test_a_permission_without_a_documented_number_is_not_judged() -> None:
    """TikTok's documents name the permission for GMV Max, but not its number: only TikTok's answer says who has it."""
    permission = permission_of("gmv_max/campaign/get/")
    assert permission is not None
    assert permission.is_in((4,))
    assert str(permission) == "Ads Management: read GMV Max"
