"""The MCP server, asked by the official client."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mcp import Client, StdioServerParameters

from programs import command
from support import quickly
from tiktok_marketing.mcp_server import Answers, Limits
from tiktok_marketing.mcp_server.server import server_of
from tiktok_marketing.pipelines import destination_of
from views.conftest import Filled, views


@asynccontextmanager
async def started(database: Filled, *options: str) -> AsyncIterator[Client]:
    """A client of a server process for the database, as an assistant starts one."""
    arguments = ["-m", "tiktok_marketing.cli", "mcp", "--database", str(database.address), *options]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
        yield client


@asynccontextmanager
async def client_of(database: Filled, **limits: Any) -> AsyncIterator[Client]:
    """A client of the same server in this process, which takes less time to start."""
    async with Client(server_of(Answers(destination_of(database.address), Limits(**limits)))) as client:
        yield client


async def call(client: Client, tool: str, **arguments: str) -> tuple[bool, str]:
    """Whether a tool succeeded, and its text."""
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    return not result.is_error, content.text


async def ask(client: Client, sql: str) -> dict[str, Any]:
    """The answer to a query that succeeds."""
    succeeded, text = await call(client, "query", sql=sql)
    assert succeeded, text
    answer: dict[str, Any] = json.loads(text)
    return answer


async def test_an_assistant_finds_its_way_from_the_tables_to_a_true_figure(filled: Filled) -> None:
    """List the tables, describe one, and ask for a sum that is the emulator's."""
    assert views(filled) == 0
    async with started(filled) as client:
        assert client.server_info.name == "tiktok-marketing"
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {"list_tables", "describe_table", "query"}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        _, tables = await call(client, "list_tables")
        assert "- daily_by_campaign (view, " in tables
        assert "- campaigns (table, " in tables
        assert "_dlt_" not in tables
        _, columns = await call(client, "describe_table", table="daily_by_campaign")
        (spend,) = [line for line in columns.splitlines() if line.startswith("| spend |")]
        assert "currency" in spend
        answer = await ask(client, "SELECT advertiser_id, sum(spend) AS spend FROM daily_by_account GROUP BY 1")
    assert answer["columns"] == ["advertiser_id", "spend"]
    assert not answer["more"]
    # Ids beyond 2^53 are text, so that no client rounds them; money is text, so that it stays exact.
    truths = {
        account: sum(Decimal(str(levels["advertiser"]["spend"])) for levels in truth["days"].values())
        for account, truth in filled.truths.items()
    }
    assert {int(account): Decimal(spend) for account, spend in answer["rows"]} == {
        account: spend for account, spend in truths.items() if spend
    }


@pytest.mark.parametrize("schema", quickly('my "own" views, here; --', "reporting"))
async def test_views_in_a_schema_of_their_own_are_listed_described_and_queried(filled: Filled, schema: str) -> None:
    """As if they were beside the tables. Other tables in that schema are not listed."""
    quoted = '"' + schema.replace('"', '""') + '"'
    assert views(filled, "--schema", schema) == 0
    filled.ask(f"CREATE TABLE {quoted}.of_somebody_else (a INTEGER)")
    sql = "SELECT sum(spend) AS spend FROM daily_by_account"
    async with client_of(filled) as client:
        _, tables = await call(client, "list_tables")
        assert f"Views in the schema {schema}:" in tables
        assert "- daily_by_account (view, " in tables
        assert "of_somebody_else" not in tables
        for name in ("daily_by_account", f"{schema}.daily_by_account", f'{quoted}."daily_by_account"'):
            succeeded, columns = await call(client, "describe_table", table=name)
            assert succeeded, columns
            assert "| spend |" in columns
        spend = (await ask(client, sql))["rows"]
        assert Decimal(spend[0][0]) > 0

        assert views(filled, "--currency", "EUR") == 0
        _, tables = await call(client, "list_tables")
        assert tables.count("- daily_by_account (view, ") == 1
        assert f'- {quoted}."daily_by_account" (view, ' in tables, (
            "the plain name is that of the view beside the tables"
        )
        assert (await ask(client, sql))["rows"] == spend


