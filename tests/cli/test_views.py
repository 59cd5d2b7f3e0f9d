"""`sync --views` and `sync --assets` leave views and files that fit the rows, and `assets` goes on from there."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from report.conftest import contents_of

STREAMS = (
    "advertisers,campaigns,ads,ads_reports_*ly,campaigns_reports_daily,creative_assets_images,creative_assets_videos"
)


@pytest.fixture
def small(config: Any, api: Any) -> str:
    """A configuration of two accounts, which have fewer images and videos to store than all."""
    path: str = config(advertiser_ids=api.info["advertiser_ids"][:2])
    return path


def test_a_sync_refreshes_views_and_stores_assets(command: Any, small: str, place: Any, tmp_path: Path) -> None:
    """Both options work with each sync, first and later ones, and with the layouts that are in use."""
    arguments = ("sync", "--config", small, "--to", place.address(), "--streams", STREAMS)
    first = command(*arguments, "--views", "--assets", "kept")
    assert first.returncode == 0, first.stderr
    assert place.ask("SELECT count(*) > 0, sum(spend) > 0 FROM daily_by_ad") == [(True, True)]
    paths = [path for (path,) in place.ask("SELECT DISTINCT video_path FROM creatives WHERE video_id IS NOT NULL")]
    assert paths
    assert all((tmp_path / "kept" / path).is_file() for path in paths)
    assert command("views", "--database", place.address(), "--layout", "fivetran").returncode == 0
    second = command(*arguments, "--views", "--assets", "kept")
    assert second.returncode == 0, second.stderr
    assert "0 files stored in kept" in second.stderr
    assert "views of the layout answers are up to date" in second.stderr
    assert "views of the layout fivetran are up to date" in second.stderr
    loaded = place.ask("SELECT sum(spend) FROM ads_reports_daily")
    assert place.ask("SELECT sum(spend) FROM daily_by_ad") == loaded
    again = command("assets", "--database", place.address(), "--output", "kept")
    assert again.returncode == 0, again.stderr
    assert "0 files stored in kept" in again.stderr
    full = command(*arguments, "--full")
    assert full.returncode == 0, full.stderr
    assert place.ask("SELECT sum(spend) FROM daily_by_ad") == loaded


@pytest.mark.thorough
def test_the_report_shows_the_images_that_a_sync_has_stored(
    command: Any, small: str, place: Any, tmp_path: Path
) -> None:
    """Each creative of the page has the colours of its own stored image, and a page without the folder has none."""
    arguments = ("sync", "--config", small, "--to", place.address(), "--streams", STREAMS, "--views")
    assert command(*arguments, "--assets", "kept").returncode == 0
    for options in (["--assets", "kept"], []):
        ended = command("report", "--database", place.address(), "--output", "page.html", *options)
        assert ended.returncode == 0, ended.stderr
        items = contents_of(tmp_path / "page.html")["creatives"]["items"]
        shown = {item["id"]: item["thumbnail"] for item in items if item["thumbnail"]}
        if not options:
            assert shown == {}
            continue
        stored = dict(place.ask("SELECT creative_id, max(thumbnail_path) FROM creatives GROUP BY 1"))
        assert len(shown) > 3
        for creative, address in shown.items():
            small = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
            large = Image.open(tmp_path / "kept" / stored[creative]).convert("RGB")
            for part in (0.25, 0.75):
                pixels = [image.getpixel((image.width // 2, int(image.height * part))) for image in (small, large)]
                assert max(abs(one - other) for one, other in zip(*pixels, strict=True)) < 12, creative


def test_a_database_without_images_says_what_to_sync(command: Any, config: Any, place: Any, tmp_path: Path) -> None:
    """Without the streams of assets there is nothing to store, and the command names them."""
    arguments = ("--config", config(), "--to", place.address(), "--streams", "advertisers")
    assert command("sync", *arguments).returncode == 0
    ended = command("assets", "--database", place.address(), "--output", "kept")
    assert ended.returncode == 0
    assert "creative_assets_images" in ended.stderr
    assert not (tmp_path / "kept").exists()


def test_other_destinations_are_refused_before_anything_is_read(command: Any, config: Any, api: Any) -> None:
    """Views and stored files need DuckDB or Postgres, and the command says so at once."""
    api.control("reset", {}, "POST")
    for option in (["--views"], ["--assets", "kept"]):
        ended = command("sync", "--config", config(), "--to", "parquet:folder", "--streams", "ads", *option)
        assert ended.returncode == 2
        assert "DuckDB" in ended.stderr
    assert api.control("counters")["counts"] == []


def test_a_file_that_is_missing_is_named_and_counts(command: Any, small: str, place: Any, tmp_path: Path) -> None:
    """The command names a file that TikTok does not send. Its exit code is 1, and the view no longer shows the file."""
    arguments = ("sync", "--config", small, "--to", place.address(), "--streams", STREAMS, "--views")
    assert command(*arguments, "--assets", "kept").returncode == 0
    for path in (tmp_path / "kept" / "video").iterdir():
        path.unlink()
    broken = "UPDATE tiktok_ads.creative_assets_videos SET preview_url = preview_url || '1'"
    if place.kind == "postgres":
        place.ask(broken)
    else:
        with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
            connection.execute(broken)
    ended = command("assets", "--database", place.address(), "--output", "kept")
    assert ended.returncode == 1
    assert "is missing: the server answered HTTP 403" in ended.stderr
    assert place.ask("SELECT count(video_path), count(thumbnail_path) > 0 FROM creatives") == [(0, True)]
