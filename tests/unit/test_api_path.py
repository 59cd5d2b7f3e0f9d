"""A row of the catalog can name the version of its path, and permissions and limits do not depend on it."""

from __future__ import annotations

import pytest

from tiktok_marketing.api.rate_limit.tiers import tier_at, tier_of
from tiktok_marketing.api_path import path_of, without_version
from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.catalog.scopes import permission_of


@pytest.mark.parametrize(
    ("endpoint", "path", "name"),
    [
        ("ad/get/", "/open_api/v1.3/ad/get/", "ad/get/"),
        ("v2.0/gmv_max/report/get/", "/open_api/v2.0/gmv_max/report/get/", "gmv_max/report/get/"),
        ("v2/ad/get/", "/open_api/v2/ad/get/", "ad/get/"),
        ("v1.10.1/ad/get/", "/open_api/v1.10.1/ad/get/", "ad/get/"),
        ("video/ad/get/", "/open_api/v1.3/video/ad/get/", "video/ad/get/"),
        ("v/ad/get/", "/open_api/v1.3/v/ad/get/", "v/ad/get/"),
        ("ad/v2.0/get/", "/open_api/v1.3/ad/v2.0/get/", "ad/v2.0/get/"),
    ],
)
def test_an_endpoint_can_begin_with_its_version(endpoint: str, path: str, name: str) -> None:
    """Only a version at the beginning counts."""
    assert path_of(endpoint) == path
    assert without_version(endpoint) == name


def test_every_version_has_the_limits_and_the_permission_of_the_endpoint() -> None:
    """For each endpoint that is read."""
    tier = tier_of(20)
    for endpoint in {stream.endpoint for stream in ALL_STREAMS}:
        assert tier_at(f"v9.1/{endpoint}", tier) == tier_at(endpoint, tier)
        assert permission_of(f"v9.1/{endpoint}") == permission_of(endpoint)
    assert tier_at("gmv_max/report/get/", tier) != tier
