"""`tiktok-marketing report`: one HTML page that shows what is in a database."""

from __future__ import annotations

import re
import sys
import webbrowser
from contextlib import suppress
from datetime import date
from pathlib import Path

import click

from tiktok_marketing.cli.common import CommandWithExamples, debug_option, json_option, print_json, say
from tiktok_marketing.cli.output_file import write_whole
from tiktok_marketing.paths import absolute_path

_STDOUT = "-"


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | int | None:
    """Read a day, or a number of days such as `30d`."""
    if value is None:
        return None
    if re.fullmatch(r"[1-9]\d{0,4}d", value, re.ASCII):
        return int(value[:-1])
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return date.fromisoformat(value)
    raise click.BadParameter(f"{value!r} is not a day such as 2026-11-01, or a number of days such as 30d.")


@click.command(
    cls=CommandWithExamples,
    examples=[
        "tiktok-marketing report --database duckdb:///tiktok.duckdb --open",
        "tiktok-marketing report --database duckdb:///tiktok.duckdb --since 90d --output last-quarter.html",
    ],
    short_help="Make a page with charts from a database.",
    epilog="Exit codes: 0 the page is written; 1 the database cannot be read; 2 wrong usage, no such database, or a "
    "file that cannot be written.",
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
    "--schema",
    metavar="NAME",
    help="The schema of the views, which have the exchange rates, if not the one in which `views` put them.",
)
@click.option(
    "--output",
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="The file to write, or replace. A link stays one, and a pipe gets the page. '-' writes to standard output.",
)
@click.option(
    "--since",
    callback=_day,
    metavar="DAY",
    help="The first day of the page, such as 2026-11-01, or a number of days up to the last one, such as 30d.  "
    "[default: a year before the last day]",
)
@click.option(
    "--until",
    callback=_day,
    metavar="DAY",
    help="The last day of the page, such as 2026-11-30.  [default: the last day in the database]",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="FOLDER",
    help="The folder of `sync --assets`. The page then has small images of the creatives.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@json_option("Print where the page is, and its size, as JSON.")
@debug_option
def report(
    address: str,
    dataset: str,
    schema: str | None,
    output: str,
    since: date | int | None,
    until: date | int | None,
    assets: Path | None,
    opens: bool,
    as_json: bool,
) -> int:
    """Make one HTML page from a database: spend, results, campaigns, creatives, hours, people, and how fresh it all is.

    The page needs no network and sends nothing: figures and scripts are inside it. It changes nothing in the database.
    """
    if isinstance(until, int):
        raise click.BadParameter("give a day such as 2026-11-30.", param_hint="'--until'")
    if isinstance(since, date) and until is not None and since > until:
        raise click.BadParameter(f"{since} is after --until {until}.", param_hint="'--since'")
    if opens and output == _STDOUT:
        raise click.UsageError("--open needs a file; --output - writes to standard output.")
    if as_json and output == _STDOUT:
        raise click.UsageError("--json needs a file; --output - writes to standard output.")
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.report import ReportOptions, collect, html_page, thumbnails_are_supported

    options = ReportOptions(since=since, until=until, assets=assets, schema=schema)
    page = html_page(collect(destination_of(address, dataset), options))
    if assets is not None and not thumbnails_are_supported():
        from tiktok_marketing.extras import install_hint

        say(f"The page has no images of creatives, because Pillow is not installed. {install_hint('report')}")
    if output == _STDOUT:
        sys.stdout.write(page)
        return 0
    path = Path(absolute_path(output, is_text=False))
    write_whole(path, page)
    say(f"The page is {path} ({len(page.encode()) / 1e6:.1f} MB). Open it in a browser.")
    if as_json:
        print_json({"page": str(path), "bytes": len(page.encode())})
    if opens and not webbrowser.open(path.as_uri()):
        say("No browser could be opened here.")
    return 0
