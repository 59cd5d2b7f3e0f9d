"""What the subcommands share."""

from __future__ import annotations

import functools
import json
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from tiktok_marketing.cli.lines import Level, format_line, is_plain
from tiktok_marketing.config import Config
from tiktok_marketing.config_sources import DEFAULT_FILE, ConfigSources, option_of
from tiktok_marketing.environment import FILE_VARIABLE
from tiktok_marketing.errors import ConnectorError
from tiktok_marketing.machine import refusal_of
from tiktok_marketing.settings import OPTIONS, Kind, Setting
from tiktok_marketing.text import one_line, shown_line, shown_lines

if TYPE_CHECKING:
    from rich.console import Console

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_WIDTH_WITHOUT_TERMINAL = 160
"""Columns of a table in a file or a log. The width of a terminal that is not there must not squeeze it."""
_WIDE = 110
"""Columns from which the name of any stream fits on one line beside a few figures."""


class Session:
    """The settings of one run of the command."""

    def __init__(self) -> None:
        self.debug = False
        self.error_code: int | None = None
        """The exit code of errors, if the command has one of its own for them."""
        self.as_json = False
        """Whether the result, or an error in its place, is printed as JSON."""
        self.json_is_written = False


class Number(click.FloatRange):
    """A number between two others. `nan`, which is between any two, and what is endless are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


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


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> bool:
    context.ensure_object(Session).as_json |= value
    return value


def json_option(help_text: str = "Print JSON.") -> Callable[[FunctionT], FunctionT]:
    """Return the option `--json`, which every command has. The command gets it as `as_json`.

    With it, stdout has one JSON value and nothing else: what `print_json` prints, or the error in its place.
    """
    return click.option("--json", "as_json", is_flag=True, is_eager=True, callback=_set_json, help=help_text)


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class CommandWithExamples(click.Command):
    """A command whose help begins with examples.

    Args:
        examples: Command lines, each on a line of its own.
        arguments: As for `click.Command`.
    """

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples before everything else."""
        _write_examples(formatter, self.examples)
        formatter.write_paragraph()
        super().format_help(ctx, formatter)


class GroupWithExamples(click.Group):
    """A group whose help begins with examples, and lists its commands in the order in which people need them.

    Args:
        examples: Command lines, each on a line of its own.
        arguments: As for `click.Group`.
    """

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in their own order, not by the alphabet."""
        del ctx
        return list(self.commands)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples before everything else."""
        _write_examples(formatter, self.examples)
        formatter.write_paragraph()
        super().format_help(ctx, formatter)


class SettingOption(click.Option):
    """An option that has the value of a setting. `CommandWithSettings` lists these options below the others."""


class CommandWithSettings(CommandWithExamples):
    """A command with `config_option`. Its help has the settings under a heading of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the command, and then those that are settings."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], _SETTINGS_HEADING: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections[_SETTINGS_HEADING if isinstance(parameter, SettingOption) else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


_SETTINGS_HEADING = "Settings, in place of those in the environment (TIKTOK_START_DATE ...) and in the file"


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and an option per setting. The command gets them as `sources`.

    Credentials have no options: other users of the machine can read the command line.
    """

    @functools.wraps(function)
    def with_sources(*arguments: Any, config_path: str | None, **parameters: Any) -> Any:
        texts = {setting.name: parameters.pop(_parameter_of(setting)) for setting in OPTIONS}
        given = {name: text for name, text in texts.items() if text is not None and text.strip()}
        sources = ConfigSources(path=config_path, options=given, environment=dict(os.environ))
        return function(*arguments, sources=sources, **parameters)

    decorated = with_sources
    for setting in reversed(OPTIONS):
        decorated = _setting_option(setting)(decorated)
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="The configuration file (JSON); - reads it from standard input. "
        f"[default: the file in {FILE_VARIABLE}, or {DEFAULT_FILE} in this folder, if there is one]",
    )(decorated)


def _setting_option(setting: Setting) -> Callable[[FunctionT], FunctionT]:
    name = option_of(setting.name)
    if setting.kind is Kind.FLAG:
        return click.option(
            f"{name}/{name.replace('--', '--no-', 1)}",
            _parameter_of(setting),
            cls=SettingOption,
            default=None,
            callback=_flag_as_text,
            help=setting.summary,
        )
    default = "" if setting.default in (None, (), {}) else f" [default: {setting.default}]"
    return click.option(
        name,
        _parameter_of(setting),
        cls=SettingOption,
        metavar=_METAVARS.get(setting.kind) or "|".join(setting.choices),
        help=setting.summary + default,
    )


_METAVARS = {
    Kind.DAY: "DAY",
    Kind.WHOLE_NUMBER: "N",
    Kind.NUMBER: "N",
    Kind.ADVERTISER_IDS: "ID,ID",
    Kind.TEXT: "TEXT",
    Kind.REPORTS: "JSON",
    Kind.METRICS_BY_LEVEL: "JSON",
}


def _parameter_of(setting: Setting) -> str:
    return f"setting_{setting.name}"


