"""The requests received: counts by endpoint, account and answer, and the requests themselves."""

from collections import Counter, deque
from collections.abc import Container

import msgspec

OTHER = "other"
"""The account under which requests for unknown accounts count, once there are many of them."""

_MAX_UNKNOWN = 1_000
_MAX_ID_LENGTH = 64
_BYTES_PER_REQUEST = 3_300
"""How much memory a request may need on average."""
_OVERHEAD = 600
"""About how many bytes a request needs beside its texts."""
_TEXT_OVERHEAD = 60
_LONG = 100


class RecordedRequest(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        path: The endpoint, for example `report/integrated/get/`.
        params: Its query parameters or the fields of its body, without secrets.
        advertiser_id: The account that it names, the first if it names several. Empty if it names none.
        answer: A return code, `http 502`, `reset`, `close`, `truncated`, `stall`, `garbage`, `unpacks` or
            `hang`.
    """

    path: str
    params: dict[str, str]
    advertiser_id: str
    answer: str


class Counters:
    """Counts since the start or the last reset. Their memory is bounded, whatever clients send.

    Args:
        max_requests: How many requests to remember at most. Fewer if they are large: 33 MB for 10,000.
        accounts: The accounts that exist. Of all others, the first thousand have counts of their own.
    """

    def __init__(self, max_requests: int, accounts: Container[str] = ()) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._accounts = accounts
        self._unknown: set[str] = set()
        self._texts = _SharedTexts()
        self._max_requests = max_requests
        self.requests: deque[RecordedRequest] = deque()

    def count(self, path: str, params: dict[str, str], advertiser_id: str, answer: str) -> None:
        """Count a request and remember it."""
        self._counts[path, self._known(advertiser_id), answer] += 1
        if not self._max_requests:
            return
        shared = {self._texts.take(name): self._texts.take(value) for name, value in params.items()}
        self.requests.append(RecordedRequest(path, shared, advertiser_id[:_MAX_ID_LENGTH], answer))
        while len(self.requests) > self._max_requests or self.bytes > self._max_requests * _BYTES_PER_REQUEST:
            self._forget(self.requests.popleft())

    @property
    def bytes(self) -> int:
        """About how much memory the remembered requests need."""
        return self._texts.bytes + _OVERHEAD * len(self.requests)

    def _forget(self, request: RecordedRequest) -> None:
        for name, value in request.params.items():
            self._texts.release(name)
            self._texts.release(value)

    def _known(self, advertiser_id: str) -> str:
        """The account that a request counts for."""
        if not advertiser_id or advertiser_id in self._accounts:
            return advertiser_id
        shortened = advertiser_id[:_MAX_ID_LENGTH]
        if shortened not in self._unknown:
            if len(self._unknown) >= _MAX_UNKNOWN:
                return OTHER
            self._unknown.add(shortened)
        return shortened

    def reset(self) -> None:
        """Forget all requests."""
        self._counts.clear()
        self._unknown.clear()
        self._texts = _SharedTexts()
        self.requests.clear()

    def total(self, path: str | None = None, advertiser_id: str | None = None, answer: str | int | None = None) -> int:
        """How many requests match every argument. None matches anything."""
        return sum(
            count
            for (counted_path, counted_advertiser, counted_answer), count in self._counts.items()
            if path in {None, counted_path}
            and advertiser_id in {None, counted_advertiser}
            and (answer is None or str(answer) == counted_answer)
        )

    def rows(self) -> list[dict[str, str | int]]:
        """Each combination of path, account and answer with its count."""
        return [
            {"path": path, "advertiser_id": advertiser, "answer": answer, "count": count}
            for (path, advertiser, answer), count in sorted(self._counts.items())
        ]


class _SharedTexts:
    """Texts of requests. A long text that several requests have is kept once.

    Attributes:
        bytes: About how much memory the texts need.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, int]] = {}
        self.bytes = 0

    def take(self, text: str) -> str:
        """The kept text that equals this one."""
        self.bytes += _TEXT_OVERHEAD
        if len(text) <= _LONG:
            self.bytes += len(text)
            return text
        kept, uses = self._kept.get(text, (text, 0))
        self._kept[kept] = (kept, uses + 1)
        if not uses:
            self.bytes += len(text.encode(errors="replace"))
        return kept

    def release(self, text: str) -> None:
        """One request less has the text."""
        self.bytes -= _TEXT_OVERHEAD
        if len(text) <= _LONG:
            self.bytes -= len(text)
            return
        kept, uses = self._kept[text]
        if uses > 1:
            self._kept[kept] = (kept, uses - 1)
        else:
            del self._kept[kept]
            self.bytes -= len(text.encode(errors="replace"))
