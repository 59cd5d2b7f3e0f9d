"""`tiktok-marketing config`: writes a configuration, shows where its settings are from, and checks it offline."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import click
import msgspec

from tiktok_marketing.cli.common import (
    CommandWithSettings,
    GroupWithExamples,
    config_option,
    console,
    debug_option,
    json_option,
    print_json,
    say,
    table,
)
from tiktok_marketing.config import parse_config
from tiktok_marketing.config_sources import DEFAULT_FILE, Collected, ConfigSources, Origin, Place, parse_collected
from tiktok_marketing.environment import FILE_VARIABLE, settings_in, unknown_variables, warning_of_misspellings
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import OPTIONS, SECRETS, SETTINGS, key_of, option, variable_of
from tiktok_marketing.text import shown_line

_MASK = "***"
_NEEDED = ("app_id", "secret", "access_token")


@click.group(
    cls=GroupWithExamples,
    examples=["tiktok-marketing config init", "tiktok-marketing config show", "tiktok-marketing config check"],
    short_help="Write, show or check the configuration.",
)
@debug_option
def config() -> None:
    """Write a configuration file, show each setting with its origin, or check the configuration without network."""


@config.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing config init",
        "tiktok-marketing config init --config other.json --start-date 2026-01-01",
    ],
    short_help="Write a configuration file.",
    epilog="Exit codes: 0 the file was written; 2 it exists already, or cannot be written, or a value is wrong; "
    "130 ended by Ctrl-C.",
)
@config_option
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@json_option()
@debug_option
def init(sources: ConfigSources, force: bool, as_json: bool) -> int:
    """Write a configuration file that only you can read.

    On a terminal it asks for the application's id and secret, the access token and the first day. It takes what the
    environment and the options have without asking. To get an access token, run: tiktok-marketing login
    """
    from tiktok_marketing.config_file import check_place, ordered, write_config

    path = path_to_write(sources)
    check_place(path)
    if os.path.lexists(path) and not force:
        raise ConfigurationError(
            f"{path} exists already.", remedy="Replace it with --force, or name another file with --config."
        )
    values: dict[str, Any] = {"auth_type": "oauth2.0", **settings_in(sources.environment), **sources.options}
    _checked(values)
    if is_interactive():
        values |= _asked(values)
    typed = _checked(values)
    missing = [name for name in _NEEDED if not values.get(name)]
    needed = [] if values["auth_type"] != "oauth2.0" else missing
    write_config(path, ordered({**dict.fromkeys(needed, ""), **typed}))
    say(f"{path} is written. Only you can read it.")
    if needed:
        say(
            f"It has no {', '.join(needed)} yet. Fill in these fields, set "
            f"{', '.join(variable_of(each) for each in SETTINGS if each.name in needed)}, "
            "or run: tiktok-marketing login"
        )
    if as_json:
        print_json({"file": path, "missing": needed})
    return 0


def path_to_write(sources: ConfigSources) -> str:
    """The configuration file that a command writes: the one that is named, or the usual one."""
    return sources.path or sources.environment.get(FILE_VARIABLE, "").strip() or DEFAULT_FILE


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty() and sys.stderr.isatty()


def _asked(known: dict[str, Any]) -> dict[str, Any]:
    """What a person answers to the questions whose answers are not known yet. Enter leaves a setting out."""
    say("Press Enter to leave a field empty.")
    questions = {
        "app_id": "The application's id (app_id)",
        "secret": "The application's secret (not shown)",
        "access_token": "The access token (not shown)",
        "start_date": f"The first day of reports, YYYY-MM-DD [{option('start_date').default}]",
    }
    answers: dict[str, Any] = {}
    for name, question in questions.items():
        while not known.get(name):
            hidden = name in SECRETS and name != "app_id"
            text = click.prompt(question, default="", show_default=False, hide_input=hidden, err=True).strip()
            try:
                _checked({**known, **answers, name: text}, typed_in=True)
            except ConfigurationError as error:
                say(f"{error.message} {error.remedy}")
                continue
            answers[name] = text
            break
    return {name: text for name, text in answers.items() if text}


def _checked(values: dict[str, Any], *, typed_in: bool = False) -> dict[str, Any]:
    """The values, as a file has them. Credentials may still be missing.

    Args:
        values: The name of each setting to its text.
        typed_in: Whether a person has just typed them in, so that no error needs to say where they are from.

    Raises:
        ConfigurationError: If a value is wrong.
    """
    from tiktok_marketing.config_sources import collect

    names = {setting.name for setting in OPTIONS}
    variables = {name: text for name, text in values.items() if name not in names}
    options = {name: text for name, text in values.items() if name in names}
    stand_ins = {name: "not-set-yet" for name in _NEEDED if not values.get(name)}
    collected = collect({}, None, {**variables, **stand_ins}, options)
    parsed = parse_config(collected.raw) if typed_in else parse_collected(collected)
    typed = {name: getattr(parsed, name) for name in names if name in values}
    return {
        **variables,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in typed.items()},
        **{name: str(value) for name, value in typed.items() if name in {"start_date", "end_date"}},
    }


@config.command(
    cls=CommandWithSettings,
    examples=["tiktok-marketing config show", "tiktok-marketing config show --config other.json --json"],
    short_help="Show each setting, its value and where it is from.",
    epilog="Exit codes: 0 the configuration can be used; 2 it cannot.",
)
@config_option
@json_option()
@debug_option
def show(sources: ConfigSources, as_json: bool) -> int:
    """Show each setting, its value and where it is from. Secrets are masked."""
    collected = sources.collect()
    error, values = _values(collected)
    if as_json:
        print_json(
            {
                "file": collected.file,
                "settings": [
                    {
                        "name": key_of(setting),
                        "value": values[setting.name],
                        "place": collected.origins[setting.name].place.value,
                        "origin": collected.origins[setting.name].name or None,
                    }
                    for setting in SETTINGS
                ],
                "unknown_variables": [variable.name for variable in unknown_variables(sources.environment)],
                "error": None if error is None else str(error),
            }
        )
        return 0 if error is None else 2
    rows = table("Setting", "Value", "Where it is from", whole=("Setting",))
    for setting in SETTINGS:
        rows.add_row(key_of(setting), _shown(values[setting.name]), _shown_origin(collected.origins[setting.name]))
    console().print(rows)
    for variable in unknown_variables(sources.environment):
        meant = f" Did you mean {variable.nearest}?" if variable.nearest else ""
        say(f"The environment variable {variable.name} is not known, so it has no effect.{meant}")
    if error is not None:
        raise error
    return 0


def _values(collected: Collected) -> tuple[ConfigurationError | None, dict[str, Any]]:
    """Each setting's value, without secrets, and what is wrong with them; None if nothing is."""
    values: dict[str, Any] = {setting.name: collected.values.get(setting.name) for setting in SETTINGS}
    error = None
    try:
        parsed = parse_collected(collected)
    except ConfigurationError as failure:
        error = failure
        values |= {setting.name: setting.default for setting in SETTINGS if values[setting.name] is None}
    else:
        values |= {setting.name: getattr(parsed, setting.name) for setting in SETTINGS if setting.name != "auth_type"}
        values["auth_type"] = "sandbox_access_token" if parsed.sandbox else "oauth2.0"
    values |= {name: _MASK for name in SECRETS if values[name]}
    return error, {name: _as_json(value) for name, value in values.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, (tuple, Mapping)):
        return msgspec.to_builtins(value)
    return value if value is None or isinstance(value, (bool, int, float, list)) else shown_line(str(value))