def _flag_as_text(_: click.Context, __: click.Parameter, value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def load_settings(sources: ConfigSources) -> Config:
    """Read the configuration from wherever it stands, and print warnings about it."""
    return sources.load(on_warning=say)


class _LogFormatter(logging.Formatter):
    """Formats log records so that one record cannot pass for several, whatever its message quotes."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record: the first at the margin, and those of a traceback indented below it."""
        return shown_lines(super().format(record)) if is_plain() else format_line(*_as_line(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """Return the first line of a record."""
        return one_line(super().formatMessage(record))


def _as_line(record: logging.LogRecord) -> tuple[str, Level]:
    """A record as one line of a log in another style, with its level."""
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    levels: tuple[Level, ...] = ("DEBUG", "INFO", "WARNING", "ERROR")
    return shown_line(text), levels[min(max(record.levelno // 10 - 1, 0), len(levels) - 1)]


def streams_option(help_text: str, default: str = "") -> Callable[[FunctionT], FunctionT]:
    """Return the option `--streams`, which may be given several times; its values add up.

    Args:
        help_text: What the command does with the streams.
        default: Which streams it takes without the option, if that needs a word.
    """
    return click.option(
        "--streams",
        "names",
        multiple=True,
        metavar="A,B",
        callback=_chosen_names,
        shell_complete=_complete_streams,
        help=f"{help_text} Accepts patterns such as 'ads*', and may be repeated."
        + (f" [default: {default}]" if default else ""),
    )


def _complete_streams(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    from tiktok_marketing.cli.choices import complete_streams

    return complete_streams(context, parameter, incomplete)


def _chosen_names(_: click.Context, __: click.Parameter, values: Sequence[str]) -> list[str] | None:
    """The names and patterns that the option lists; None if the option was not given."""
    return list(values) or None


def log_to_stderr(level: int) -> None:
    """Write the program's log to stderr, never to stdout."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LogFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("tiktok_marketing").setLevel(level)


def say(text: str, *, is_error: bool = False, level: Level = "INFO") -> None:
    """Print a text on stderr, on one line.

    Args:
        text: The text; it may quote what others wrote.
        is_error: Whether it is about something that failed; such a line is red on a terminal.
        level: How much it matters, for lines of a log.
    """
    line = format_line(shown_line(text), "ERROR" if is_error else level)
    if is_error and sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        line = click.style(line, fg="red")
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def say_details(text: str) -> None:
    """Print lines for whoever debugs on stderr, for example a traceback. All but the first are indented."""
    sys.stderr.write(f"{shown_lines(text) if is_plain() else format_line(shown_line(text), 'DEBUG')}\n")
    sys.stderr.flush()


def print_json(value: Any) -> None:
    """Print a value on stdout as JSON, in ASCII, so that it is the same JSON in every encoding."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.ensure_object(Session).json_is_written = True
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def as_connector_error(error: Exception) -> ConnectorError:
    """An error as a person is told about it: what the machine refused, or a fault of the program, if it is no other."""
    if isinstance(error, ConnectorError):
        return error
    text = f"The program failed ({type(error).__name__}). This is a fault of the program, not yours."
    fault = ConnectorError(text, remedy="Run it again with --debug and report what it prints.")
    return refusal_of(error) or fault


def error_as_json(error: Exception) -> dict[str, Any]:
    """What happened and what to do, and TikTok's code and request id where it answered, ready for JSON."""
    return {
        "message": shown_line(getattr(error, "message", "") or str(error)),
        "remedy": shown_line(getattr(error, "remedy", "")),
        "code": getattr(error, "code", None),
        "request_id": getattr(error, "request_id", "") or None,
    }


def announce(waiting: object) -> None:
    """Print on stderr what the program waits for, so that nobody takes the wait for a hang."""
    say(str(waiting))


def console(
    *, stderr: bool = False, quiet: bool = False, width_without_terminal: int = _WIDTH_WITHOUT_TERMINAL
) -> Console:
    """Make a console. Where there is no terminal, it writes plain text. With `quiet`, it writes nothing.

    It takes every text literally. For colours, pass a style, or a `rich.text.Text` made from `one_line` text.
    """
    from tiktok_marketing.cli.rendering import LiteralConsole

    colours: Literal["auto"] | None = "auto" if os.environ.get("TERM") or os.name == "nt" else None
    terminal = LiteralConsole(
        stderr=stderr, quiet=quiet, highlight=False, soft_wrap=False, markup=False, emoji=False, color_system=colours
    )
    if terminal.is_terminal:
        return terminal
    return LiteralConsole(
        stderr=stderr, quiet=quiet, highlight=False, width=width_without_terminal, markup=False, emoji=False
    )


def table(*headings: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = (), **options: Any) -> Any:
    """Make a plain table. Text is literal and never cut: what does not fit goes on in the next line.

    On a terminal that is too narrow for the columns, each row is a list of lines.

    Args:
        headings: One per column.
        right: The headings of numbers, which are aligned to the right.
        whole: The headings of columns that must stay on one line. The names of streams do where there is room.
        options: Passed on to rich.
    """
    from rich import box

    from tiktok_marketing.cli.rendering import LiteralTable

    unwrapped = {*right, *whole, *(("Stream",) if console().width >= _WIDE else ())}
    plain = LiteralTable(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", **options)
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
