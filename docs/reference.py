"""The parts of the docs that are made from the code: what each command says of itself, and what each metric is."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tiktok_marketing.catalog import STREAMS, ReportStream
from tiktok_marketing.catalog.metrics import METRICS
from tiktok_marketing.catalog.stream import Level
from tiktok_marketing.cli.main import command

_WIDTH = 100
"""Columns of a command's help."""


def help_of_commands() -> str:
    """A heading and the help text for each command, in the order of `tiktok-marketing --help`."""
    context = click.Context(command, info_name="tiktok-marketing", max_content_width=_WIDTH, terminal_width=_WIDTH)
    parts = [f"```text\n{command.get_help(context)}\n```\n"]
    for name, subcommand in _commands(command, context):
        heading = "##" if name.count(" ") == 1 else "###"
        parts.append(f"\n{heading} {name}\n\n```text\n{subcommand}\n```\n")
    return "".join(parts)


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, str]]:
    for name in group.list_commands(context):
        each = group.commands[name]
        if each.hidden:
            continue
        own = click.Context(each, context, info_name=name, max_content_width=_WIDTH, terminal_width=_WIDTH)
        yield own.command_path, each.get_help(own)
        if isinstance(each, click.Group):
            yield from _commands(each, own)


def table_of_metrics() -> str:
    """One row per metric: type in records, what it measures, what it means, and the levels that have it."""
    used = {name for stream in STREAMS if isinstance(stream, ReportStream) for name in stream.source.metrics}
    lines = ["| metric | type | measures | meaning | levels |", "|---|---|---|---|---|"]
    for name, metric in METRICS.items():
        if name in used:
            levels = [level.name.lower().replace("_", " ") for level in Level if level in metric.levels]
            about = "all" if len(levels) == len(Level) else ", ".join(levels)
            lines.append(f"| `{name}` | {metric.type} | {metric.kind} | {metric.description} | {about} |")
    return "\n".join(lines) + "\n"
