"""Finds the settings of the command and the library: in options, the environment, a file, and the defaults.

An option outranks the environment, the environment outranks the file, and the file outranks the default. Each value
keeps its origin, so that an error can say where a wrong value is from, and where a missing one was looked for. The
Airbyte source has no part in this: its configuration is the file alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from tiktok_marketing.config import (
    COMMAND,
    OAUTH,
    SANDBOX,
    Config,
    credentials_remedy,
    kind_of_credentials,
    parse_config,
)
from tiktok_marketing.environment import FILE_VARIABLE, settings_in, warning_of_misspellings
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.json_files import STANDARD_INPUT, read_json
from tiktok_marketing.settings import (
    CREDENTIALS,
    OPTIONS,
    SECRETS,
    SETTINGS,
    Kind,
    Setting,
    key_of,
    option,
    variable_of,
)
from tiktok_marketing.shards import shard_in
from tiktok_marketing.text import mask_known

DEFAULT_FILE = "tiktok-marketing.json"
"""The configuration file in the working folder, which is read if no other one is named."""
_WORDS_FOR_FLAGS = {"1": True, "yes": True, "on": True, "0": False, "no": False, "off": False}
"""What an option or a variable may say besides true and false."""


class Place(Enum):
    """Where a value may stand, the strongest first."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Origin(msgspec.Struct, frozen=True):
    """Where a setting has its value from.

    Args:
        place: The kind of place.
        name: The option, the variable or the file; empty for a default.
        key: The key in the file; empty elsewhere.
    """

    place: Place
    name: str = ""
    key: str = ""


class Collected(msgspec.Struct, frozen=True):
    """The settings of all places, put together.

    Args:
        raw: The configuration that they make, as `parse_config` reads it.
        values: The name of each setting that some place has, to its value.
        origins: The name of every setting to where its value is from.
        file: What the file is called in messages; None if there is none.
    """

    raw: Any
    values: Mapping[str, Any]
    origins: Mapping[str, Origin]
    file: str | None


class ConfigSources(msgspec.Struct, frozen=True, kw_only=True):
    """The places to look for settings in.

    Args:
        path: The configuration file that was named; `-` for standard input, None if none was named.
        options: The settings that options have: name to text.
        environment: The environment.
        dashed: Whether messages name an option as a command line has it: `--start-date` rather than `start_date`.
    """

    path: str | None = None
    options: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}
    dashed: bool = True

    @property
    def file(self) -> str | None:
        """The configuration file to read; None if there is none."""
        if self.path is not None:
            return self.path
        named = self.environment.get(FILE_VARIABLE, "").strip()
        return named or (DEFAULT_FILE if os.path.isfile(DEFAULT_FILE) else None)  # noqa: PTH113 - Path.is_file raises in closed folders

    @property
    def are_silent(self) -> bool:
        """Whether there is neither a file nor any credential, so that nobody has configured anything."""
        return self.file is None and not any(setting.name in settings_in(self.environment) for setting in CREDENTIALS)

    @property
    def arguments(self) -> list[str]:
        """The words of a command line that name the same file and have the same options."""
        words = [] if self.path is None else ["--config", self.path]
        return words + [_as_word(name, text) for name, text in self.options.items()]

    def collect(self) -> Collected:
        """Read the file, and put the settings of all places together.

        Raises:
            ConfigurationError: If the file cannot be read.
        """
        file = self.file
        try:
            raw = {} if file is None else read_json(file, "configuration")
        except ConfigurationError as error:
            if self.path is None and file != DEFAULT_FILE:
                raise ConfigurationError(
                    f"{error.message} The environment variable {FILE_VARIABLE} names it.", remedy=error.remedy
                ) from None
            raise
        name = None if file is None else _file_name(file)
        return collect(raw, name, settings_in(self.environment), self.options, dashed=self.dashed)

    def load(self, *, on_warning: Callable[[str], None] | None = None) -> Config:
        """Read and check the settings of all places.

        Args:
            on_warning: Called with each warning about them.

        Raises:
            ConfigurationError: If they cannot be used. It says where the values are from.
        """
        if on_warning is not None:
            for warning in warning_of_misspellings(self.environment):
                on_warning(warning)
        config = parse_collected(self.collect(), on_warning=on_warning)
        return msgspec.structs.replace(config, shard=shard_in(self.environment))


