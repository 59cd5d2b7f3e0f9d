"""Writes configuration files: whole or not at all, readable by their owner alone, and with what they had before."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tiktok_marketing.config import OAUTH
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.json_files import STANDARD_INPUT, read_json
from tiktok_marketing.settings import CREDENTIALS, SETTINGS

_OWNER_ONLY = 0o600
_OTHERS = 0o077


def check_place(path: str) -> None:
    """Refuse a path that cannot be written, before somebody takes the trouble to get what belongs there.

    Raises:
        ConfigurationError: If it is not a file, belongs to another user, or its folder cannot be written.
    """
    if path == STANDARD_INPUT:
        raise ConfigurationError(
            "A configuration cannot be written to standard input.", remedy="Name a file with --config."
        )
    target = _target(path)
    folder = target.parent
    if _exists(target) and not target.is_file():
        raise ConfigurationError(f"{path} is not a file.", remedy="Name another file with --config.")
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises in closed folders
        raise ConfigurationError(f"The folder {folder} does not exist.", remedy="Create it, or name another file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{path} cannot be written: this user may not write into the folder {folder}.",
            remedy="Name a file in another folder with --config.",
        )
    if _exists(target) and os.geteuid() not in {0, target.stat().st_uid}:
        raise _of_another_user(path)


def existing_config(path: str) -> dict[str, Any]:
    """Read a configuration file. A missing file counts as an empty configuration.

    Raises:
        ConfigurationError: If it cannot be read, or is not a JSON object, so that nothing can be added to it.
    """
    if not _exists(_target(path)):
        return {}
    raw = read_json(path, "configuration")
    if not isinstance(raw, dict):
        raise ConfigurationError(
            f"The configuration file {path} is not a JSON object.", remedy="Correct it, or name another file."
        )
    return raw


def with_credentials(raw: Mapping[str, Any], credentials: Mapping[str, str]) -> dict[str, Any]:
    """A configuration with other credentials for production. Everything else in it stays as it is. Pure.

    Credentials of the older shape go: their fields would be secrets that nothing reads.
    """
    old = raw.get("credentials")
    kept = dict(old) if isinstance(old, Mapping) else {}
    if kept.get("auth_type") not in {None, OAUTH}:
        kept.pop("advertiser_id", None)  # the account of a sandbox
    others = {key: value for key, value in raw.items() if key not in {"credentials", *_FORMER_KEYS}}
    return {"credentials": {**kept, "auth_type": OAUTH, **credentials}, **others}


_FORMER_KEYS = {setting.former_holder or setting.name for setting in CREDENTIALS if setting.former_holder is not None}


def write_config(path: str, content: Mapping[str, Any]) -> None:
    """Write a configuration, whole or not at all. Only the owner may read it.

    A link stays one: the file that it leads to is written. The owner of a file stays its owner.

    Raises:
        ConfigurationError: If it cannot be written.
    """
    check_place(path)
    target = _target(path)
    text = _as_bytes(content)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)  # whatever the umask is
            if target.exists():
                os.fchown(file.fileno(), target.stat().st_uid, target.stat().st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except PermissionError as error:
        raise (_of_another_user(path) if target.exists() else _unwritable(path, error)) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with suppress(OSError):
            beside.unlink()


def others_can_read(path: str) -> bool:
    """Whether other users of the machine can read a file, which usually holds a token."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) and bool(mode & _OTHERS)


def ordered(values: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration of these settings: name to value, in the order of the table of settings. Pure."""
    names = {setting.name for setting in CREDENTIALS}
    of_kind = {True: {}, False: {}}  # type: dict[bool, dict[str, Any]]
    for setting in SETTINGS:
        if setting.name in values:
            of_kind[setting.name in names][setting.name] = values[setting.name]
    return {"credentials": of_kind[True], **of_kind[False]}


def _as_bytes(content: Mapping[str, Any]) -> bytes:
    """A configuration as JSON that people can read, with the letters of every language."""
    try:
        return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # halves of characters, which JSON can name and UTF-8 cannot hold
        return (json.dumps(content, indent=2) + "\n").encode()


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _target(path: str) -> Path:
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        raise ConfigurationError(f"{path} is not a path of a file.", remedy="Name a file with --config.") from None


def _of_another_user(path: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} belongs to another user, so it was not changed.", remedy="Name another file with --config."
    )


def _unwritable(path: str, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be written: {error.strerror or error}.", remedy="Name another file with --config."
    )
