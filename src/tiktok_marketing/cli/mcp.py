"""`tiktok-marketing mcp`: a read-only MCP server over a database."""

from __future__ import annotations

import click

from tiktok_marketing import interrupts
from tiktok_marketing.cli.common import CommandWithExamples, Number, debug_option


@click.command(
    cls=CommandWithExamples,
    examples=[
        "tiktok-marketing mcp --database duckdb:///tiktok.duckdb",
        "tiktok-marketing mcp --database duckdb:///tiktok.duckdb --rows 100 --seconds 10",
    ],
    short_help="Let an assistant read a database (MCP).",
    epilog="Exit codes: 0 the client ended the session; 1 the database cannot be read now; 2 wrong usage, no such "
    "database, or a package is missing.",
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
    "--rows", type=click.IntRange(1, 100_000), default=500, show_default=True, help="The most rows of an answer."
)
@click.option("--seconds", type=Number(0.1, 3600), default=30, show_default=True, help="How long a query may run.")
@debug_option
def mcp(address: str, dataset: str, rows: int, seconds: float) -> int:
    """Serve a database to an assistant, by the Model Context Protocol on standard input and output.

    The assistant can list the tables and views with their comments, and run queries that read. It can change nothing,
    and it reaches no other file. Each query opens the database anew, so that a sync can write between two of them.
    """
    from tiktok_marketing.mcp_server import Answers, Limits, serve
    from tiktok_marketing.pipelines import destination_of

    answers = Answers(destination_of(address, dataset), Limits(rows=rows, seconds=seconds))
    answers.check()
    # Nothing has to be put in order, and whoever started a server does not wait long before killing it.
    interrupts.end_at_once()
    serve(answers)
    return 0
