"""`tiktok-marketing doctor`: what is wrong with the access or with a database?"""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tiktok_marketing.cli.common import (
    CommandWithSettings,
    Number,
    Session,
    announce,
    as_connector_error,
    config_option,
    console,
    debug_option,
    error_as_json,
    json_option,
    load_settings,
    print_json,
    streams_option,
    table,
)
from tiktok_marketing.errors import ConfigurationError, ConnectorError, OutputError, WorkingFolderError
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from rich.console import Console

    from tiktok_marketing.config_sources import ConfigSources
    from tiktok_marketing.doctor import Examination, Finding, Fix


COULD_NOT_LOOK = 3
"""The exit code if it is not known whether anything is wrong."""
_JSON_FORMAT = 1
"""Grows if a field of the JSON changes its meaning or vanishes; new fields may come at any time."""


class _SyncCommand(msgspec.Struct, frozen=True):
    """The `sync` command that fixes a finding, as the user would type it.

    Args:
        config: The words that name the configuration; None if there is none, and the user has to fill it in.
        database: The address of the database; empty without one.
        dataset: The schema of the tables.
    """

    config: tuple[str, ...] | None
    database: str
    dataset: str

    def fixing(self, fix: Fix, streams: Iterable[str | None]) -> str:
        """The command that fixes these streams; None among them stands for all streams."""
        from tiktok_marketing.doctor import Fix
        from tiktok_marketing.pipelines import DEFAULT_DATASET

        words = ["--to", self.database]
        if self.dataset != DEFAULT_DATASET:
            words += ["--dataset", self.dataset]
        names = list(dict.fromkeys(streams))
        if None not in names:
            words += ["--streams", ",".join(name for name in names if name)]
        if fix is Fix.FULL:
            words.append("--full")
        config = ("--config", "FILE") if self.config is None else self.config
        return f"tiktok-marketing sync {shlex.join([*config, *words])}"

    def remedy(self, finding: Finding) -> str:
        """What to do about a finding; empty if nothing."""
        streams = [finding.stream, *finding.fixed_with]
        return finding.remedy or (self.fixing(finding.fix, streams) if finding.fix else "")


@click.command(
    cls=CommandWithSettings,
    examples=["tiktok-marketing doctor", "tiktok-marketing doctor --database duckdb:///tiktok.duckdb --offline"],
    short_help="Find out what is wrong with the access or with a database.",
    epilog="Exit codes: 0 nothing is wrong. 1 something is wrong (with --strict, also a warning), and the output names "
    "it. 2 wrong usage. 3 it could not look: no such database, or another process uses it, TikTok cannot be reached, "
    "or the configuration cannot be used. In cron: tiktok-marketing doctor --config config.json --database "
    "duckdb:///tiktok.duckdb --quiet",
)
@config_option
@click.option(
    "--database",
    metavar="ADDRESS",
    help="The database to examine: the address that `sync` got with --to, for example duckdb:///tiktok.duckdb.",
)
@streams_option("Examine only these streams.", default="those in the database; without a database, all")
@click.option(
    "--dataset",
    default="tiktok_ads",
    show_default=True,
    metavar="NAME",
    help="The schema of the tables.",
)
@click.option("--offline", is_flag=True, help="Examine only the database; send nothing to TikTok.")
@click.option(
    "--requests",
    type=click.IntRange(0, 1_000_000),
    default=500,
    show_default=True,
    metavar="N",
    help="About how many requests to spend on comparing the database with TikTok.",
)
@click.option(
    "--max-age",
    type=Number(1, 24 * 365),
    default=48,
    show_default=True,
    metavar="HOURS",
    help="The age from which missing data counts as late.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings as well.")
