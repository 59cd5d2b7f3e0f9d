"""What was asked: counts by endpoint, account and answer, and the requests themselves."""

from collections import Counter, deque

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """One request.

    Attributes:
        path: The endpoint, `report/integrated/get/` for example.
        params: Its query parameters (or the fields of its body, secrets left out).
        advertiser_id: The account it is about; empty if none.
        answer: A return code, `http 502`, `reset`, `truncated`, `garbage` or `hang`.
    """

    path: str
    params: dict[str, str]
    advertiser_id: str
    answer: str


class Counters:
    """Counts since the start or the last reset."""

    def __init__(self, keep: int) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self.requests: deque[Asked] = deque(maxlen=keep)

    def count(self, asked: Asked) -> None:
        """Note a request and its answer."""
        self._counts[asked.path, asked.advertiser_id, asked.answer] += 1
        if self.requests.maxlen:
            self.requests.append(asked)

    def reset(self) -> None:
        """Begin again."""
        self._counts.clear()
        self.requests.clear()

    def total(self, path: str | None = None, advertiser_id: str | None = None, answer: str | int | None = None) -> int:
        """How many requests match all that is given."""
        return sum(
            count
            for (its_path, its_advertiser, its_answer), count in self._counts.items()
            if path in {None, its_path}
            and advertiser_id in {None, its_advertiser}
            and answer_matches(answer, its_answer)
        )

    def rows(self) -> list[dict[str, str | int]]:
        """Each combination of path, account and answer with its count."""
        return [
            {"path": path, "advertiser_id": advertiser, "answer": answer, "count": count}
            for (path, advertiser, answer), count in sorted(self._counts.items())
        ]


def answer_matches(wanted: str | int | None, found: str) -> bool:
    """Whether an answer is the wanted one; None wants any."""
    return wanted is None or str(wanted) == found
