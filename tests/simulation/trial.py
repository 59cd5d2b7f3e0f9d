"""Runs a schedule: disturbed syncs one after the other, then an undisturbed one, and then the comparison."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from simulation.api import Denial
from simulation.faults import Broken
from simulation.loop import Deadlock, TooLate, VirtualClock, VirtualLoop, run
from simulation.oracle import Truth, compare
from simulation.process import Components, Failed, Outcome, Process
from simulation.schedule import Schedule, Session, endpoints_of, schedule_of
from simulation.sink import Key, Store
from simulation.world import DAY
from tiktok_marketing.config import Refresh
from tiktok_marketing.errors import IncompleteReadError
from tiktok_marketing.sync.plan.cursors import read_state

_LAST_OF_ALL = timedelta(hours=12)
"""How far days may begin behind UTC's."""
_BY_STORE = "gmv_max_"
"""The beginning of the names of streams that are read by store."""
_LONGEST = 4 * DAY
"""Seconds of virtual time after which a sync should have ended, whatever happened."""


@dataclass
class Report:
    """What happened in one schedule, or in many."""

    schedules: int = 0
    late: int = 0
    """Schedules in which hours come late, and yesterday is corrected."""
    syncs: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """What the schedules put in the way, by kind."""
    limits: Counter[str] = field(default_factory=Counter)
    """What the model of the API refused or left out by itself, as TikTok always does, by kind."""
    endings: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    rows: int = 0
    lost: int = 0
    hours: float = 0.0
    megabytes: int = 0
    """The most memory that a process which ran some of them has had."""

    def add(self, other: Report) -> None:
        """Add another report's figures."""
        for name in ("schedules", "late", "syncs", "requests", "moves", "rows", "lost", "hours"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.megabytes = max(self.megabytes, other.megabytes)
        self.faults += other.faults
        self.limits += other.limits
        self.endings += other.endings


class Simulation:
    """One schedule, from its beginning to its end.

    Args:
        schedule: The schedule.
        components: The components of the syncs.
    """

    def __init__(self, schedule: Schedule, components: type[Components] = Components) -> None:
        self.schedule = schedule
        self.loop = VirtualLoop()
        self.clock = VirtualClock(self.loop, schedule.world.began)
        self._rng = random.Random(schedule.seed ^ 0x5EED)
        self.network = components.network(schedule.api, self.loop, self._rng, schedule.latency)
        self.store = components.store()
        self._process = Process(schedule, components, self.network, self.clock, self._rng)
        self.truth = Truth(schedule)
        self._first_of_day = True
        self._day: date | None = None
        self.report = Report(schedules=1)
        self.log: list[str] = []
        self._streams = [selection.stream for selection in schedule.selected]

    def run(self) -> Report:
        """Run it.

        Raises:
            Failed: If a promise does not hold.
        """
        try:
            run(self.loop, self._run())
        except (Deadlock, TooLate, Broken) as error:
            raise Failed(f"{type(error).__name__}: {error}") from error
        finally:
            self.report.hours = self.loop.time() / 3600
            self.report.requests = self.network.requests
            self.report.faults = self.network.hits
            self.report.limits = self.network.limits
            self.report.moves = self.schedule.world.changed
        return self.report

    async def _run(self) -> None:
        world = self.schedule.world
        self.report.late = int(world.late_hours)
        for session in self.schedule.sessions:
            if session.after_midnight is not None:
                await self.clock.sleep(self._until_midnight() + session.after_midnight)
            await self._disturbed(session)
            await self.clock.sleep(session.gap)
            for account in world.accounts:
                if account.lively and self._rng.random() < 0.5:
                    world.change_something(account, self.loop.time(), self._rng)
                    self.schedule.api.shops.change(account, self.loop.time(), self._rng)
        self.schedule.api.denials.clear()
        if self.schedule.config.refresh_objects is Refresh.DAILY:  # all objects are read once a day
            now = self.clock.now()
            await self.clock.sleep(DAY - now.hour * 3600 - now.minute * 60)
        self.note("in peace")
        world.frozen = self.loop.time()
        self.report.endings["in peace"] += 1
        outcome = await self._sync(Session(), self.store)
        self._must_be_complete(
            outcome, self.store, all_objects=self.schedule.config.refresh_objects is not Refresh.CHANGED
        )
        self.note("from nothing")
        self.report.endings["in peace"] += 1
        fresh = Store()
        outcome = await self._sync(Session(), fresh)
        self._must_be_complete(outcome, fresh, all_objects=True, fresh=True)
        for stream in self._streams:
            had, has = fresh.rows.get(stream.name, {}), self.store.rows.get(stream.name, {})
            # Of objects that say when they changed, those that did not say so may be older, by the configuration.
            different = [
                key
                for key, row in had.items()
                if key not in has or (has[key] != row and (stream.is_report or stream.cursor is None))
                if not self._began_in_peace(stream, key)
            ]
            self.report.rows += len(had)
            self.report.lost += len(different)
            if stream.cursor is None:
                different += [key for key in has if key not in had]
            if different:
                raise Failed(f"{stream.name}: {different[:5]} differ from an undisturbed sync's")

    def _began_in_peace(self, stream: Any, key: Key) -> bool:
        """Whether a row is about a day that began after figures stopped: a store has a row of zeros for it."""
        account = self.schedule.world.by_id.get(str(key[0]))
        days = [str(part)[:10] for part in key if str(part)[4:5] == "-"]
        if account is None or not days or not stream.name.startswith(_BY_STORE):
            return False
        return days[0] > str(self.schedule.world.today(account, self.schedule.world.frozen))

    def _until_midnight(self) -> float:
        """Seconds until the next day of the first account begins."""
        world, at = self.schedule.world, self.loop.time()
        account = world.accounts[0]
        return world.start_of(account, world.today(account, at) + timedelta(days=1)) - at

    async def _disturbed(self, session: Session) -> None:
        api, world, began = self.schedule.api, self.schedule.world, self.loop.time()
        changed = world.changed
        today = self.clock.now().date()
        self._first_of_day, self._day = today != self._day, today
        api.denials = [_shifted(denial, began) for denial in session.denials]
        before = {name: _cursors(self._streams, name, state) for name, state in self.store.states.items()}
        self.note(f"{session}")
        outcome = await self._sync(session, self.store)
        ended = self.loop.time()
        was = session.ending if outcome.exit_code is None or outcome.stopped else f"exit {outcome.exit_code}"
        self.report.endings[was] += 1
        self.note(
            f"exit code {outcome.exit_code} {outcome.error or ''} {[str(each.error) for each in outcome.failures]}"
        )
        behind = timedelta(seconds=max(0.0, -session.clock_ahead))
        self._check_states(before, str((self.schedule.world.time_at(began) - behind - _LAST_OF_ALL).date()))
        denied = [denial for denial in api.denials if denial.struck]
        if outcome.exit_code == 0:
            without = set()
            if self.schedule.config.skip_inaccessible_advertisers:
                without = self._without(denied)
            elif any(self._matters(denial) for denial in denied):
                raise Failed("exit code 0 although an account or a stream was refused")
            self._compare(self.store, began, ended, without)
        elif outcome.exit_code == 1 and not session.ending and not session.may_fail:
            if not denied and world.changed > changed and _all_read_in_parts(outcome):
                self.report.endings["changed in parts"] += 1
                self._compare(self.store, began, ended, self._places(outcome))
            elif not denied and self._is_about_new_stores(outcome, began):
                self.report.endings["a new store"] += 1
                self._compare(self.store, began, ended, self._places(outcome))
            elif not denied:
                raise Failed(f"exit code 1 although all trouble passed: {outcome.error or outcome.failures}")
            elif not any(denial.code == 40105 for denial in denied):
                self._others_must_be_complete(outcome, denied, began, ended)

    def _is_about_new_stores(self, outcome: Outcome, began: float) -> bool:
        """Whether nothing failed but reports on stores that appeared after the sync was planned: it has to say so."""
        failures = [failure for failure in outcome.failures if not failure.tolerated]
        shops = self.schedule.api.shops
        return bool(failures) and all(
            isinstance(failure.error, IncompleteReadError)
            and _NEW_STORES in str(failure.error)
            and shops.appeared(failure.advertiser_id or "", began)
            for failure in failures
        )

    def _places(self, outcome: Outcome) -> set[tuple[str, str]]:
        """The endpoints and accounts of what failed."""
        endpoints = {stream.name: stream.endpoint for stream in self._streams}
        return {(endpoints[failure.stream], failure.advertiser_id or "") for failure in outcome.failures}

    def _matters(self, denial: Any) -> bool:
        endpoints = {endpoint for stream in self._streams for endpoint in endpoints_of(stream)}
        left_out = self.schedule.config.exclude_advertiser_ids
        return denial.account not in left_out and denial.refused.keys() & endpoints != set()

    def _without(self, denied: list[Any]) -> set[tuple[str, str]]:
        accounts = [account.id for account in self.schedule.world.accounts]
        return {
            (stream.endpoint, account)
            for denial in denied
            for stream in self._streams
            for account in ([denial.account] if denial.account else accounts)
            if denial.endpoint in {None, *endpoints_of(stream)} or stream.name == "pixel_events_statistics"
        }

    def _others_must_be_complete(self, outcome: Outcome, denied: list[Any], began: float, ended: float) -> None:
        if outcome.error is not None:
            raise Failed(f"nothing was read although only a part was refused: {outcome.error}")
        self._compare(self.store, began, ended, self._without(denied))

    def _must_be_complete(self, outcome: Outcome, store: Store, *, all_objects: bool, fresh: bool = False) -> None:
        if outcome.exit_code != 0:
            raise Failed(f"exit code {outcome.exit_code} in peace: {outcome.error or outcome.failures}")
        frozen = self.schedule.world.frozen
        self._compare(store, frozen, frozen, set(), all_objects=all_objects, fresh=fresh)

    def _compare(
        self,
        store: Store,
        began: float,
        ended: float,
        without: set[tuple[str, str]],
        *,
        all_objects: bool | None = None,
        fresh: bool = False,
    ) -> None:
        if all_objects is None:
            refresh = self.schedule.config.refresh_objects
            all_objects = refresh is Refresh.ALWAYS or (refresh is Refresh.DAILY and self._first_of_day)
        finding, compared = compare(
            self.truth, store, self.schedule.selected, began, ended, without, all_objects=all_objects, fresh=fresh
        )
        self.report.rows += compared
        self.report.lost += finding.lost
        if finding.text:
            raise Failed(f"{len(finding.text)} rows are wrong, {finding.lost} lost: {'; '.join(finding.text[:5])}")

    def _check_states(self, before: Mapping[str, Mapping[str, str]], begun: str) -> None:
        """No cursor goes back, and that of an account that was refused all the time stays where it was.

        One may go back to the day that has begun wherever the account may be, should its time zone not be known now.
        """
        for name, cursors in before.items():
            now = _cursors(self._streams, name, self.store.states[name])
            for account, cursor in cursors.items():
                if self._starts_again(name, account):
                    continue
                if now.get(account, "") < min(cursor, begun):
                    raise Failed(f"{name}: the cursor of {account} went back from {cursor} to {now.get(account)}")
        for denial in self.schedule.api.denials:
            if denial.code != 40118 and denial.account is not None and denial.at_once:
                self._check_refused(denial, denial.account, before, begun)

    def _check_refused(self, denial: Denial, account: str, before: Mapping[str, Mapping[str, str]], begun: str) -> None:
        """The cursor of an account that was refused all the time stays where it was.

        That of a report at an endpoint of its own may pass days of which another endpoint showed that they are empty,
        but none that was refused.
        """
        for stream in self._streams:
            if self._starts_again(stream.name, account):
                continue
            if _forbids(denial, stream) and stream.cursor and stream.name in self.store.states:
                now = _cursors(self._streams, stream.name, self.store.states[stream.name])
                cursor = before.get(stream.name, {}).get(account)
                if (
                    _may_be_known_empty(denial, stream)
                    and (cursor or "") < now.get(account, "") < denial.refused[stream.endpoint]
                ):
                    continue
                if now.get(account) not in {cursor, min(cursor or "", f"{begun} 00:00:00")}:
                    raise Failed(f"{stream.name}: the cursor of {account}, which was refused, moved")

    def _starts_again(self, stream: str, account: str) -> bool:
        """Whether an account may be read from the start, because a store has appeared."""
        return stream.startswith(_BY_STORE) and self.schedule.api.shops.appeared(account, 0.0)

    async def _sync(self, session: Session, store: Store) -> Outcome:
        self.report.syncs += 1
        self.loop.limit = self.loop.time() + _LONGEST
        return await self._process.run(session, store)

    def note(self, text: str) -> None:
        """Log what happened, for debugging a seed."""
        self.log.append(f"{self.loop.time():12.3f} {text}")


def _all_read_in_parts(outcome: Outcome) -> bool:
    """Whether nothing failed but reports whose parts lack rows that the whole had.

    An object that is deleted meanwhile takes its rows along. If the whole is too large to be counted again, nobody can
    tell that from a loss, so it must be reported.
    """
    failures = [failure.error for failure in outcome.failures if not failure.tolerated]
    return bool(failures) and all(
        isinstance(error, IncompleteReadError) and _IN_PARTS in str(error) for error in failures
    )


_NEW_STORES = "Stores have appeared since the last sync"
_IN_PARTS = "was too large for one request, and its parts"


def _forbids(denial: Denial, stream: Any) -> bool:
    """Whether a denial keeps a stream from being read.

    An account without stores asks for no report by store. Nor does one without figures ask for a report at an endpoint
    of its own, because another endpoint showed that its days are empty.
    """
    if _may_be_known_empty(denial, stream):
        return stream.endpoint in denial.refused
    return denial.endpoint in {None, stream.endpoint}


def _may_be_known_empty(denial: Denial, stream: Any) -> bool:
    """Whether another endpoint, which a denial leaves, may show that a report's days are empty."""
    may_ask_nothing = stream.is_report or stream.name.startswith(_BY_STORE)
    return may_ask_nothing and denial.endpoint not in {None, "report/integrated/get/"}


def _shifted(denial: Denial, by: float) -> Denial:
    return replace(denial, start=denial.start + by, at_once=denial.start == 0.0, refused={})


def _cursors(streams: list[Any], name: str, state: Any) -> dict[str, str]:
    field_name = next((stream.cursor for stream in streams if stream.name == name), None)
    if field_name is None or "states" not in state:
        return {}
    cursors = read_state(name, field_name, state)
    return {
        entry["partition"]["advertiser_id"]: cursors.of(entry["partition"]["advertiser_id"])
        for entry in state["states"]
    }


def run_schedule(seed: int, components: type[Components] = Components) -> Report:
    """Run the schedule of a seed.

    Raises:
        Failed: If a promise does not hold.
    """
    return Simulation(schedule_of(seed), components).run()