@click.option(
    "--quiet", is_flag=True, help="Print only what is wrong (with --strict, also warnings), and nothing else."
)
@json_option()
@debug_option
@click.pass_context
def doctor(
    context: click.Context,
    /,
    sources: ConfigSources,
    database: str | None,
    names: list[str] | None,
    dataset: str,
    **options: Any,
) -> int:
    """Find out what is wrong with the access, or with a database that a sync has filled.

    The doctor checks credentials, accounts, scopes, quota and clock. With --database it also checks the tables. It
    finds missing days, missing or duplicate rows, figures that differ from TikTok's, and streams or accounts that are
    behind. Figures that may still change do not count as damage. The doctor writes nothing.
    With --offline it needs no configuration, but can judge more with one.
    """
    if options["offline"] and database is None:
        raise click.UsageError(
            "With --offline, there is nothing to examine without a database. Give one with --database."
        )
    if sources.are_silent and not options["offline"]:
        raise click.UsageError(
            "Give a configuration with --config or in environment variables, or examine only a database with --offline."
        )
    command = _SyncCommand(None if sources.are_silent else tuple(sources.arguments), database or "", dataset)
    session = context.ensure_object(Session)
    try:
        examination, settings = _examine(session, sources, database, names, dataset, **options)
    except OutputError:
        raise
    except Exception as error:
        if options["as_json"]:
            print_json(_error_as_json(as_connector_error(error), session.error_code or 2))
        raise
    code = _exit_code(examination, strict=options["strict"])
    if options["as_json"]:
        print_json(_as_json(examination, command, code))
    elif options["quiet"]:
        _show_what_is_wrong(examination, command, strict=options["strict"])
    else:
        _show(examination, command, settings)
    return code


