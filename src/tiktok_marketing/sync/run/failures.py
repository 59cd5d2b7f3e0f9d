"""When trouble at TikTok is about more than the window that failed, so that others need not be tried. Pure.

A window fails for such trouble only after minutes of retries. If an endpoint is down, each account would take as long.
But a stream or an account that TikTok refuses alone must not end the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from tiktok_marketing.catalog import ReportStream, Stream

MOST_FAILURES = 3
"""After this many windows in a row failed, what they have in common is given up."""


class FailuresInARow:
    """The windows of an endpoint, or of a stream, that failed in a row: none was read between two of them."""

    __slots__ = ("_began", "_streams")

    def __init__(self) -> None:
        self._began: deque[float] = deque(maxlen=MOST_FAILURES)
        self._streams: dict[str, Stream] = {}

    def add(self, stream: Stream, began: float) -> None:
        """A window has failed.

        Args:
            stream: Its stream.
            began: When the requests began that failed, in monotonic seconds.
        """
        self._began.append(began)
        self._streams[stream.name] = stream

    def end(self) -> None:
        """A window was read."""
        self._began.clear()
        self._streams.clear()

    def show_trouble(self, answered_at: float) -> bool:
        """Whether there are so many, and nothing was answered since the first of the latest ones began.

        Args:
            answered_at: When the latest answer came, in monotonic seconds.
        """
        return len(self._began) == MOST_FAILURES and answered_at < min(self._began)

    def affected(self, waiting: Iterable[tuple[Stream, float]], *, quick: bool) -> Iterator[Stream]:
        """The streams of the endpoint that cannot be read either.

        A stream that has not been asked for is tried if its request would fail at once, or if it is of another kind
        than those that failed.

        Args:
            waiting: The streams that still have windows to read, with the moment of their latest answer.
            quick: Whether a request fails at once, because the endpoint answers every request with a page.
        """
        kinds = set(map(_kind, self._streams.values()))
        for stream, answered_at in waiting:
            tried = stream.name in self._streams
            if self.show_trouble(answered_at) and (tried or (not quick and _kind(stream) in kinds)):
                yield stream


def _kind(stream: Stream) -> str:
    """What TikTok may refuse while it answers for the rest of an endpoint."""
    return stream.source.report_type if isinstance(stream, ReportStream) else stream.name
