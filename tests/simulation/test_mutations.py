"""The simulation can fail: a connector that is broken on purpose is found out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from simulation.faults import Network
from simulation.process import Failed, Parts
from simulation.rewriting import rewriting
from simulation.schedule import schedule_of
from simulation.sink import Store
from simulation.trial import Simulation, run_schedule
from tiktok_marketing.api.retry_policy import RetryPolicy
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.config import Config
from tiktok_marketing.sync.events import Event, Rows, StreamEnded
from tiktok_marketing.sync.run.engine import Sync

WITHIN = 200
"""Schedules in which each of them is found out, at the latest."""


class StateFirst(Parts):
    """Tells a state before the records that it covers."""

    class sync(Sync):  # noqa: N801 - takes the place of an attribute
        """Breaks the order."""

        async def events(self) -> AsyncIterator[Event]:
            """Keep records back until the next state."""
            kept: list[Event] = []
            async for event in super().events():
                if isinstance(event, Rows):
                    kept.append(event)
                    continue
                yield event
                while kept:
                    yield kept.pop(0)


class FailuresPassedOver(Parts):
    """Takes a stream that failed for one that is complete."""

    class sync(Sync):  # noqa: N801
        """Says nothing of failures."""

        async def events(self) -> AsyncIterator[Event]:
            """Leave them out."""
            async for event in super().events():
                yield StreamEnded(event.stream, (), event.records) if isinstance(event, StreamEnded) else event


class NoLookback(Parts):
    """Never reads a day again."""

    class sync(Sync):  # noqa: N801
        """Trusts first figures."""

        def __init__(self, config: Config, *arguments: Any, **named: Any) -> None:
            super().__init__(replace(config, attribution_window=0), *arguments, **named)


class DaysOfUtc(Parts):
    """Takes every account's days for UTC's."""

    network = rewriting(rb'"display_timezone":"[^"]*"', b'"display_timezone":"UTC"')


class ZonesGuessed(Parts):
    """Takes an account whose time zone is unknown for one where days begin first, in its state as well."""

    network = rewriting(rb'"display_timezone":"(|Nowhere/City)"', b'"display_timezone":"Etc/GMT-14"')


class PartsTakenForWhole(Parts):
    """Does not mind that TikTok says it gave a part only."""

    network = rewriting(rb'"code":20001', b'"code":0')


class StateOfTheNextDay(Parts):
    """Moves its states a day too far."""

    class store(Store):  # noqa: N801
        """Keeps states that are ahead."""

        def __init__(self) -> None:
            super().__init__()
            self.states = _Ahead()


class _Ahead(dict[str, Any]):
    def __setitem__(self, name: str, state: Any) -> None:
        told = json.loads(json.dumps(state))
        for entry in told.get("states", []):
            for field in ("stat_time_day", "stat_time_hour"):
                if field in entry["cursor"]:
                    later = date.fromisoformat(entry["cursor"][field][:10]) + timedelta(days=1)
                    entry["cursor"][field] = str(later)
        super().__setitem__(name, told)

    def update(self, states: Mapping[str, Any]) -> None:  # type: ignore[override]
        for name, state in states.items():
            self[name] = state


class LastPageDropped(Parts):
    """Does not ask for the last page, and does not count."""

    class network(Network):  # noqa: N801
        """Hides the last page."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            answer = json.loads(reply.body)
            info = answer.get("data", {}).get("page_info")
            if info is None or info["total_page"] < 2:
                return reply
            info["total_page"] -= 1
            info["total_number"] = info["total_page"] * info["page_size"]
            return Reply(reply.status, reply.headers, json.dumps(answer).encode())


class CountsIgnored(Parts):
    """Reads pages without holding them against the count."""

    class network(Network):  # noqa: N801
        """Tells no count."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            answer = json.loads(reply.body)
            if "page_info" not in answer.get("data", {}):
                return reply
            answer["data"]["page_info"].pop("total_number")
            return Reply(reply.status, reply.headers, json.dumps(answer).encode())


class ThrottleUnseen(Parts):
    """Does not look at `X-Tt-Ads-Throttle`."""

    class network(Network):  # noqa: N801
        """Hides it."""

        async def _ask(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
            reply = await super()._ask(endpoint, params, token)
            return Reply(reply.status, {}, reply.body)


class NoPatience(Parts):
    """Gives up after seconds."""

    policy = RetryPolicy(transient=3.0, quota=3.0, maintenance=3.0)


class Talkative(Parts):
    """Repeats what TikTok says, secrets and all."""

    secrets = False


class Hasty(Parts):
    """Asks half again as fast as the tier allows."""

    haste = 1.5


@pytest.mark.parametrize(
    "parts",
    [
        StateFirst,
        FailuresPassedOver,
        NoLookback,
        DaysOfUtc,
        ZonesGuessed,
        PartsTakenForWhole,
        StateOfTheNextDay,
        LastPageDropped,
        CountsIgnored,
        ThrottleUnseen,
        NoPatience,
        Talkative,
        Hasty,
    ],
)
def test_a_broken_connector_is_found_out(parts: type[Parts]) -> None:
    """One of the first schedules fails."""
    assert any(fails(seed, parts) for seed in range(WITHIN))


@pytest.mark.parametrize("parts", [LastPageDropped, NoLookback, ThrottleUnseen])
def test_rows_that_are_lost_are_counted(parts: type[Parts]) -> None:
    """The figure of lost rows comes from the comparison: a connector that loses some has another one than 0."""
    assert any(lost(seed, parts) > 0 for seed in range(WITHIN))


def lost(seed: int, parts: type[Parts]) -> int:
    """The rows that are missing in a schedule, or too old."""
    simulation = Simulation(schedule_of(seed), parts)
    with suppress(Failed):
        simulation.run()
    return simulation.report.lost


def fails(seed: int, parts: type[Parts]) -> bool:
    """Whether a schedule shows that something is broken."""
    try:
        run_schedule(seed, parts)
    except Failed:
        return True
    return False
