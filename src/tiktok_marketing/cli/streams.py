"""`tiktok-marketing streams`: what can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tiktok_marketing.cli.common import console, debug_option, table


@click.command(short_help="List the streams.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="List only what this configuration can read: sandbox accounts lack some streams.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@debug_option
def streams(config_path: Path | None, as_json: bool) -> int:
    """List the streams: name, key, cursor and where they come from."""
    from tiktok_marketing.catalog import STREAMS
    from tiktok_marketing.config import load_config

    sandbox = config_path is not None and load_config(config_path).sandbox
    listed = [stream for stream in STREAMS if stream.sandbox or not sandbox]
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "name": stream.name,
                "description": stream.description,
                "primary_key": list(stream.primary_key),
                "cursor": stream.cursor,
                "endpoint": stream.endpoint,
                "sandbox": stream.sandbox,
            }
            for stream in listed
        ]
        click.echo(json.dumps(rows, indent=2))
        return 0
    shown = table("Stream", "Key", "Cursor", "Endpoint", "Sandbox", "What it is")
    for stream in listed:
        shown.add_row(
            stream.name,
            ", ".join(stream.primary_key) or "-",
            stream.cursor or "-",
            stream.endpoint,
            "yes" if stream.sandbox else "no",
            stream.description,
        )
    console().print(shown)
    return 0
