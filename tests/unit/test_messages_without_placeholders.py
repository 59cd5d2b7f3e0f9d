"""No message shows a placeholder that nobody has filled."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tiktok_marketing
from tiktok_marketing.pipelines.databases.duckdb import messages as of_duckdb
from tiktok_marketing.pipelines.databases.postgres import messages as of_postgres

ROOT = Path(tiktok_marketing.__file__).parent
PLACEHOLDER = re.compile(r"\{[A-Za-z_][^{}\"]*\}")
TEMPLATES = {
    "airbyte/spec.py",
    "catalog/breakdowns.py",
    "catalog/metric_meanings.py",
    "catalog/objects.py",
    "catalog/reports.py",
    "catalog/shop_reports.py",
    "pipelines/databases/duckdb/messages.py",
    "pipelines/databases/postgres/messages.py",
    "emulator/business/vocabulary.py",
    "emulator/endpoints/reports/sheets.py",
    "emulator/platform.py",
    "login/listener.py",
    "views/dialects.py",
    "views/rendering.py",
}
"""The modules whose texts are filled where they are used, by `str.format` or as macros, or that hold a style sheet."""


def unfilled(path: Path) -> list[str]:
    """The texts of a module, without docstrings, that look like an f-string without its f."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in notes]
    return [text.value for text in texts if isinstance(text.value, str) and PLACEHOLDER.search(text.value)]


def test_a_text_with_braces_is_an_f_string_or_a_template() -> None:
    """Texts within an f-string, too: one of several that are joined may lack its f."""
    found = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if unfilled(path)}
    assert found == TEMPLATES


@pytest.mark.parametrize("reading", [True, False])
def test_every_message_about_a_database_is_filled(tmp_path: Path, *, reading: bool) -> None:
    """Whatever the database says, also with braces in a name."""
    path = tmp_path / "{x}.duckdb"
    for sign in (*(sign for sign, *_ in of_duckdb._SIGNS), "lock on file", "anything else"):
        error = of_duckdb.describe(RuntimeError(f"It says {sign}."), path, reading=reading)
        assert not PLACEHOLDER.search(str(error).replace("{x}", ""))
    signs = {sign for signs, *_ in (*of_postgres._SIGNS, *of_postgres._SIGNS_OF_READING) for sign in signs}
    for sign in (*signs, "anything else"):
        texts = of_postgres.in_words("", f"it {sign}", shown="db", dataset="d", user="u", reading=reading)
        assert not PLACEHOLDER.search(" ".join(texts))
