"""Puts the page together: template, style, scripts and contents in one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from tiktok_marketing.report.contents import Contents

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_SOURCE_MAP = re.compile(r"\n//# sourceMappingURL=\S+\s*$")
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that could end a script element, or a line of a script. Only strings of JSON contain them."""


def html_page(contents: Contents) -> str:
    """Return the page as HTML."""
    style, charts, script = _text("page.css"), _SOURCE_MAP.sub("\n", _text("chart.umd.min.js")), _text("page.js")
    return _filled(
        _text("page.html"),
        {
            "policy": _policy([charts, script], [style]),
            "style": style,
            "charts": charts,
            "script": script,
            "contents": script_json(contents),
        },
    )


def script_json(value: object) -> str:
    """Return a value as JSON that can stand in a script element, whatever texts it contains.

    Lone halves of characters become the replacement character: no encoding of the page has them.
    """
    text = msgspec.json.encode(value).decode("utf-8", "replace")
    return "".join(_ESCAPED.get(character, character) for character in text) if _needs_escape(text) else text


def _needs_escape(text: str) -> bool:
    return any(character in text for character in _ESCAPED)


def _policy(scripts: list[str], styles: list[str]) -> str:
    """Return a content security policy under which nothing is loaded, and nothing runs but these scripts."""
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """Fill in a template in one pass, so that nothing in a part can pass for a place."""
    return _PLACE.sub(lambda match: parts[match[1]], template)


def _text(name: str) -> str:
    return (files("tiktok_marketing.report") / "web" / name).read_text(encoding="utf-8")
