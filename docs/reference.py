"""The parts of the docs that are made from the code: what each command says of itself, and what each metric is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click

from tiktok_marketing.catalog import ALL_STREAMS, STREAMS, AnyStream, ReportStream
from tiktok_marketing.catalog.breakdowns import BREAKDOWNS
from tiktok_marketing.catalog.metric_index import metric_named
from tiktok_marketing.catalog.metrics import METRICS, Kind
from tiktok_marketing.catalog.stream import Level
from tiktok_marketing.cli.main import command
from tiktok_marketing.emulator.endpoints.known import KNOWN
from tiktok_marketing.pipelines.arrow.tables import Column, columns_of
from tiktok_marketing.views.rendering import SQL_TYPES

_SOURCES = Path(__file__).parents[1] / "src" / "tiktok_marketing"
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


def tables_of_columns() -> str:
    """A heading and the columns of each stream's table. Reports share metrics, which are listed by name."""
    breakdowns = {stream.name for stream in BREAKDOWNS}
    tables = [_table_of(stream) for stream in ALL_STREAMS if stream.name not in breakdowns]
    return "\n".join([*tables, _tables_by_a_dimension()])


def _tables_by_a_dimension() -> str:
    """One row per dimension: the tables of all levels and grains differ only in the id and the time of their keys."""
    lines = [
        "### Reports by a dimension",
        "",
        "Each table has `advertiser_id`, the id of its level, the day or the hour if its name says so, and the column",
        "of the dimension. These columns are its key. It also has the names of the objects and these",
        "[metrics](metrics.md).",
        "",
        "| table | column | meaning | metrics |",
        "|---|---|---|---|",
    ]
    tables: dict[str, ReportStream] = {}
    for stream in BREAKDOWNS:
        kind = stream.name.partition("_reports")[0]
        name = "ads_v2" if kind.startswith("ads_v2") else "audience" if kind.endswith("_audience") else "reports"
        suffix = stream.name.partition("_reports")[2].removesuffix("_hourly").removesuffix("_daily")
        shown = {"ads_v2": f"`{kind}_reports{suffix}`", "audience": f"`…_audience_reports{suffix}`"}
        tables.setdefault(shown.get(name, f"`…_reports{suffix}`"), stream)
    for name, stream in tables.items():
        columns = {column.name: column for column in columns_of(stream)}
        own = stream.breakdown or stream.dimensions[:1]
        figures = [metric for metric in stream.metrics if _is_figure(metric)]
        lines.append(
            f"| {name} | {', '.join(f'`{column}`' for column in own)} "
            f"| {' '.join(columns[column].description for column in own)} "
            f"| {', '.join(f'`{metric}`' for metric in figures)} |"
        )
    return "\n".join(lines) + "\n"


def _is_figure(name: str) -> bool:
    metric = metric_named(name)
    return metric is not None and metric.kind is not Kind.ATTRIBUTE


def _table_of(stream: AnyStream) -> str:
    columns = columns_of(stream)
    metrics = set(stream.source.metrics) if isinstance(stream, ReportStream) else set()
    own = [column for column in columns if column.name not in metrics]
    shared = [column.name for column in columns if column.name in metrics]
    key = ", ".join(f"`{name}`" for name in stream.table_key) or "none"
    parts = [f"### {stream.name}\n\n{stream.description} Key: {key}.\n\n| column | type | meaning |\n|---|---|---|"]
    parts += [_row(column) for column in own]
    if shared:
        names = ", ".join(f"`{name}`" for name in shared)
        parts.append(f"\nAnd these [metrics](metrics.md): {names}.")
    return "\n".join(parts) + "\n"


def _row(column: Column) -> str:
    return f"| `{column.name}` | {SQL_TYPES[column.type]} | {column.description.replace('|', chr(92) + '|')} |"


_WHY_UNREAD = (
    ("gmv_max/", "checks and recommendations for GMV Max; its stores, campaigns, sessions and reports are streams"),
    ("smart_plus/", "tasks that copy Smart+ campaigns; the campaigns, ad groups, ads and creatives are streams"),
    (
        "campaign/gmv_max/",
        "checks and recommendations for GMV Max; its stores, campaigns, sessions and reports are streams",
    ),
    ("campaign/spc/", "quotas of Smart+ campaigns of the old kind; the campaigns are a stream"),
    (
        "report/task/",
        "reports as tasks, which TikTok allows to few applications; the usual requests have the same rows",
    ),
    ("bc/", "Business Centers: members, assets, invoices and money, which belong to no ad account"),
    ("catalog/", "products of catalogs, which shops have themselves"),
    ("comment/", "comments below ads: words of people, no figures"),
    ("page/", "forms and leads: personal data, which need consent"),
    ("lead/", "forms and leads: personal data, which need consent"),
    ("business/", "accounts of creators and organic posts, which need another kind of token"),
    ("tto/", "TikTok One and creators, which need another kind of token"),
    ("tcm/", "the Creator Marketplace, which needs another kind of token"),
    ("term/", "terms that a user signs"),
    ("tool/", "tools for making ads, such as bids and keywords; regions, languages and interests are streams"),
    ("changelog/", "who changed what, as a task with a file"),
    ("optimizer/", "automated rules"),
    ("subscription/", "notifications, which need a server"),
    ("creative/", "tools that make or check creatives, and previews"),
    ("dmp/", "details of audiences and shares of them; `audiences` and `saved_audiences` have the lists"),
    ("pixel/", "settings of pixels; the streams of pixels have lists and counts"),
    ("file/", "single files by id; the streams of images, videos and music have the lists"),
    ("app/", "apps that advertisers have registered"),
    ("offline/", "sets of offline events"),
    ("store/", "TikTok Shops and their products, which the shop's own API has"),
    ("identity/", "single identities and their posts; the stream `identities` has the list"),
)
"""Where endpoints begin, what they have, and why no stream reads them. The first that fits counts."""
_OTHERS = "other lists, checks and settings, of which no report is made"
_EXAMPLES = 3


def table_of_unread() -> str:
    """One row per group of endpoints that read something and that no stream asks."""
    read = {stream.endpoint.strip("/") for stream in ALL_STREAMS}
    unread = sorted(
        path.strip("/") for path, method in KNOWN.items() if method == "GET" and path.strip("/") not in read
    )
    groups: dict[str, list[str]] = {}
    for path in unread:
        about = next((about for start, about in _WHY_UNREAD if path.startswith(start)), "")
        groups.setdefault(about or _OTHERS, []).append(path)
    lines = ["| what they have | number | for example |", "|---|---|---|"]
    for about, paths in sorted(groups.items(), key=lambda group: group[0] == _OTHERS):
        lines.append(f"| {about} | {len(paths)} | {', '.join(f'`/{path}/`' for path in paths[:_EXAMPLES])} |")
    return "\n".join(lines) + f"\n\nThese are {len(unread)} endpoints that read something, of August 2026.\n"


def messages_of_the_code() -> list[str]:
    """Every text in the code, with `…` where a value goes."""
    texts = []
    for path in _SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                pieces = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                texts.append("".join(pieces))
    return texts