@pytest.mark.parametrize(
    "sql",
    quickly(
        "SELECT 1; COMMIT; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; DELETE FROM campaigns",
        "CREATE TABLE mine (a INT)",
        "SELECT 1; DELETE FROM campaigns",
        "DELETE FROM campaigns",
        "COPY campaigns TO '{folder}/copy.csv'",
        "WITH gone AS (DELETE FROM campaigns RETURNING *) SELECT * FROM gone",
        "",
        "SELEC 1",
        "SELECT * FROM no_such_table",
    ),
)
async def test_a_query_that_would_change_something_is_refused(filled: Filled, sql: str, tmp_path: Path) -> None:
    """With a sentence, and nothing has changed."""
    before = filled.ask("SELECT count(*) FROM campaigns")
    async with client_of(filled) as client:
        succeeded, text = await call(client, "query", sql=sql.format(folder=tmp_path))
    assert not succeeded
    assert text
    assert "Traceback" not in text
    assert filled.ask("SELECT count(*) FROM campaigns") == before
    assert not (tmp_path / "copy.csv").exists()


@pytest.mark.parametrize("sql", quickly("SELECT * FROM read_csv('{secret}')", "SELECT * FROM '{secret}'", "{reading}"))
async def test_a_query_reaches_no_other_file(filled: Filled, sql: str, tmp_path: Path) -> None:
    """Neither for reading nor by attaching it."""
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhunter2\n")
    reading = f"ATTACH '{secret}' AS other" if filled.kind == "duckdb" else f"SELECT lo_import('{secret}')"
    async with client_of(filled) as client:
        succeeded, text = await call(client, "query", sql=sql.format(secret=secret, reading=reading))
    assert not succeeded
    assert "hunter2" not in text


async def test_an_answer_is_bounded_in_rows_and_characters(filled: Filled) -> None:
    """It says that there is more."""
    async with started(filled, "--rows", "5") as client:
        answer = await ask(client, "SELECT * FROM ads_reports_daily")
        assert len(answer["rows"]) == 5
        assert answer["more"]
        whole = await ask(client, "SELECT 1 AS a UNION ALL SELECT 2")
        assert (whole["rows"], whole["more"]) == ([[1], [2]], False)
        large = await ask(client, "SELECT repeat('x', 40000) AS a FROM campaigns")
        assert len(large["rows"]) == 1
        assert large["more"]


async def test_a_query_that_takes_too_long_is_stopped(filled: Filled) -> None:
    """The server goes on."""
    slow = "SELECT count(*) FROM generate_series(1, 100000000000) AS t(a)"
    async with client_of(filled, seconds=0.5) as client:
        succeeded, text = await call(client, "query", sql=slow)
        assert not succeeded
        assert "0.5 seconds" in text
        assert (await ask(client, "SELECT 1 AS a"))["rows"] == [[1]]


async def test_values_of_every_type_arrive_as_json(filled: Filled) -> None:
    """Without a number that a client would round."""
    values = ("CAST('2026-03-04' AS DATE)", "CAST('NaN' AS DOUBLE PRECISION)", "NULL", "TRUE", "9007199254740993")
    sql = f"SELECT {', '.join(values)}"
    async with client_of(filled) as client:
        answer = await ask(client, sql)
    assert answer["rows"] == [["2026-03-04", None, None, True, "9007199254740993"]]


async def test_a_sync_can_write_between_two_queries(filled: Filled) -> None:
    """The server holds no lock while nobody asks."""
    if filled.kind == "duckdb":
        async with started(filled) as client:
            await ask(client, "SELECT 1 AS a")
            with duckdb.connect(filled.address) as connection:
                connection.execute("CREATE TABLE tiktok_ads.mine AS SELECT 7 AS a")
            assert (await ask(client, "SELECT a FROM mine"))["rows"] == [[7]]
    else:
        async with started(filled) as client:
            await ask(client, "SELECT 1 AS a")
            filled.ask("CREATE TABLE mine AS SELECT 7 AS a")
            assert (await ask(client, "SELECT a FROM mine"))["rows"] == [[7]]


def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """Before anything is served."""
    ended = command("mcp", "--database", f"duckdb:///{tmp_path}/none.duckdb")
    assert ended.code == 2
    assert "does not exist" in ended.err
    assert ended.out == ""
