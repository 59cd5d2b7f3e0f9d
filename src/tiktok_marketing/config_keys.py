"""The keys that a configuration may have, and the nearest one to a key that it may not have. Pure, and only data."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tiktok_marketing.settings import CREDENTIALS, OPTIONS

_CREDENTIALS = tuple(setting.name for setting in CREDENTIALS)
_FORMER = {
    holder: tuple(setting.name for setting in CREDENTIALS if setting.former_holder == holder)
    for holder in ("environment", "")
}
"""The older shape: what stood in `environment`, and at the top level."""
_SILENT = frozenset({*_FORMER[""], "environment", "concurrency_level", "$schema", "_comment"})
"""Keys that are accepted besides: the older shape, what only Airbyte's connector uses, and what is for people."""
_INJECTED = "__"
"""Airbyte's platform adds keys that begin like this, such as `__injected_declarative_manifest`."""
_NESTED = {"credentials": _CREDENTIALS, "environment": (*_FORMER["environment"], "environment")}
_TOP = ("credentials", *(setting.name for setting in OPTIONS))
_LONGEST_SHOWN = 60
KNOWN_KEYS = f"Known keys are {', '.join(_TOP)}; and in credentials {', '.join(_CREDENTIALS)}."
"""The keys that a configuration may have, in a sentence."""


def unknown_keys(raw: Any) -> list[str]:
    """Describe each key that means nothing, with the nearest known one. Values are never shown: they may be secrets.

    Example:
        `"start_dat" (did you mean start_date?)`
    """
    if not isinstance(raw, Mapping):
        return []
    known_on_top = {*_TOP, *_SILENT}
    described = [_describe("", key) for key in _unknown_among(raw, known_on_top)]
    for holder, known in _NESTED.items():
        fields = raw.get(holder)
        if isinstance(fields, Mapping):
            described += [_describe(f"{holder}.", key) for key in _unknown_among(fields, known)]
    return described


def _unknown_among(fields: Mapping[Any, Any], known: Iterable[str]) -> Iterator[str]:
    known = set(known)
    for key in fields:
        if key not in known and not str(key).startswith(_INJECTED):
            yield str(key)


def _describe(path: str, key: str) -> str:
    shown = json.dumps(path + key) if len(key) <= _LONGEST_SHOWN else f"a name of {len(key):,} characters"
    nearest = nearest_key(path, key)
    return f"{shown} (did you mean {nearest}?)" if nearest else shown


def nearest_key(path: str, key: str) -> str | None:
    """The known key that somebody may have meant; None if none is similar.

    Args:
        path: Where the key is: empty for the top level, or `credentials.` or `environment.`.
        key: The unknown key. Case, dashes and spaces do not matter: `Start-Date` and `startDate` mean `start_date`.
    """
    nested = [f"{holder}.{name}" for holder in ("credentials", "environment") for name in _NESTED[holder]]
    near = [name for name in nested if path and name.startswith(path)]
    names = [*near, *_TOP, *(name for name in nested if name not in near)]
    plain = _plain(key)
    if not plain:
        return None
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(_plain(name.rpartition(".")[2]), name)
    if plain in by_plain:
        return by_plain[plain]
    close = difflib.get_close_matches(plain, by_plain, n=1)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
