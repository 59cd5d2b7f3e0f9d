"""What is missing from a list or a report while everything else of it is read."""

from __future__ import annotations

from tiktok_marketing.errors import ConnectorError


class PartialLog:
    """Remembers that an answer was partial, or could not be read, while everything else is read."""

    def __init__(self) -> None:
        self.first: ConnectorError | None = None
        """The first such error; None if all answers were complete."""

    def note(self, error: ConnectorError) -> None:
        """Something is missing."""
        self.first = self.first or error

    def raise_first(self) -> None:
        """Everything else has been read.

        Raises:
            ConnectorError: If something is missing.
        """
        if self.first is not None:
            raise self.first