def _examine(
    session: Session,
    sources: ConfigSources,
    database: str | None,
    names: list[str] | None,
    dataset: str,
    **options: Any,
) -> tuple[Examination, str]:
    """Look at everything. Errors from wrong options have the usual exit code, all others mean that it could not look.

    Returns:
        What was found, and the settings in words.
    """
    session.error_code = COULD_NOT_LOOK  # whatever happens from here on, be it a fault of the program
    with _progress(shown=not options["quiet"]) as on_step:
        from tiktok_marketing.config import describe_settings
        from tiktok_marketing.doctor import DoctorOptions, examine, unconfigured
        from tiktok_marketing.pipelines import destination_of

        try:
            destination = None if database is None else destination_of(database, dataset)
        except WorkingFolderError:
            raise
        except ConfigurationError:
            session.error_code = None
            raise
        examined = DoctorOptions(
            database=destination,
            streams=None if names is None else tuple(names),
            offline=options["offline"],
            requests=options["requests"],
            max_age=timedelta(hours=options["max_age"]),
        )
        config = unconfigured() if sources.are_silent else load_settings(sources)
        on_wait = (lambda _: None) if options["quiet"] else announce
        try:
            examination = asyncio.run(examine(config, examined, on_wait=on_wait, on_step=on_step))
        except ConfigurationError as error:
            if "streams" in error.settings:  # the configuration and the database have been looked at
                session.error_code = None
            raise
    if sources.are_silent:
        return examination, "not known, because there is no configuration"
    return examination, describe_settings(config)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is examined. Elsewhere, and with --quiet, nothing is shown."""
    if not shown or not sys.stderr.isatty():
        yield lambda _: None
        return
    with console(stderr=True).status("Starting") as status:
        yield lambda step: status.update(f"{step} …")


def _exit_code(examination: Examination, *, strict: bool) -> int:
    from tiktok_marketing.doctor import Severity

    if not examination.could_look:
        return COULD_NOT_LOOK
    return 1 if not examination.well or (strict and examination.of(Severity.WARNING)) else 0


def _as_json(examination: Examination, command: _SyncCommand, code: int) -> dict[str, Any]:
    return {
        "format": _JSON_FORMAT,
        "exit_code": code,
        "well": None if code == COULD_NOT_LOOK else examination.well,
        **msgspec.to_builtins(msgspec.structs.replace(examination, findings=())),
        "findings": [
            {**msgspec.to_builtins(finding), "remedy": command.remedy(finding)} for finding in examination.findings
        ],
        "error": None,
    }


def _error_as_json(error: ConnectorError, code: int) -> dict[str, Any]:
    return {
        "format": _JSON_FORMAT,
        "exit_code": code,
        "well": None,
        "at": datetime.now(UTC).isoformat(),
        "checks": [],
        "freshness": [],
        "sample": None,
        "reached": False,
        "findings": [],
        "error": error_as_json(error),
    }


def _show_what_is_wrong(examination: Examination, command: _SyncCommand, *, strict: bool) -> None:
    """Print a line per finding that decides the exit code, and what to do about it."""
    from tiktok_marketing.doctor import Severity
    from tiktok_marketing.doctor.findings import day_text

    out = console()
    severities = (Severity.WRONG, Severity.WARNING) if strict else (Severity.WRONG,)
    findings = [finding for severity in severities for finding in examination.of(severity)]
    for finding in findings:
        places = (finding.stream, finding.advertiser_id, day_text(finding.days))
        place = ", ".join(text for text in places if text)
        text = f"{finding.severity}: {f'{place}: ' if place else ''}{finding.message}"
        out.print(shown_line(text), soft_wrap=True)
    if findings:
        _show_remedies(out, findings, command)


def _show(examination: Examination, command: _SyncCommand, settings: str) -> None:
    out = console()
    checks = table("Check", "Outcome")
    for check in examination.checks:
        checks.add_row(check.name, check.message)
    out.print(checks)
    if examination.freshness:
        _show_freshness(out, examination)
    if examination.findings:
        _show_findings(out, examination.findings)
        _show_remedies(out, examination.findings, command)
    if examination.sample is not None:
        sample = examination.sample
        out.print(
            f"Compared with TikTok: {sample.windows:,} of {sample.windows_total:,} windows of reports and "
            f"{sample.lists:,} of {sample.lists_total:,} lists of objects, in {sample.requests:,} requests."
            + ("" if sample.whole else " To compare more, allow more --requests. The next run chooses other windows."),
            soft_wrap=True,
        )
    out.print(f"Settings: {settings}.", soft_wrap=True)
    _show_what_is_left_out(out, examination)
    out.print(_verdict(examination), soft_wrap=True)


def _show_freshness(out: Console, examination: Examination) -> None:
    rows = table(
        "Stream", "Rows", "Accounts", "Read to", "Last sync (UTC)", "Not final from", right=("Rows", "Accounts")
    )
    for stream in examination.freshness:
        read_to = stream.behind or "-"
        if stream.behind != stream.ahead:
            read_to = f"{stream.behind} to {stream.ahead}"
        last_sync = "-"
        if stream.synced:
            last_sync = f"{stream.synced:%Y-%m-%d %H:%M}" + ("" if stream.complete else ", incomplete")
        rows.add_row(
            stream.stream,
            "-" if stream.rows is None else f"{stream.rows:,}",
            f"{stream.accounts:,}" if stream.accounts else "-",
            read_to.replace(" 00:00:00", ""),
            last_sync,
            str(stream.open_from or "-"),
        )
    out.print(rows)


def _show_findings(out: Console, findings: Sequence[Finding]) -> None:
    from rich.text import Text

    from tiktok_marketing.doctor.findings import Severity, day_text

    colours = {Severity.WRONG: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
    rows = table("", "Check", "Stream", "Account", "Days", "Finding")
    for finding in findings:
        rows.add_row(
            Text(finding.severity, colours[finding.severity]),
            finding.check,
            finding.stream or "-",
            finding.advertiser_id or "-",
            day_text(finding.days) or "-",
            finding.message,
        )
    out.print(rows)


def _show_remedies(out: Console, findings: Sequence[Finding], command: _SyncCommand) -> None:
    """Print what to do. Streams that need the same command share it."""
    from tiktok_marketing.doctor.findings import Severity

    to_fix = [finding for finding in findings if finding.severity is not Severity.NOTE]
    by_fix: dict[Fix, list[str | None]] = {}
    for finding in to_fix:
        if finding.fix is not None and not finding.remedy:
            by_fix.setdefault(finding.fix, []).extend([finding.stream, *finding.fixed_with])
    remedies = list(dict.fromkeys(finding.remedy for finding in to_fix if finding.remedy))
    remedies += [command.fixing(fix, streams) for fix, streams in by_fix.items()]
    if remedies:
        out.print("What to do", style="bold")
    for remedy in remedies:
        out.print(f"  {shown_line(remedy)}", soft_wrap=True)
    if remedies:
        out.print()


def _show_what_is_left_out(out: Console, examination: Examination) -> None:
    """Say what settings leave out next to the verdict, because "all is well" alone would hide it."""
    from tiktok_marketing.doctor.findings import HIDDEN

    texts = list(dict.fromkeys(finding.message for finding in examination.findings if finding.check == HIDDEN))
    if texts:
        out.print("What the settings leave out", style="bold")
    for text in texts:
        out.print(f"  {shown_line(text)}", soft_wrap=True)


def _verdict(examination: Examination) -> str:
    from tiktok_marketing.doctor.findings import Severity

    if not examination.could_look:
        return "TikTok did not answer, so it is not known whether anything is wrong."
    wrong, warnings = len(examination.of(Severity.WRONG)), len(examination.of(Severity.WARNING))
    warned = f"{warnings:,} warning{'s' if warnings > 1 else ''}" if warnings else ""
    if not wrong:
        return f"All is well{f', with {warned}' if warned else ''}."
    return f"{wrong:,} thing{'s are' if wrong > 1 else ' is'} wrong{f', with {warned} besides' if warned else ''}."
