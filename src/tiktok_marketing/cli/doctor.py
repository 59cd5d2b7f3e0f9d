"""`tiktok-marketing doctor`: is all well with the access, and with a database?"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tiktok_marketing.cli.common import announce, config_option, console, debug_option, table

if TYPE_CHECKING:
    from rich.console import Console

    from tiktok_marketing.doctor import Examination, Finding, Fix


class _Commands(msgspec.Struct, frozen=True):
    """What the user would type to mend something."""

    config: str
    database: str
    dataset: str

    def of(self, fix: Fix, streams: Iterable[str | None]) -> str:
        """The command that mends these streams; one without a stream is about all of them."""
        from tiktok_marketing.doctor import Fix
        from tiktok_marketing.pipelines import DEFAULT_DATASET

        words = ["tiktok-marketing", "sync", "--config", self.config, "--to", self.database]
        if self.dataset != DEFAULT_DATASET:
            words += ["--dataset", self.dataset]
        names = list(dict.fromkeys(streams))
        if None not in names:
            words += ["--streams", ",".join(name for name in names if name)]
        if fix is Fix.FULL:
            words.append("--full")
        return shlex.join(words)

    def todo(self, finding: Finding) -> str:
        """What to do about one finding; empty if nothing."""
        return finding.remedy or (self.of(finding.fix, [finding.stream]) if finding.fix else "")


@click.command(
    short_help="Find what is wrong with the access, or with a database.",
    epilog="Exit codes: 0 all is well; 1 something is wrong, and is named (with --strict: or may become so); 2 wrong "
    "usage or configuration, or no such database.",
)
@config_option
@click.option(
    "--database",
    metavar="ADDRESS",
    help="The database that a sync has filled, as it was given with --to: duckdb:///x.duckdb or postgresql://…, say.",
)
@click.option(
    "--streams", "names", metavar="A,B", help="Only these streams. [default: all that the database has, or all]"
)
@click.option(
    "--dataset",
    default="tiktok_ads",
    show_default=True,
    metavar="NAME",
    help="Schema of the tables.",
)
@click.option("--offline", is_flag=True, help="Examine the database alone, without asking TikTok.")
@click.option(
    "--requests",
    type=click.IntRange(0, 1_000_000),
    default=500,
    show_default=True,
    metavar="N",
    help="About how many requests to spend on holding the database against TikTok.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(1, 24 * 365),
    default=48,
    show_default=True,
    metavar="HOURS",
    help="How old the data may be.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@debug_option
def doctor(config_path: Path, database: str | None, names: str | None, dataset: str, **options: Any) -> int:
    """Find what is wrong with the access, or with a database that a sync has filled.

    Looks at credentials, accounts, scopes, quota and clock. With --database also at the tables: days that are missing,
    rows that TikTok has and the database has not (or twice), figures that differ, streams and accounts that are behind.
    Days whose figures may still change are told from damage. It writes nothing.
    """
    from tiktok_marketing.config import load_config
    from tiktok_marketing.doctor import DoctorOptions, Severity, examine
    from tiktok_marketing.pipelines import destination_of

    examined = DoctorOptions(
        database=None if database is None else destination_of(database, dataset),
        streams=None if names is None else tuple(name.strip() for name in names.split(",") if name.strip()),
        offline=options["offline"],
        requests=options["requests"],
        max_age=timedelta(hours=options["max_age"]),
    )
    found = asyncio.run(examine(load_config(config_path), examined, on_wait=announce))
    commands = _Commands(str(config_path), database or "", dataset)
    if options["as_json"]:
        click.echo(json.dumps(_as_json(found, commands), indent=2))
    else:
        _show(found, commands)
    return 1 if not found.well or (options["strict"] and found.of(Severity.WARNING)) else 0


def _as_json(found: Examination, commands: _Commands) -> dict[str, Any]:
    return {
        "well": found.well,
        **msgspec.to_builtins(msgspec.structs.replace(found, findings=())),
        "findings": [{**msgspec.to_builtins(finding), "remedy": commands.todo(finding)} for finding in found.findings],
    }


def _show(found: Examination, commands: _Commands) -> None:
    from rich.markup import escape

    out = console()
    checks = table("Check", "Outcome")
    for check in found.checks:
        checks.add_row(check.name, escape(check.message))
    out.print(checks)
    if found.freshness:
        _show_freshness(out, found)
    if found.findings:
        _show_findings(out, found.findings)
        _show_todo(out, found.findings, commands)
    if found.sample is not None:
        sample = found.sample
        out.print(
            f"Held against TikTok: {sample.windows:,} of {sample.windows_total:,} parts of reports and "
            f"{sample.lists:,} of {sample.lists_total:,} lists of objects, with {sample.requests:,} requests."
            + ("" if sample.whole else " With more --requests more can be; another day, others will be."),
            soft_wrap=True,
        )
    out.print(_verdict(found), soft_wrap=True)


def _show_freshness(out: Console, found: Examination) -> None:
    shown = table("Stream", "Rows", "Accounts", "Read to", "Last sync (UTC)", "Open from", right=("Rows", "Accounts"))
    for one in found.freshness:
        read = "-" if one.behind is None else one.behind if one.behind == one.ahead else f"{one.behind} to {one.ahead}"
        shown.add_row(
            one.stream,
            "-" if one.rows is None else f"{one.rows:,}",
            f"{one.accounts:,}" if one.accounts else "-",
            read.replace(" 00:00:00", ""),
            f"{one.synced:%Y-%m-%d %H:%M}" + ("" if one.complete else ", incomplete") if one.synced else "-",
            str(one.open_from or "-"),
        )
    out.print(shown)


def _show_findings(out: Console, findings: Sequence[Finding]) -> None:
    from rich.markup import escape

    from tiktok_marketing.doctor.findings import Severity, day_text

    colours = {Severity.WRONG: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
    shown = table("", "Check", "Stream", "Account", "Days", "Finding")
    for one in findings:
        shown.add_row(
            f"[{colours[one.severity]}]{one.severity}[/]",
            one.check,
            one.stream or "-",
            one.advertiser_id or "-",
            day_text(one.days) or "-",
            escape(one.message),
        )
    out.print(shown)


def _show_todo(out: Console, findings: Sequence[Finding], commands: _Commands) -> None:
    """What to do, streams that need the same command in one."""
    from tiktok_marketing.doctor.findings import Severity

    bad = [one for one in findings if one.severity is not Severity.NOTE]
    by_fix: dict[Fix, list[str | None]] = {}
    for one in bad:
        if one.fix is not None and not one.remedy:
            by_fix.setdefault(one.fix, []).append(one.stream)
    todo = list(dict.fromkeys(one.remedy for one in bad if one.remedy))
    todo += [commands.of(fix, streams) for fix, streams in by_fix.items()]
    if todo:
        out.print("[bold]What to do[/bold]")
    for line in todo:
        out.print(f"  {line}", soft_wrap=True, markup=False)
    if todo:
        out.print()


def _verdict(found: Examination) -> str:
    from tiktok_marketing.doctor.findings import Severity

    wrong, warnings = len(found.of(Severity.WRONG)), len(found.of(Severity.WARNING))
    warned = f"{warnings:,} warning{'s' if warnings > 1 else ''}" if warnings else ""
    if not wrong:
        return f"All is well{f', with {warned}' if warned else ''}."
    return f"{wrong:,} thing{'s are' if wrong > 1 else ' is'} wrong{f', and there is {warned}' if warned else ''}."
