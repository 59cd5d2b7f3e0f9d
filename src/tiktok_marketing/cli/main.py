"""The command, its subcommands, and how it reports errors."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Sequence

import click

from tiktok_marketing._version import __version__
from tiktok_marketing.cli.accounts import accounts
from tiktok_marketing.cli.assets import assets
from tiktok_marketing.cli.check import check
from tiktok_marketing.cli.common import Session, debug_option, say, say_details
from tiktok_marketing.cli.config import config
from tiktok_marketing.cli.demo import demo
from tiktok_marketing.cli.doctor import doctor
from tiktok_marketing.cli.emulator import emulator
from tiktok_marketing.cli.lines import LineStyle, is_plain, set_line_style
from tiktok_marketing.cli.login import login
from tiktok_marketing.cli.mcp import mcp
from tiktok_marketing.cli.plan import plan
from tiktok_marketing.cli.report import report
from tiktok_marketing.cli.state import state
from tiktok_marketing.cli.streams import streams
from tiktok_marketing.cli.sync import sync
from tiktok_marketing.cli.views import views
from tiktok_marketing.errors import ConfigurationError, ConnectorError, OutOfMemoryError, OutputError

_WHERE_TO_REPORT = f"where you got tiktok-marketing {__version__} from"
"""There is no public address yet, and one that does not exist would help nobody."""


class _GroupInOrder(click.Group):
    """Lists the commands in the order in which people need them, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)


@click.group(
    cls=_GroupInOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 everything was delivered, or nothing is wrong; 1 something is missing or wrong, and the "
    "output names it; 2 wrong usage or configuration; 130 or 143 ended by Ctrl-C or a signal.",
)
@click.version_option(__version__, message="tiktok-marketing %(version)s")
@debug_option
def command() -> None:
    """Read everything from TikTok Ads into a database.

    To see it work, run: tiktok-marketing demo

    To begin with your own accounts, run: tiktok-marketing login
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
    emulator,
):
    command.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Run the command. Returns its exit code. An error is a sentence; `--debug` adds its traceback.

    Raises:
        OutputError: If standard output cannot be written.
    """
    session = Session()
    set_line_style(LineStyle.PLAIN)
    try:
        result = command.main(list(arguments), prog_name="tiktok-marketing", standalone_mode=False, obj=session)
    except click.ClickException as error:
        _report_usage(error)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except OutputError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a sentence
        return _report(error, session)
    finally:
        logging.shutdown()
    return result if isinstance(result, int) else 0  # click returns the code of --help and --version this way, too


def _report(error: Exception, session: Session) -> int:
    """Print an error for a person. Returns its exit code."""
    if isinstance(error, MemoryError):
        error = OutOfMemoryError()
    if not isinstance(error, ConnectorError):
        _report_fault(error, session)
        return session.error_code or 1
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
    return session.error_code or (2 if isinstance(error, ConfigurationError) else 1)


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


def _report_fault(error: Exception, session: Session) -> None:
    kind = type(error).__name__
    say(f"Error: The program failed ({kind}). This is a fault of the program, not yours.", is_error=True)
    if session.debug:
        say_details("".join(traceback.format_exception(error)))
        say(f"Please report the lines above {_WHERE_TO_REPORT}.")
    else:
        say(f"Run it again with --debug and report what it prints {_WHERE_TO_REPORT}.")
