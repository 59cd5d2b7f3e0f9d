"""`tiktok-marketing check`: does this configuration work?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from tiktok_marketing.cli.common import (
    CommandWithSettings,
    announce,
    config_option,
    console,
    debug_option,
    json_option,
    load_settings,
    print_json,
    streams_option,
)
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from tiktok_marketing.access_check import CheckResult
    from tiktok_marketing.catalog import AnyStream
    from tiktok_marketing.config import Config
    from tiktok_marketing.config_sources import ConfigSources


@click.command(
    cls=CommandWithSettings,
    examples=["tiktok-marketing check", "tiktok-marketing check --streams campaigns --json"],
    short_help="Check the token, the accounts and access to reports.",
    epilog="Exit codes: 0 every check passed; 1 a check failed, and the output says what to do; 2 wrong usage or "
    "configuration.",
)
@config_option
@streams_option("Check what these streams need. Without a report among them, reports are not tried.")
@json_option()
@debug_option
def check(sources: ConfigSources, names: list[str] | None, as_json: bool) -> int:
    """Check the token, each account and access to reports."""
    from tiktok_marketing.config import describe_settings
    from tiktok_marketing.sync.plan.selection import choose_streams

    config = load_settings(sources)
    results = asyncio.run(_run_checks(config, choose_streams(config, names)))
    if as_json:
        print_json(
            {
                "ok": all(result.ok for result in results),
                "checks": [
                    {
                        "name": shown_line(result.name),
                        "ok": result.ok,
                        "message": shown_line(result.message),
                        "remedy": shown_line(result.remedy) or None,
                    }
                    for result in results
                ],
            }
        )
        return 0 if all(result.ok for result in results) else 1
    show_results(results, console())
    console().print(shown_line(f"Settings: {describe_settings(config)}."), soft_wrap=True)
    return 0 if all(result.ok for result in results) else 1


async def _run_checks(config: Config, streams: Sequence[AnyStream]) -> list[CheckResult]:
    from tiktok_marketing.access_check import check_access
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect

    async with connect(config, policy=INTERACTIVE_RETRIES, on_wait=announce) as api:
        names = [stream.name for stream in streams if stream.is_report]
        return await check_access(config, api, SystemClock(), reports=bool(names), streams=names)


def show_results(results: list[CheckResult], out: Console) -> None:
    """Print each result with a tick or a cross, and for each cross what to do."""
    from rich.text import Text

    for result in results:
        mark = Text("✓ ", "green") if result.ok else Text("✗ ", "red")
        name, message = Text(shown_line(f"{result.name}: "), "bold"), Text(shown_line(result.message))
        out.print(mark + name + message, soft_wrap=True)
        if result.remedy:
            out.print(f"  {shown_line(result.remedy)}", soft_wrap=True)
    failed = sum(not result.ok for result in results)
    out.print(f"{failed} of {len(results)} checks failed." if failed else "Every check passed.")
