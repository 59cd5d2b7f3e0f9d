"""`tiktok-marketing streams`: what can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.catalog.presets import PRESETS
from tiktok_marketing.cli.common import (
    CommandWithSettings,
    config_option,
    console,
    debug_option,
    json_option,
    load_settings,
    print_json,
    streams_option,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktok_marketing.catalog import AnyStream
    from tiktok_marketing.config_sources import ConfigSources

_WIDTH_OF_ALL_COLUMNS = 170
"""The width of a terminal in which all columns can be read."""
_ONE_LINE_PER_STREAM = 1000
"""The width where there is no terminal: whatever filters the list by line gets a stream per line."""


@click.command(
    cls=CommandWithSettings,
    examples=["tiktok-marketing streams --streams '*_daily'", "tiktok-marketing streams --presets"],
    short_help="List the streams.",
)
@config_option
@streams_option("List only these streams.")
@click.option("--presets", is_flag=True, help="List the presets for `sync --preset`, with their streams.")
@json_option()
@debug_option
def streams(sources: ConfigSources, names: list[str] | None, presets: bool, as_json: bool) -> int:
    """List the streams: name, key, cursor, endpoint and what they contain.

    A configuration for a sandbox account limits the list to what such an account has. The list has the configuration's
    own reports, too. A stream on request is read only if it is named.

    On a narrow terminal the list has names and descriptions only; --json always has everything.
    """
    if presets:
        return _list_presets(as_json=as_json)
    listed = _listed(sources, names)
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "name": stream.name,
                "description": stream.description,
                "primary_key": list(stream.primary_key),
                "cursor": stream.cursor,
                "endpoint": stream.endpoint,
                "sandbox": stream.sandbox,
                "on_request": stream.on_request,
            }
            for stream in listed
        ]
        print_json(rows)
        return 0
    out = console(width_without_terminal=_ONE_LINE_PER_STREAM)
    if out.width < _WIDTH_OF_ALL_COLUMNS:
        columns = table("Stream", "Contents", whole=("Stream",))
        for stream in listed:
            columns.add_row(stream.name, stream.description)
        out.print(columns)
        return 0
    columns = table("Stream", "Key", "Cursor", "Endpoint", "Sandbox", "On request", "Contents")
    for stream in listed:
        columns.add_row(
            stream.name,
            ", ".join(stream.primary_key) or "-",
            stream.cursor or "-",
            stream.endpoint,
            "yes" if stream.sandbox else "no",
            "yes" if stream.on_request else "no",
            stream.description,
        )
    out.print(columns)
    return 0


def _listed(sources: ConfigSources, names: list[str] | None) -> Sequence[AnyStream]:
    """The named streams, or all of them, on request or not."""
    from tiktok_marketing.catalog import ALL_STREAMS
    from tiktok_marketing.sync.plan.selection import streams_named, streams_of

    config = None if sources.are_silent else load_settings(sources)
    known = ALL_STREAMS if config is None else streams_of(config)
    sandbox = config is not None and config.sandbox
    if names is None:
        return [stream for stream in known if stream.sandbox or not sandbox]
    return streams_named(names, known, sandbox=sandbox)


def _list_presets(*, as_json: bool) -> int:
    from tiktok_marketing.sync.plan.selection import streams_named

    chosen = {
        preset.name: [stream.name for stream in streams_named(preset.streams, sandbox=False)] for preset in PRESETS
    }
    if as_json:
        print_json(
            [
                {"name": preset.name, "description": preset.description, "streams": chosen[preset.name]}
                for preset in PRESETS
            ]
        )
        return 0
    listing = table("Preset", "Contents", "Streams", whole=("Preset",))
    for preset in PRESETS:
        streams_of = ", ".join(chosen[preset.name]) if preset.name != "all" else f"all {len(chosen['all'])}"
        listing.add_row(preset.name, preset.description, streams_of)
    console().print(listing)
    return 0
