"""What the subcommands share."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_WITHOUT_TERMINAL = 160
"""Columns of a table in a file or a log. The width of a terminal that is not there must not squeeze it."""
_WIDE = 110
"""Columns from which the name of any stream fits on one line beside a few figures."""


class Session:
    """The settings of one run of the command."""

    def __init__(self) -> None:
        self.debug = False


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).debug = True
        log_to_stderr(logging.DEBUG)


debug_option = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_debug,
    help="Show the log and the traceback of an error.",
)

config_option = click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration file (JSON).",
)


def log_to_stderr(level: int) -> None:
    """Write the program's log to stderr, never to stdout."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("tiktok_marketing").setLevel(level)


def announce(waiting: object) -> None:
    """Print on stderr that a request waits for its next try, so that nobody takes the wait for a hang."""
    click.echo(str(waiting), err=True)


def console(*, stderr: bool = False, width_without_terminal: int = _WIDTH_WITHOUT_TERMINAL) -> Console:
    """Make a console. Where there is no terminal, it writes plain text."""
    from rich.console import Console

    terminal = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if terminal.is_terminal:
        return terminal
    return Console(stderr=stderr, highlight=False, width=width_without_terminal)


def table(*headings: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), **options: Any) -> Any:
    """Make a plain table. Text is never cut: what does not fit goes on in the next line.

    Args:
        headings: One per column.
        right: The headings of numbers, which are aligned to the right.
        whole: The headings of columns that must stay on one line. The names of streams do where there is room.
        options: Passed on to rich.
    """
    from rich import box
    from rich.table import Table

    unwrapped = {*right, *whole, *(("Stream",) if console().width >= _WIDE else ())}
    plain = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", **options)
    for heading in headings:
        plain.add_column(
            heading,
            justify="right" if heading in right else "left",
            no_wrap=heading in unwrapped,
            overflow="ellipsis" if heading in right else "fold",
        )
    return plain


def span(seconds: float) -> str:
    """A length of time in the unit that people would use."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
