"""How many requests and how much data TikTok accepts and delivers at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.world import NEVER
from tiktok_marketing.emulator.endpoints.envelope import Refusal

APP_ID = "7123456789012345678"
OVER_QUOTA = "over the quota"
TOO_MUCH = "report too large"
RESTRICTED = f"Due to too many requests, requests from App {APP_ID} are temporarily restricted."


WRONG_COUNTS: dict[str, dict[str, int | None]] = {
    "true": {},
    "one page": {"total_page": 1},
    "endless pages": {"total_page": 10**6},
    "no pages": {"total_page": None},
    "none": {"total_page": None, "total_number": None},
    "one page, none": {"total_page": 1, "total_number": None},
    "zeros": {"total_page": 0, "total_number": 0},
    "negative": {"total_page": -1, "total_number": -1},
    "endless pages, none": {"total_page": 10**6, "total_number": None},
}
"""What the counts of `page_info` may be instead of the true ones."""
UNCOUNTED = tuple(name for name, counts in WRONG_COUNTS.items() if "total_number" in counts)
"""Those without the number of records: then nothing shows a record that a change hides between two pages."""


class Limited(Refusal):
    """The model refuses a request as TikTok always would, whatever else goes wrong.

    Args:
        name: The name of the limit, for the figures.
        code: TikTok's return code.
        message: The message.
    """

    def __init__(self, name: str, code: int, message: str) -> None:
        super().__init__(code, message)
        self.name = f"{name} ({code})"


class Slow(Exception):  # noqa: N818 - what happens
    """The query is too heavy, so there is no answer."""


@dataclass
class Limits:
    """TikTok's limits, some of them scaled down so that small worlds reach them.

    Args:
        page: The most records per page, whatever the request asks for.
        ads: The ads that an ad report considers (TikTok: 20,000).
        heavy: Objects times days times cells beyond which a report is too large.
        heavy_code: The return code for such a report; None for no answer.
        reach: The most assets that a search lists (TikTok: 10,000).
        per_second: Requests that an endpoint takes a second.
        per_minute: The same for a minute; beyond it, the endpoint is closed for five minutes.
        counts: Which of `WRONG_COUNTS` its answers have.
    """

    page: int = 1000
    ads: int = 20_000
    heavy: int = 10**9
    heavy_code: int | None = 40067
    reach: int = 10_000
    per_second: int = 10
    per_minute: int = 600
    counts: str = "true"

    def page_info(self, page: int, size: int, total: int) -> dict[str, int | None]:
        """The page info of an answer's list, true or not."""
        true: dict[str, int | None] = {
            "page": page,
            "page_size": size,
            "total_number": total,
            "total_page": -(-total // size),
        }
        return true | WRONG_COUNTS[self.counts]

    def page_of(self, params: Mapping[str, str], most: int) -> tuple[int, int]:
        """The number and the size of the requested page."""
        page, size = int(params.get("page", "1")), int(params.get("page_size", "10"))
        if page < 1 or not 1 <= size <= most:
            raise Refusal(40002, f"page_size: The value must be between 1 and {most}.")
        return page, min(size, self.page)


class _Counter:
    """The requests that an endpoint has received."""

    def __init__(self) -> None:
        self.second = self.minute = -NEVER
        self.in_second = self.in_minute = 0
        self.closed_until = -NEVER


class Quota:
    """Limits requests per second and per minute, per endpoint.

    Args:
        limits: The limits.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counters: dict[str, _Counter] = {}

    def admit(self, endpoint: str, at: float) -> None:
        """Count a request.

        Raises:
            Refusal: If it is one too many; after a minute's quota, the endpoint is closed for five minutes.
        """
        counter = self._counters.setdefault(endpoint, _Counter())
        limits = self._limits
        if at - counter.second >= 1.0:
            counter.second, counter.in_second = at, 0
        if at - counter.minute >= 60.0:
            counter.minute, counter.in_minute = at, 0
        if at >= counter.closed_until and counter.in_minute >= limits.per_minute:
            counter.closed_until = at + 300.0
        if at < counter.closed_until or counter.in_second >= limits.per_second:
            raise Limited(OVER_QUOTA, 40100, RESTRICTED)
        counter.in_second += 1
        counter.in_minute += 1
