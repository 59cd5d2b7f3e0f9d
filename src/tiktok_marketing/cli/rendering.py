"""Rich without interpretation: what others wrote is shown as it is, and means nothing to the terminal.

Rich reads markup in texts ("[red]", "[link=...]"), raises an error if it does not understand it, and passes on control
characters. The names of accounts contain all of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tiktok_marketing.text import mask_known, shown_line, without_controls

_NARROWEST = 5
"""The width below which a folded column cannot be read."""
_UNLIMITED = 100_000
"""A width that fits any cell."""


class LiteralConsole(Console):
    """A console that prints texts literally."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects. A text keeps its line ends, and nothing in it is interpreted."""
        super().print(*(_literal(item) if isinstance(item, str) else item for item in objects), **options)


class LiteralTable(Table):
    """A table whose cells show texts literally, each on one line.

    Where the columns do not fit beside each other, each row is a list of lines, one per column: rich would cut the
    columns that must stay on one line without a sign, and leave others out.
    """

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row."""
        super().add_row(*(Text(shown_line(cell)) if isinstance(cell, str) else cell for cell in cells), **options)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render the table for the width that there is."""
        if not self.rows or self._least_width(console, options) <= options.max_width:
            yield from super().__rich_console__(console, options)
        else:
            yield from self._lines()

    def _least_width(self, console: Console, options: ConsoleOptions) -> int:
        """The columns of the terminal without which the table cannot be read."""
        unlimited = options.update_width(_UNLIMITED)
        width = 3 * len(self.columns) - 1  # edges, separators and padding
        for column in self.columns:
            longest = max(Measurement.get(console, unlimited, cell).maximum for cell in (column.header, *column.cells))
            width += longest if column.no_wrap else min(longest, _NARROWEST)
        return width

    def _lines(self) -> Iterator[Text]:
        """Each row as a list of lines, between blank ones."""
        yield Text()
        for row, cells in zip(self.rows, zip(*(column.cells for column in self.columns), strict=True), strict=True):
            for column, cell in zip(self.columns, cells, strict=True):
                heading = f"{column.header}: " if column.header else ""
                line = Text(overflow="fold", style=row.style or "").append(heading, "bold")
                yield line.append_text(cell) if isinstance(cell, Text) else line.append(str(cell))
            yield Text()


def _literal(text: str) -> Text:
    return Text(mask_known(without_controls(text)))