def _shown(value: Any) -> str:
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "; ".join(f"{name}: {', '.join(names)}" for name, names in value.items())
    if isinstance(value, list):
        return ", ".join(each["name"] if isinstance(each, dict) else str(each) for each in value)
    return str(value)


def _shown_origin(origin: Origin) -> str:
    kinds = {Place.OPTION: "option", Place.ENVIRONMENT: "environment", Place.FILE: "file", Place.DEFAULT: "default"}
    return shown_line(f"{kinds[origin.place]} {origin.name}".strip())


@config.command(
    cls=CommandWithSettings,
    examples=["tiktok-marketing config check"],
    short_help="Check the configuration without network.",
    epilog="Exit codes: 0 the configuration can be used; 1 it can, but a variable is probably misspelt; 2 it cannot.",
)
@config_option
@json_option()
@debug_option
def check(sources: ConfigSources, as_json: bool) -> int:
    """Check the configuration without network.

    To check the token and the accounts, run: tiktok-marketing check
    """
    from tiktok_marketing.config import describe_settings
    from tiktok_marketing.config_file import others_can_read

    parsed = parse_collected(sources.collect())
    misspelt = warning_of_misspellings(sources.environment)
    for warning in misspelt:
        say(warning, is_error=True)
    readable = sources.file is not None and others_can_read(sources.file)
    if readable:
        say(f"Other users of this machine can read {sources.file}. To prevent that, run: chmod 600 {sources.file}")
    if as_json:
        print_json(
            {
                "ok": not misspelt,
                "file": sources.file,
                "settings": shown_line(describe_settings(parsed)),
                "warnings": [shown_line(warning) for warning in misspelt],
                "others_can_read": readable,
            }
        )
        return 1 if misspelt else 0
    console().print(shown_line("The configuration can be used."))
    console().print(shown_line(f"Settings: {describe_settings(parsed)}."), soft_wrap=True)
    return 1 if misspelt else 0
