"""Options that choose what a command reads: streams, presets, accounts and days; and how a shell completes them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from tiktok_marketing.catalog import ALL_STREAMS
from tiktok_marketing.catalog.presets import PRESETS

if TYPE_CHECKING:
    from tiktok_marketing.catalog import AnyStream
    from tiktok_marketing.config import Config
    from tiktok_marketing.pipelines.databases.store import Source
    from tiktok_marketing.sync.plan.bounds import Bounds


def read_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--preset`, `--accounts`, `--since` and `--until` below `--streams`.

    The command gets `names`, with the streams of presets, `accounts` and `bounds`.
    """

    @functools.wraps(function)
    def with_choices(
        *arguments: Any,
        names: list[str] | None,
        presets: list[str] | None,
        since: str | None,
        until: str | None,
        **parameters: Any,
    ) -> Any:
        return function(
            *arguments, names=names_with_presets(names, presets), bounds=_bounds(since, until), **parameters
        )

    decorated: Callable[..., Any] = with_choices
    for option in (_until, _since, accounts_option("Read only these accounts."), preset_option):
        decorated = option(decorated)
    return decorated


_DAY = "A day is 2026-11-01, today, yesterday, or 30d for 30 days ago, in the time zone of each account."
_since = click.option(
    "--since",
    metavar="DAY",
    help=f"Read reports from this day on, in place of the days that are due, and replace these days. {_DAY}",
)
_until = click.option("--until", metavar="DAY", help="Read reports up to this day, which is included.")


def _bounds(since: str | None, until: str | None) -> Bounds:
    from tiktok_marketing.sync.plan.bounds import Bounds, parse_bound

    return Bounds(parse_bound(since, "--since"), parse_bound(until, "--until"))


def shard_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--shard` and `--shards`. The command gets `choose_shard`, which puts the choice into a configuration."""

    @functools.wraps(function)
    def with_shard(*arguments: Any, shard: str | None, shards: str | None, **parameters: Any) -> Any:
        return function(*arguments, choose_shard=functools.partial(_with_shard, shard, shards), **parameters)

    decorated: Callable[..., Any] = with_shard
    for option in (_shards, _shard):
        decorated = option(decorated)
    return decorated


_shard = click.option(
    "--shard",
    metavar="I/N",
    help="Read only the accounts of shard I of N, counted from 0, with this process's share of the quota.  "
    "[default: $TIKTOK_SHARD]",
)
_shards = click.option(
    "--shards",
    metavar="N",
    help="The number of shards, in an indexed Job of Kubernetes, which says which of them this is.  "
    "[default: $TIKTOK_SHARDS]",
)


def _with_shard(shard: str | None, shards: str | None, config: Config) -> Config:
    """The configuration of one shard.

    Raises:
        ConfigurationError: If there is no such shard.
    """
    import msgspec

    from tiktok_marketing.shards import parse_shard, shard_in

    if shard is not None and shards is not None:
        raise click.UsageError("--shard and --shards exclude each other. Leave one out.")
    if shard is not None:
        return msgspec.structs.replace(config, shard=parse_shard(shard, "--shard"))
    return config if shards is None else msgspec.structs.replace(config, shard=shard_in(os.environ, shards))


def complete_streams(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of streams that begin like the last one of a list.

    They are those of the catalog, and the reports of the configuration or of the database that the line names.
    """
    config, source = _configuration(context), _source_of(context)
    return _complete_last(incomplete, (stream.name for stream in _known(config, source)))


def _known(config: Config | None, source: Source | None) -> Sequence[AnyStream]:
    """The streams that a configuration and a database know, as far as they can be read."""
    with suppress(Exception):
        from tiktok_marketing.pipelines.databases.known_streams import known_streams
        from tiktok_marketing.sync.plan.selection import streams_of

        configured = ALL_STREAMS if config is None else streams_of(config)
        return configured if source is None else known_streams(source.reports, configured)
    return ALL_STREAMS


def complete_accounts(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of accounts that begin like the last one of a list.

    They are from the configuration and from the database that the line names. TikTok is never asked.
    """
    return _complete_last(incomplete, dict.fromkeys([*_configured(context), *_synced(context)]))


def _complete_last(incomplete: str, values: Iterable[str]) -> list[CompletionItem]:
    before, comma, last = incomplete.rpartition(",")
    chosen = set(before.split(","))
    return [
        CompletionItem(f"{before}{comma}{value}") for value in values if value.startswith(last) and value not in chosen
    ]


def _configuration(context: click.Context) -> Config | None:
    from tiktok_marketing.config_sources import ConfigSources

    with suppress(Exception):  # whatever is wrong, a shell that completes a word has no place to say so
        return ConfigSources(path=context.params.get("config_path"), environment=dict(os.environ)).load()
    return None


def _configured(context: click.Context) -> list[str]:
    config = _configuration(context)
    if config is None:
        return []
    return [config.advertiser_id] if config.advertiser_id is not None else list(config.advertiser_ids)


def _source_of(context: click.Context) -> Source | None:
    """What the last sync left in the database that the line names."""
    address = context.params.get("to") or context.params.get("database")
    if not address:
        return None
    with suppress(Exception):
        from tiktok_marketing.pipelines import destination_of
        from tiktok_marketing.pipelines.inspection import source_in

        return source_in(destination_of(address, context.params.get("dataset") or "tiktok_ads"))
    return None


def _synced(context: click.Context) -> list[str]:
    source = _source_of(context)
    if source is None:
        return []
    with suppress(Exception):
        from tiktok_marketing.sync.plan.cursors import read_state

        cursors = [
            read_state(stream.name, stream.cursor, source.streams[stream.name])
            for stream in _known(None, source)
            if stream.cursor is not None and stream.name in source.streams
        ]
        return list(dict.fromkeys(account for of in cursors for account in of.accounts))
    return []


def accounts_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--accounts`, which may be given several times; its values add up."""
    return click.option(
        "--accounts",
        multiple=True,
        metavar="ID,ID",
        callback=_given,
        shell_complete=complete_accounts,
        help=f"{help_text} May be repeated.",
    )


def _given(_: click.Context, __: click.Parameter, values: Sequence[str]) -> list[str] | None:
    return list(values) or None


preset_option = click.option(
    "--preset",
    "presets",
    multiple=True,
    type=click.Choice([preset.name for preset in PRESETS]),
    callback=_given,
    help="Read the streams of a preset, and those of --streams; `tiktok-marketing streams --presets` lists them.",
)


def names_with_presets(names: list[str] | None, presets: Sequence[str] | None) -> list[str] | None:
    """The names and patterns of streams that were chosen, those of presets included; None if nothing was chosen."""
    if presets is None:
        return names
    chosen = [name for preset in PRESETS if preset.name in presets for name in preset.streams]
    return [*chosen, *(names or [])]
