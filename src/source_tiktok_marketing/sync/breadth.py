"""How much to ask at once. Pure."""

from __future__ import annotations

import math

from source_tiktok_marketing.api.tally import Flow

_SPARE = 1.3
"""Times the requests that are under way on average: latencies vary, and between two requests a window is at work."""
_ON_TRUST = 24 * 2**20
"""Bytes of answers that may be under way whether or not somebody takes them."""
_UNKNOWN_PAGE = 2**19
_TAKEN = 2.0
"""Times the answers of one latency that may be under way besides: it doubles until the quota is used."""
_MOST = 256


def breadth(rate: float, flow: Flow, stalled: int) -> int:
    """Requests of one endpoint to have under way, so that its quota is used and not much more is asked than is taken.

    A request that waits for its answer costs nothing here; one whose answer cannot be taken makes the server wait. So
    there may be many while answers are taken as they come, and few otherwise.

    Args:
        rate: Requests a second that the quota allows.
        flow: How answers come.
        stalled: Requests that wait for something else: they do not count, unless they are the larger part.

    Example:
        At 10 a second, a latency of 3 s and pages of 2 MB: 12 at first, 40 once they come at 10 a second.
    """
    wanted = math.ceil(rate * flow.latency * _SPARE) + 1
    wanted += min(stalled + flow.overdue, wanted)
    affordable = _ON_TRUST // (flow.page_bytes or _UNKNOWN_PAGE) + int(_TAKEN * flow.a_second * flow.latency)
    return max(2, min(wanted, affordable, _MOST))
