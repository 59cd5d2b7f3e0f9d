"""What the subcommands share."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console


class Session:
    """What holds for one run of the command."""

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
    help="Show the log, and the traceback of an error.",
)

config_option = click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration, JSON.",
)


def log_to_stderr(level: int) -> None:
    """Write the program's log to stderr, never to stdout."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("tiktok_marketing").setLevel(level)


def announce(waiting: object) -> None:
    """Say on stderr that a request waits for another try, so that nobody takes it for a hang."""
    click.echo(str(waiting), err=True)


def console(*, stderr: bool = False) -> Console:
    """A console that writes plain text where nobody looks at it."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        # Tables in a file or a log should not be cut to the width of a terminal that is not there.
        made = Console(stderr=stderr, highlight=False, width=160)
    return made


def table(*headings: str, right: tuple[str, ...] = (), **options: Any) -> Any:
    """A plain table whose numbers stand below each other."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", **options)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", no_wrap=heading in right)
    return made


def span(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