def load_config(
    path: Path | str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> Config:
    """Read the configuration: from the environment (`TIKTOK_ACCESS_TOKEN` and so on), a file, and the defaults.

    A variable outranks the file. With everything in the environment, no file is needed.

    Args:
        path: The configuration file; None for the one that `TIKTOK_CONFIG` names, or `tiktok-marketing.json` in the
            working folder, if there is one.
        environment: The environment; None for that of the process, and `{}` to read only the file.
        on_warning: Called with each warning about the configuration.

    Raises:
        ConfigurationError: If it cannot be read or used.
    """
    sources = ConfigSources(
        path=None if path is None else str(path), environment=os.environ if environment is None else environment
    )
    return sources.load(on_warning=on_warning)


def option_of(name: str) -> str:
    """The option of a setting: `--start-date`."""
    return f"--{name.replace('_', '-')}"


def _as_word(name: str, text: str) -> str:
    """An option as a word of a command line. A flag has no value: `--no-include-deleted`."""
    if option(name).kind is Kind.FLAG:
        return option_of(name) if text == "true" else option_of(f"no_{name}")
    return f"{option_of(name)}={text}"


def collect(
    raw: Any, file: str | None, variables: Mapping[str, str], options: Mapping[str, str], *, dashed: bool = True
) -> Collected:
    """Put the settings of a file, the environment and options together. Pure.

    Args:
        raw: The decoded JSON of the file. Without a file, an empty object.
        file: What the file is called in messages; None if there is none.
        variables: The settings that the environment has: name to text.
        options: The settings that options have: name to text.
        dashed: Whether messages name an option as a command line has it.
    """
    origins = {setting.name: Origin(Place.DEFAULT) for setting in SETTINGS}
    if not isinstance(raw, Mapping):
        return Collected(raw, {}, origins, file)
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        key, value = _in_file(setting, raw)
        if _is_set(value):
            values[setting.name], origins[setting.name] = value, Origin(Place.FILE, file or "", key)
    given: dict[str, Any] = {}
    by_name = {setting.name: setting for setting in SETTINGS}
    for name, text in variables.items():
        given[name] = _from_text(by_name[name], text)
        origins[name] = Origin(Place.ENVIRONMENT, variable_of(by_name[name]))
    for name, text in options.items():
        given[name] = _from_text(by_name[name], text)
        origins[name] = Origin(Place.OPTION, option_of(name) if dashed else name)
    return Collected(_merged(raw, values, given), values | given, origins, file)


def parse_collected(collected: Collected, *, on_warning: Callable[[str], None] | None = None) -> Config:
    """Check the settings of all places.

    Raises:
        ConfigurationError: If they cannot be used. It says where the values are from.
    """
    mask_known.add(str(collected.values[name]).strip() for name in SECRETS if name in collected.values)
    source = f"The configuration {'' if collected.file == _STDIN else 'file '}{collected.file}"
    try:
        return parse_config(collected.raw, COMMAND, source=source, on_warning=on_warning)
    except ConfigurationError as error:
        raise _explained(error, collected) from None


_STDIN = "on standard input"


def _file_name(file: str) -> str:
    return _STDIN if file == STANDARD_INPUT else file


def _is_set(value: Any) -> bool:
    return value is not None and value != ""


def _in_file(setting: Setting, raw: Mapping[str, Any]) -> tuple[str, Any]:
    """The key and the value of a setting in a file, in whichever of the accepted shapes the file has."""
    if setting not in CREDENTIALS:
        return setting.name, raw.get(setting.name)
    credentials = raw.get("credentials")
    if credentials or setting.former_holder is None:
        return f"credentials.{setting.name}", _field(credentials, setting.name)
    if setting.former_holder == "":
        return setting.name, raw.get(setting.name)
    return f"{setting.former_holder}.{setting.name}", _field(raw.get(setting.former_holder), setting.name)


def _field(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else None


def _from_text(setting: Setting, text: str) -> Any:
    """The value that a text of an option or a variable stands for."""
    text = text.strip()
    if setting.kind is Kind.FLAG:
        return _WORDS_FOR_FLAGS.get(text.lower(), text)
    if text.startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _merged(raw: Mapping[str, Any], in_file: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The file's content with the given settings in their places.

    Credentials stay as the file has them unless one is given. Otherwise they take Airbyte's present shape.
    """
    merged = {**raw, **{setting.name: given[setting.name] for setting in OPTIONS if setting.name in given}}
    names = [setting.name for setting in CREDENTIALS]
    if not any(name in given for name in names):
        return merged
    credentials = raw.get("credentials")
    if _is_set(credentials) and not isinstance(credentials, Mapping):
        return merged  # parsing says what is wrong with it
    fields = {name: value for name, value in {**in_file, **given}.items() if name in names}
    merged["credentials"] = {**(credentials or {}), **fields, "auth_type": fields.get("auth_type")}
    if not _is_set(fields.get("auth_type")):
        merged["credentials"]["auth_type"] = _kind_of_merged(raw, in_file, fields)
    return merged


def _kind_of_merged(raw: Mapping[str, Any], in_file: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """The kind of credentials where nothing says it.

    Variables alone mean production: a token with an account may be either. A file keeps the meaning that it has alone.
    """
    if not any(setting.name in in_file for setting in CREDENTIALS):
        return OAUTH
    if raw.get("credentials"):
        return kind_of_credentials(fields) or OAUTH
    return OAUTH if fields.get("secret") else SANDBOX


def _explained(error: ConfigurationError, collected: Collected) -> ConfigurationError:
    """The error with the places that the values are from, or in which they are missing."""
    missing = [name for name in error.settings if name not in collected.values]
    if missing:
        return _missing(error, missing, collected)
    origins = dict.fromkeys(collected.origins[name] for name in error.settings if name in collected.origins)
    where = " ".join(filter(None, map(_sentence, origins)))
    return ConfigurationError(
        f"{error.message} {where}".strip(), remedy=error.remedy, detail=error.detail, settings=error.settings
    )


def _sentence(origin: Origin) -> str:
    match origin.place:
        case Place.OPTION:
            return f"The option {origin.name} sets it."
        case Place.ENVIRONMENT:
            return f"The environment variable {origin.name} sets it."
        case Place.FILE if origin.name == _STDIN:
            return f"Standard input sets it, as {origin.key}."
        case Place.FILE:
            return f"The file {origin.name} sets it, as {origin.key}."
        case _:
            return ""


def _missing(error: ConfigurationError, names: Iterable[str], collected: Collected) -> ConfigurationError:
    settings = [setting for setting in SETTINGS if setting.name in set(names)]
    variables = ", ".join(variable_of(setting) for setting in settings)
    looked = f"The environment does not have {variables}."
    if collected.file is None:
        looked += (
            f" No configuration file is named by --config or {FILE_VARIABLE}, and this folder has no {DEFAULT_FILE}."
        )
        remedy = (
            "Run `tiktok-marketing login` to get a token, set these variables, or name a configuration file. "
            + credentials_remedy()
        )
    else:
        keys = ", ".join(key_of(setting) for setting in settings)
        holder = "Standard input" if collected.file == _STDIN else f"The file {collected.file}"
        looked += f" {holder} does not have {keys}."
        remedy = f"Add what is missing in one of these places. {error.remedy}"
    return ConfigurationError(f"{error.message} {looked}", remedy=remedy, settings=error.settings)
