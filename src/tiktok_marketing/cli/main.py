"""The command, its subcommands, and how it reports errors."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence

import click

from tiktok_marketing import interrupts
from tiktok_marketing._version import __version__
from tiktok_marketing.cli.accounts import accounts
from tiktok_marketing.cli.assets import assets
from tiktok_marketing.cli.check import check
from tiktok_marketing.cli.common import (
    GroupWithExamples,
    Session,
    as_connector_error,
    debug_option,
    error_as_json,
    print_json,
    say,
    say_details,
)
from tiktok_marketing.cli.config import config
from tiktok_marketing.cli.demo import demo
from tiktok_marketing.cli.doctor import doctor
from tiktok_marketing.cli.emulator import emulator
from tiktok_marketing.cli.lines import LineStyle, is_plain, set_line_style
from tiktok_marketing.cli.login import login
from tiktok_marketing.cli.mcp import mcp
from tiktok_marketing.cli.metrics import metrics
from tiktok_marketing.cli.plan import plan
from tiktok_marketing.cli.report import report
from tiktok_marketing.cli.state import state
from tiktok_marketing.cli.streams import streams
from tiktok_marketing.cli.sync import sync
from tiktok_marketing.cli.views import views
from tiktok_marketing.errors import ConfigurationError, ConnectorError, OutputError, chain_of
from tiktok_marketing.machine import refusal_of

_WHERE_TO_REPORT = f"where you got tiktok-marketing {__version__} from"
"""There is no public address yet, and one that does not exist would help nobody."""


@click.group(
    cls=GroupWithExamples,
    examples=[
        "tiktok-marketing demo",
        "tiktok-marketing login",
        "tiktok-marketing sync --to duckdb:///tiktok.duckdb --preset basics --views",
        "tiktok-marketing report --database duckdb:///tiktok.duckdb --open",
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 everything was delivered, or nothing is wrong; 1 something is missing or wrong, and the "
    "output names it; 2 wrong usage or configuration; 130 or 143 ended by Ctrl-C or a signal.",
)
@click.version_option(__version__, message="tiktok-marketing %(version)s")
@debug_option
def command() -> None:
    """Read everything from TikTok Ads into a database.

    `demo` shows it without an account. To begin with your own accounts, run `login`. Every command prints its result
    for programs with --json, and an error in its place if it fails.
    """


for _command in (
    demo,
    login,
    config,
    check,
    accounts,
    plan,
    sync,
    state,
    views,
    assets,
    report,
    doctor,
    mcp,
    streams,
    metrics,
    emulator,
):
    command.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command. Returns its exit code. An error is a sentence; `--debug` adds its traceback.

    Raises:
        OutputError: If standard output cannot be written.
    """
    session = Session()
    session.as_json = "--json" in arguments  # for errors of the line itself, before its options are read
    set_line_style(LineStyle.PLAIN)
    try:
        result = command.main(list(arguments), prog_name="tiktok-marketing", standalone_mode=False, obj=session)
    except click.ClickException as error:
        _report_usage(error)
        return _with_json(ConfigurationError(f"{error.format_message().rstrip('.')}."), session, 2)
    except (click.Abort, KeyboardInterrupt):
        return _report_interruption(session)
    except OutputError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a sentence
        return _report_interruption(session) if _is_interruption(error) else _report(error, session)
    finally:
        logging.shutdown()
    return result if isinstance(result, int) else 0  # click returns the code of --help and --version this way, too


def _is_interruption(error: BaseException) -> bool:
    """Whether Ctrl-C is the reason of an error. DuckDB raises a RuntimeError if it comes while a query runs."""
    return any(
        isinstance(link, KeyboardInterrupt) or (isinstance(link, RuntimeError) and str(link) == "Query interrupted")
        for link in chain_of(error)
    )


def _report_interruption(session: Session) -> int:
    return _with_json(ConnectorError("The command was interrupted."), session, interrupts.exit_code())


def _with_json(error: ConnectorError, session: Session, code: int) -> int:
    """Print an error on stdout as JSON, if JSON was asked for and is not written yet. Returns the exit code."""
    if session.as_json and not session.json_is_written:
        print_json({"exit_code": code, "error": error_as_json(error)})
    return code


def _report(error: Exception, session: Session) -> int:
    """Print an error for a person. Returns its exit code."""
    if not isinstance(error, ConnectorError):
        refusal = refusal_of(error)
        if refusal is None:
            return _with_json(_report_fault(error, session), session, session.error_code or 1)
        error = refusal
    if is_plain():
        say(f"Error: {error.message}", is_error=True)
        if error.remedy:
            say(error.remedy)
    else:  # in a log, what happened and what to do stay together
        say(" ".join(filter(None, (error.message, error.remedy))), is_error=True)
    if session.debug:
        if error.detail:
            say_details(error.detail)
        say_details("".join(traceback.format_exception(error)))
    code = session.error_code or (2 if isinstance(error, ConfigurationError) else 1)
    return _with_json(error, session, code)


def _report_usage(error: click.ClickException) -> None:
    """Print what is wrong with the command line, as click does. Click itself would pass on what the line quotes."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        sys.stderr.write(f"{error.ctx.get_help()}\n\n")
        say("Error: Name a command.")
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        say(error.ctx.get_usage())
        say(f"Try '{error.ctx.command_path} --help' for help.")
        say("")
    say(f"Error: {error.format_message()}")


def _report_fault(error: Exception, session: Session) -> ConnectorError:
    """Print that the program failed. Returns what was printed of the error."""
    fault = as_connector_error(error)
    say(f"Error: {fault.message}", is_error=True)
    if session.debug:
        say_details("".join(traceback.format_exception(error)))
        say(f"Please report the lines above {_WHERE_TO_REPORT}.")
    else:
        say(f"Run it again with --debug and report what it prints {_WHERE_TO_REPORT}.")
    return fault
