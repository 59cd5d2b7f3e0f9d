"""Rich without interpretation: what others wrote is shown as it is, and means nothing to the terminal.

Rich reads markup in texts ("[red]", "[link=...]"), raises an error if it does not understand it, and passes on control
characters. The names of accounts contain all of that.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tiktok_marketing.text import mask_known, shown_line, without_controls


class LiteralConsole(Console):
    """A console that prints texts literally."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects. A text keeps its line ends, and nothing in it is interpreted."""
        super().print(*(_literal(item) if isinstance(item, str) else item for item in objects), **options)


class LiteralTable(Table):
    """A table whose cells show texts literally, each on one line."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row."""
        super().add_row(*(Text(shown_line(cell)) if isinstance(cell, str) else cell for cell in cells), **options)


def _literal(text: str) -> Text:
    return Text(mask_known(without_controls(text)))
