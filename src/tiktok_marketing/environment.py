"""Settings in environment variables: each setting has one, `TIKTOK_<FIELD>`. Pure.

The names follow from the table in `settings.py`, so that a new setting has its variable at once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

import msgspec

from tiktok_marketing.settings import SETTINGS, VARIABLE_PREFIX, variable_of
from tiktok_marketing.shards import COUNT_VARIABLE, SHARD_VARIABLE

FILE_VARIABLE = "TIKTOK_CONFIG"
"""The variable that names the configuration file."""
OTHER_VARIABLES = (
    "TIKTOK_API_URL",
    FILE_VARIABLE,
    "TIKTOK_DOCUMENTATION_URL",
    "TIKTOK_PURE_PYTHON",
    SHARD_VARIABLE,
    COUNT_VARIABLE,
)
"""The variables that are not settings."""
_SIMILAR = 0.75
"""How similar a name must be to pass for a misspelling. Below it, the variable is probably another program's."""


class UnknownVariable(msgspec.Struct, frozen=True):
    """A variable that begins like ours and means nothing here.

    Args:
        name: Its name.
        nearest: The variable that somebody may have meant; None if it is probably another program's.
    """

    name: str
    nearest: str | None


def settings_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings that the environment has: name to text. An empty variable is not set.

    Example:
        `{"TIKTOK_START_DATE": "2026-11-01", "TIKTOK_END_DATE": ""}` gives `{"start_date": "2026-11-01"}`.
    """
    texts = {setting.name: environment.get(variable_of(setting), "").strip() for setting in SETTINGS}
    return {name: text for name, text in texts.items() if text}


def unknown_variables(environment: Mapping[str, str]) -> list[UnknownVariable]:
    """The variables whose names begin with `TIKTOK_` and that mean nothing, each with the nearest known one."""
    known = [*map(variable_of, SETTINGS), *OTHER_VARIABLES]
    ours = (name for name in environment if name.upper().startswith(VARIABLE_PREFIX) and name not in known)
    return [UnknownVariable(name, _nearest(name, known)) for name in sorted(ours) if environment[name].strip()]


def warning_of_misspellings(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is probably misspelt. Without it, a setting would silently stay as it is."""
    return [
        f"The environment variable {unknown.name} is not known, so it has no effect. Did you mean {unknown.nearest}?"
        for unknown in unknown_variables(environment)
        if unknown.nearest is not None
    ]


def _nearest(name: str, known: Iterable[str]) -> str | None:
    by_plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), by_plain, n=1, cutoff=_SIMILAR)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix(VARIABLE_PREFIX.lower()))
