"""The requests received: counts by endpoint, account and answer, and the requests themselves."""

from collections import Counter, deque

import msgspec


class RecordedRequest(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        path: The endpoint, for example `report/integrated/get/`.
        params: Its query parameters or the fields of its body, without secrets.
        advertiser_id: The account that it names, the first if it names several. Empty if it names none.
        answer: A return code, `http 502`, `reset`, `truncated`, `garbage`, `unpacks` or `hang`.
    """

    path: str
    params: dict[str, str]
    advertiser_id: str
    answer: str


class Counters:
    """Counts since the start or the last reset."""

    def __init__(self, max_requests: int) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self.requests: deque[RecordedRequest] = deque(maxlen=max_requests)

    def count(self, request: RecordedRequest) -> None:
        """Count a request and remember it."""
        self._counts[request.path, request.advertiser_id, request.answer] += 1
        if self.requests.maxlen:
            self.requests.append(request)

    def reset(self) -> None:
        """Forget all requests."""
        self._counts.clear()
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
