"""Reads the files of `sql/`: a head of comments that describes the view and its columns, and the query below it.

```sql
-- The title of the view.
-- A remark on how to use it, on as many lines as it needs.
--
-- spend                     a column that `columns.txt` describes
-- plays BIGINT: Meaning.    a column of this view's own
SELECT ...
```

The query is SQL with macros between double braces. `dialects` says what they become.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

LAYOUTS: Mapping[str, str] = {
    "answers": "Spend, results, creatives, open days and coverage, described column by column.",
    "fivetran": "The tables that the dbt packages for Fivetran's connector read.",
}
"""The sets of views, with what they are for."""

_COLUMN = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)(?: (?P<type>[A-Z]+(?:\(\d+, ?\d+\))?): (?P<text>.+))?")
_TABLE = re.compile(r"\{\{(table|optional) (\w+)\}\}")


class ViewColumn(msgspec.Struct, frozen=True):
    """A column of a view.

    Args:
        name: Its name.
        type: Its type, as DuckDB and the files spell it.
        description: What it means, with its unit.
    """

    name: str
    type: str
    description: str


class ViewDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A view, as its file defines it.

    Args:
        name: The name of the view.
        title: What a row is, in one sentence.
        remark: How to use it; may be empty.
        columns: Its columns, in order. New ones are only ever added at the end.
        query: The query, with its macros.
    """

    name: str
    title: str
    remark: str
    columns: tuple[ViewColumn, ...]
    query: str

    @property
    def description(self) -> str:
        """The title and the remark."""
        return f"{self.title} {self.remark}".strip()

    @property
    def needed_streams(self) -> tuple[str, ...]:
        """The streams without whose tables the view cannot be."""
        return tuple(dict.fromkeys(name for kind, name in _TABLE.findall(self.query) if kind == "table"))

    @property
    def used_streams(self) -> tuple[str, ...]:
        """The streams whose tables the view reads if they are there."""
        return tuple(dict.fromkeys(name for kind, name in _TABLE.findall(self.query) if kind == "optional"))


@lru_cache(maxsize=len(LAYOUTS))
def definitions_of(layout: str) -> tuple[ViewDefinition, ...]:
    """Return the views of a layout, in the order in which they are created.

    Args:
        layout: One of `LAYOUTS`.
    """
    folder = files("tiktok_marketing.views") / "sql" / layout
    glossary = folder / "columns.txt"
    known = _glossary(glossary.read_text(encoding="utf-8")) if glossary.is_file() else {}
    texts = [file for file in folder.iterdir() if file.name.endswith(".sql") and not file.name.startswith("_")]
    fragments = {file.name[1:-4]: file.read_text("utf-8") for file in folder.iterdir() if file.name.startswith("_")}
    return tuple(_read(file, known, fragments) for file in sorted(texts, key=lambda file: file.name))


def _glossary(text: str) -> Mapping[str, tuple[ViewColumn, ...]]:
    """Read the columns that several views share. A line that ends in `:` names the group of those below it."""
    known: dict[str, tuple[ViewColumn, ...]] = {}
    group = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.endswith(":") and " " not in line:
            group = line[:-1]
            continue
        column = _described(line)
        known[column.name] = (column,)
        known[f"[{group}]"] = (*known.get(f"[{group}]", ()), column)
    return known


def _described(line: str) -> ViewColumn:
    match = _COLUMN.fullmatch(line)
    if match is None or match["type"] is None:
        raise ValueError(f"{line!r} does not describe a column: NAME TYPE: Meaning.")
    return ViewColumn(match["name"], match["type"], match["text"])


def _read(
    file: Traversable, known: Mapping[str, tuple[ViewColumn, ...]], fragments: Mapping[str, str]
) -> ViewDefinition:
    lines = file.read_text(encoding="utf-8").splitlines()
    length = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    head = [line[2:].strip() for line in lines[:length]]
    gap = head.index("")
    columns: list[ViewColumn] = []
    for line in head[gap + 1 :]:
        columns += known[line] if line in known else (_described(line),)
    query = "\n".join(lines[length:])
    for name, text in fragments.items():
        query = query.replace("{{include " + name + "}}", text.strip())
    return ViewDefinition(
        name=file.name.removesuffix(".sql"),
        title=head[0],
        remark=" ".join(head[1:gap]),
        columns=tuple(columns),
        query=query.strip().removesuffix(";"),
    )
