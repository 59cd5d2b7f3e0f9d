"""`tiktok-marketing assets`: stored copies of images, thumbnails and videos, before their addresses end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import CommandWithExamples, debug_option, json_option, print_json, say
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from tiktok_marketing.assets import StoreResult

_FAILURES_SHOWN = 10


@click.command(
    cls=CommandWithExamples,
    examples=["tiktok-marketing assets --database duckdb:///tiktok.duckdb --output creatives"],
    short_help="Store images, thumbnails and videos in a folder.",
    epilog="Exit codes: 0 every file is stored; 1 some are not, and the output says why; 2 wrong usage.",
)
@click.option(
    "--database",
    "address",
    required=True,
    metavar="URI",
    help="The database that a sync filled, written as for `sync --to`.",
)
@click.option("--dataset", default="tiktok_ads", show_default=True, metavar="NAME", help="The schema of the tables.")
@click.option(
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The folder. Files that it has already are not read again.",
)
@click.option(
    "--file-mb", type=click.IntRange(1), default=500, show_default=True, help="Leave out files larger than this."
)
@click.option(
    "--total-gb", type=click.IntRange(1), default=20, show_default=True, help="Stop when the folder has this size."
)
@click.option(
    "--parallel", type=click.IntRange(1, 32), default=4, show_default=True, help="How many files to read at once."
)
@json_option()
@debug_option
def assets(address: str, dataset: str, folder: Path, file_mb: int, total_gb: int, parallel: int, as_json: bool) -> int:
    """Store images, thumbnails and videos in a folder, each once, by TikTok's id.

    TikTok's addresses of images end after one hour, and those of videos after six. So run it right after a sync of
    creative_assets_images, creative_assets_videos and spark_ads, or use `sync --assets FOLDER`. A run that is stopped
    goes on where it ended.
    """
    from tiktok_marketing.assets import Limits

    limits = Limits(file_bytes=file_mb * 1024**2, total_bytes=total_gb * 1024**3, parallel=parallel)
    result = store(address, dataset, folder, limits)
    if as_json:
        print_json(_as_json(result, folder))
    return 0 if result.complete else 1


def _as_json(result: StoreResult, folder: Path) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "complete": result.complete,
        "stored": result.stored,
        "stored_before": result.there,
        "address_ended": result.ended,
        "over_the_limit": result.not_begun,
        "failures": [
            {"kind": kind, "id": content_id, "reason": shown_line(reason)}
            for kind, content_id, reason in result.failures
        ],
    }


def check_assets(address: str, dataset: str) -> None:
    """Make sure that files can be stored from a destination.

    Raises:
        ConfigurationError: They cannot.
    """
    from tiktok_marketing.errors import ConfigurationError
    from tiktok_marketing.pipelines import destination_of

    destination = destination_of(address, dataset)
    if not destination.sql_dialect:
        raise ConfigurationError(
            f"Images and videos cannot be stored from {destination.display_name}.",
            remedy="They can be stored from a DuckDB file and from a Postgres database.",
        )


def store(address: str, dataset: str, folder: Path, limits: object | None = None) -> StoreResult:
    """Store the files that a database knows, and say what is missing."""
    from tiktok_marketing.assets import Limits, StoreResult, assets_of, store_assets, write_table
    from tiktok_marketing.connect import own_address
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.pipelines.databases.bookkeeping import opened_filled
    from tiktok_marketing.views import ViewSettings, create_views
    from tiktok_marketing.views.database import places_of_views

    destination = destination_of(address, dataset)
    check_assets(address, dataset)
    with opened_filled(destination) as database:
        wanted = assets_of(database)
    if not wanted:
        say(
            f"{destination.display_name} knows no images and videos. Sync: --streams "
            "creative_assets_images,creative_assets_videos,spark_ads"
        )
        return StoreResult()
    chosen = limits if isinstance(limits, Limits) else Limits()
    result = asyncio.run(store_assets(wanted, folder, chosen, base=own_address() or None))
    write_table(destination, result.assets)
    for place in places_of_views(destination):
        if place.layout == "answers":
            create_views(destination, ViewSettings(schema=place.schema))
    say(f"{result.stored:,} files stored in {folder}, and {result.there:,} were there before.")
    if result.ended:
        say(
            f"{result.ended:,} files are missing, because their addresses have ended. Sync the streams "
            "creative_assets_images, creative_assets_videos and spark_ads again, and store the files right after."
        )
    if result.not_begun:
        say(f"{result.not_begun:,} files are missing, because the folder has reached its limit (--total-gb).")
    for kind, content_id, reason in result.failures[:_FAILURES_SHOWN]:
        say(f"The {kind.replace('_', ' ')} {content_id} is missing: {reason}.", is_error=True)
    if len(result.failures) > _FAILURES_SHOWN:
        say(f"{len(result.failures) - _FAILURES_SHOWN:,} more files are missing.", is_error=True)
    return result
