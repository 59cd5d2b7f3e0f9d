"""How much of a quota can be used at all if requests arrive late, under a virtual clock.

TikTok counts a sliding second, and requests reach it up to some time late, at random. Two programs ask as often as they
can: the connector, to which an answer tells 0.1 s later of a request's arrival; and a program that knows at once when a
request has arrived, and how lateness is distributed. Both send requests in groups, if the chance of a refusal is small.
How small it must be, the other program adjusts until two requests in a hundred are refused. What it uses is the most
that is known to be possible. Both learn for a minute first, which is not counted.

    python benchmarks/lateness.py [--seconds 600] [--tiers 10 20] [--jitters 0.05 0.2 0.5]
"""

from __future__ import annotations

import importlib
import sys
from collections import deque
from datetime import date
from pathlib import Path
from typing import Any

from harness import Figure, leave, machine, options
from tiktok_marketing.api.rate_limit.arrivals import chance_of
from tiktok_marketing.api.rate_limit.pacer import Pacer
from tiktok_marketing.api.rate_limit.tiers import tier_of

LATENCY = 0.1
"""Seconds until an answer of the connector's."""
REFUSED = 0.02
"""The fraction of its requests that the other program lets TikTok refuse."""
LEARNING = 60.0
"""Seconds at the beginning that are not counted."""
_PARTS = 20
"""The lateness of a request is assumed at the middle of as many parts of its range."""
_POLL = 0.005
_STEP = 0.95
"""What a refusal multiplies the chance by that is taken."""


class Informed:
    """A program that knows at once when its requests have arrived.

    Args:
        places: How many requests TikTok accepts in a second.
        jitter: Seconds by which a request arrives late, at most; any time up to that is as likely.
    """

    def __init__(self, places: int, jitter: float) -> None:
        self._places = places
        self._jitter = jitter
        self._arrived: deque[float] = deque(maxlen=places)
        self._on_the_way: list[float] = []
        self._chance = REFUSED

    def wait(self, at: float, today: date) -> float:  # noqa: ARG002 - as a pacer
        """Seconds until the next request may be sent, or until the chance is computed again."""
        return _POLL if self._refusal(at) > self._chance else 0.0

    def sent(self, at: float) -> None:
        """A request leaves."""
        self._on_the_way.append(at)

    def accepted(self, at: float, sent_at: float) -> None:
        """It arrived, and there was room."""
        self._on_the_way.remove(sent_at)
        self._arrived.append(at)
        self._chance = min(1.0, self._chance * _STEP ** (-REFUSED / (1 - REFUSED)))

    def refused(self, at: float, sent_at: float) -> None:  # noqa: ARG002 - as a pacer
        """It arrived, and there was none."""
        self._on_the_way.remove(sent_at)
        self._chance *= _STEP

    def _refusal(self, at: float) -> float:
        """The chance that a request is refused which leaves now with all that will soon have a place."""
        soon = sum(arrived <= at + self._jitter - 1.0 for arrived in self._arrived)
        others = self._places - len(self._on_the_way) - len(self._arrived) + soon - 1
        total = 0.0
        for part in range(_PARTS):
            arrives_at = at + self._jitter * (part + 0.5) / _PARTS
            free = self._places - sum(arrived > arrives_at - 1.0 for arrived in self._arrived)
            before = [
                min(1.0, (arrives_at - at) / (sent_at + self._jitter - at)) if sent_at + self._jitter > at else 1.0
                for sent_at in self._on_the_way
            ]
            before += [(arrives_at - at) / self._jitter] * others
            total += chance_of(free, before)
        return total / _PARTS


def main() -> None:
    """Run both and print their figures."""
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="of the virtual clock, after the first minute")
    parser.add_argument("--tiers", type=int, nargs="+", default=(10, 20), help="requests per second")
    parser.add_argument("--jitters", type=float, nargs="+", default=(0.05, 0.2, 0.5), help="seconds of lateness")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
    model: Any = importlib.import_module("limiter")
    print(machine())
    figures = []
    for rate in arguments.tiers:
        for jitter in arguments.jitters:
            for name, sender, latency in (
                ("the connector", Pacer(tier_of(rate)), LATENCY),
                ("informed at once", Informed(rate, jitter), 0.0),
            ):
                limiter = model.Limiter("sliding", rate)
                until = LEARNING + arguments.seconds
                run = model.Run(sender, limiter, until, latency=latency, jitter=0.0, arrival_jitter=jitter)
                figure = Figure(
                    what=f"{rate} per sliding second, {jitter:g} s jitter, {name}: of the quota",
                    value=100 * run.accepted(LEARNING, until) / rate,
                    unit="%",
                    remark=f"{100 * run.refused(LEARNING, until):.2f} % refused",
                )
                print(f"{figure.what}: {figure.value:.1f} % ({figure.remark})", flush=True)
                figures.append(figure)
    leave(figures, arguments.json)


if __name__ == "__main__":
    main()
