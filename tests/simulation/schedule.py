"""Makes a schedule from a seed: a world, a configuration, and everything that goes wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from simulation.api import SECRET, TOKEN, Api, Denial
from simulation.faults import BROKEN, LYING, MAINTENANCE, PARTLY_OK, RETRIABLE, SERVICE, STATUSES, TOO_LARGE, Fault
from simulation.limits import APP_ID, UNCOUNTED, WRONG_COUNTS, Limits
from simulation.shops import Shops
from simulation.world import DAY, Account, World
from tiktok_marketing.catalog import ALL_STREAMS, STREAMS, AnyStream, ReportFilter, ReportStream
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.config import AsyncReports, Config, Refresh
from tiktok_marketing.sync.plan.selection import Selected
from tiktok_marketing.sync.read.pass_limits import USUAL_PASSES, PassLimits

ZONES = (
    "UTC",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)
_TURNS = (
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 12, 31, tzinfo=UTC),
    datetime(2028, 2, 28, tzinfo=UTC),
)
"""Days before a change of clocks, the end of a year or a leap day."""
_OBJECTS = (
    "advertiser_ids",
    "advertisers",
    "campaigns",
    "ad_groups",
    "ads",
    "audiences",
    "creative_assets_images",
    "pixels",
    "pixel_events_statistics",
)
OWN_REPORTS = (
    CustomReport(
        name="own_countries",
        level="campaign",
        dimensions=("country_code",),
        metrics=("spend", "impressions", "complete_payment"),
    ),
    CustomReport(
        name="own_platforms",
        report_type="AUDIENCE",
        level="ad_group",
        dimensions=("platform",),
        grain="none",
        metrics=("spend", "impressions"),
    ),
    CustomReport(name="own_campaigns", metrics=("spend", "impressions")),
)
"""Reports of a configuration's own: with a breakdown, without a time, and with a filter by campaigns of the world."""
OF_SHOPS = (
    "gmv_max_stores",
    "gmv_max_campaigns",
    "gmv_max_campaign_details",
    "gmv_max_sessions",
    "gmv_max_videos",
    "gmv_max_advertiser_reports_daily",
    "gmv_max_advertiser_reports_hourly",
    "gmv_max_advertiser_reports_lifetime",
    "gmv_max_product_campaign_reports_daily",
    "gmv_max_live_campaign_reports_hourly",
    "gmv_max_product_reports_daily",
    "gmv_max_product_reports_lifetime",
    "gmv_max_creative_reports_daily",
    "gmv_max_live_room_reports_hourly",
    "gmv_max_live_duration_reports_lifetime",
    "advertisers_shop_reports_by_country_daily",
)
"""Streams about stores: plain lists, lists for each parent, and reports by store with each kind of filter and grain."""
OTHERS_ON_REQUEST = (
    "smart_plus_ads_reports_by_creative_lifetime",
    "smart_plus_reports_by_creative_daily",
    "campaigns_audience_reports_by_language_daily",
    "playables_reports_lifetime",
    "playables_reports_by_country_lifetime",
    "ad_reviews",
    "languages",
)
"""Other streams on request: what ads are made of, a breakdown, records by key, and a lookup."""
_REPORTS = tuple(stream.name for stream in STREAMS if stream.is_report)
_BY_NAME = {stream.name: stream for stream in ALL_STREAMS}
_INVALID_VALUES = ("", "<5", "1,234.5", "9" * 40, "1e400", "-5.5.5", "\\u00e9", "NaN")
_FORBIDDEN = (40001, 40106, 40300, 40301)
_LATE = 0.9
"""The share of worlds whose hours come late, as TikTok's do."""
_ASYNCHRONOUS = 0.2
"""The share of worlds whose configuration reads reports as asynchronous ones."""
LONGEST_FAULT = 600.0
"""Seconds that a sync must survive a fault: a maintenance of ten minutes."""


@dataclass
class Session:
    """One sync, and what happens to it.

    Args:
        faults: What goes wrong, in seconds since the beginning, or since the first answer.
        after_contact: Whether these seconds are counted from the first answer.
        denials: Refusals that last as long as the sync.
        ending: `""`, `"kill"`, `"stop"` or `"gone"` (the reader closes its end).
        at: Seconds after which that happens.
        gap: Seconds until the next sync.
        buffer: Bytes that the sync may read ahead.
        idle: Seconds that the reader waits now and then.
        moving: Changes that may happen while it reads.
        may_fail: Whether its faults last longer than a sync must survive.
        pass_limits: How many rows one pass through a report may read.
        clock_ahead: Seconds that the machine's clock is ahead of TikTok's.
        after_midnight: Seconds after the next midnight of the first account at which it begins. None if it begins
            whenever the one before has ended.
    """

    faults: list[Fault] = field(default_factory=list)
    after_contact: bool = True
    denials: list[Denial] = field(default_factory=list)
    ending: str = ""
    at: float = 0.0
    gap: float = 0.0
    buffer: int = 8 * 2**20
    idle: float = 0.0
    moving: int = 0
    may_fail: bool = False
    pass_limits: PassLimits = USUAL_PASSES
    clock_ahead: float = 0.0
    after_midnight: float | None = None


@dataclass
class Schedule:
    """Everything that one seed decides."""

    seed: int
    world: World
    api: Api
    config: Config
    selected: list[Selected]
    sessions: list[Session]
    latency: float
    in_packages: bool


def schedule_of(seed: int) -> Schedule:
    """Make a schedule. The same seed always makes the same one."""
    rng = random.Random(seed)
    began = rng.choice(_TURNS) + timedelta(days=rng.randrange(3), seconds=rng.randrange(int(DAY)))
    config = _config(rng, began)
    late = random.Random(f"hours that come late, {seed}")
    late_hours = late.random() < _LATE
    if late_hours:
        config = _with_few_days_read_again(late, config)
    tier = int(config.requests_per_second)
    share = rng.choice((None, None, 1.0, 1.0, 0.5, 0.2))  # of the quota that other programs leave
    busy = rng.random() < 0.2  # people work on long lists while they are read
    limits, largest_group = _limits(rng)
    if share is not None:
        limits.per_second, limits.per_minute = int(tier * share), int(tier * share * 60)
    if busy:
        limits.page = rng.choice((1, 2, 3))
    limits.counts = rng.choice(tuple(WRONG_COUNTS)) if rng.random() < 0.4 else "true"
    world = World(seed, began, config.start_date - timedelta(days=2), config.attribution_window)
    world.late_hours = late_hours
    world.zero_rows = rng.random() < 0.5
    world.by_day = rng.random() < 0.5
    world.largest_group = largest_group
    _populate(rng, world, busy=busy)
    if rng.random() < 0.15 and len(world.accounts) > 1:
        config = replace(config, exclude_advertiser_ids=(rng.choice(world.accounts[1:]).id,))
    selected = [*_selected(rng, limits), *_own_reports(random.Random(f"own reports, {seed}"), world)]
    metrics = _optional(selected)
    invalid_values = (
        {name: rng.choice(_INVALID_VALUES) for name in rng.sample(metrics, min(3, len(metrics)))}
        if rng.random() < 0.4
        else {}
    )
    refused = frozenset(rng.sample(metrics, min(2, len(metrics)))) if rng.random() < 0.2 else frozenset()
    api = _api(seed, world, limits, selected, invalid_values, refused)
    api.info_refuses = rng.random() < 0.5
    api.joint = rng.choice((5, 5, 0, 1, 2))
    api.joint_lacks = random.Random(f"rows that joint answers lack, {seed}").choice((0, 2, 2))
    latency = 10 ** rng.uniform(-1.3, 0.8)
    lively = rng.random() < 0.5
    for account in world.accounts:
        account.lively = rng.choice((0.0, 0.05, 0.2, 0.5)) if lively or busy else 0.0
        if limits.counts in UNCOUNTED:
            account.lively = 0.0
    if rng.random() < 0.25:
        rng.choice(world.accounts).slowness = min(10 ** rng.uniform(0.5, 2.0), 50 / latency)
    sessions = [_session(rng, world, latency) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    if config.refresh_objects is not Refresh.DAILY and rng.random() < 0.15:  # which goes by the machine's days
        rng.choice(sessions).clock_ahead = rng.choice((-1, 1)) * 10 ** rng.uniform(2, 5.3)
    if late_hours:
        _begin_after_midnight(late, sessions)
    config = _with_asynchronous_reports(random.Random(f"asynchronous reports, {seed}"), config, api, sessions)
    _trouble_on_request(random.Random(f"trouble with streams on request, {seed}"), world, selected, sessions)
    return Schedule(seed, world, api, config, selected, sessions, latency, in_packages=rng.random() < 0.5)


def _api(
    seed: int,
    world: World,
    limits: Limits,
    selected: list[Selected],
    invalid_values: dict[str, str],
    refused: frozenset[str],
) -> Api:
    """The API. Sometimes it is asked for streams on request, too, which are added to those that are selected."""
    usual = set(_optional(selected))
    shops = Shops(world)
    selected += _on_request(random.Random(f"streams on request, {seed}"), shops, limits)
    rng = random.Random(f"metrics of streams on request, {seed}")
    more = sorted(set(_optional(selected)) - usual)
    if rng.random() < 0.2:
        refused |= frozenset(rng.sample(more, min(2, len(more))))
    api = Api(world, shops, limits, invalid_values, refused)
    api.on_request.reviews_lack = rng.choice((0, 2, 2, 3))
    return api


def _with_few_days_read_again(rng: random.Random, config: Config) -> Config:
    """Often a configuration that reads no day again, or one: figures that come late are lost most easily then."""
    return replace(config, attribution_window=rng.choice((0, 0, 1))) if rng.random() < 0.3 else config


def _with_asynchronous_reports(rng: random.Random, config: Config, api: Api, sessions: list[Session]) -> Config:
    """Sometimes a configuration that reads reports of more than a few rows as asynchronous reports."""
    if rng.random() >= _ASYNCHRONOUS:
        return config
    api.tasks.allowed = rng.random() < 0.9
    for session in sessions:
        session.pass_limits = replace(
            session.pass_limits, least_of_task=rng.choice((0, 1, 3)), most_of_task=rng.choice((5, 50, 1000))
        )
    return replace(config, async_reports=AsyncReports.AUTO)


def _begin_after_midnight(rng: random.Random, sessions: list[Session]) -> None:
    """Let syncs begin while the last hours of the day before are still to appear."""
    for session in sessions:
        if rng.random() < 0.4:
            session.after_midnight = rng.choice((2.0, 16.0)) * 3600 * rng.random()


def _optional(selected: list[Selected]) -> list[str]:
    """The metrics that no selected report needs."""
    sources = [selection.stream.source for selection in selected if isinstance(selection.stream, ReportStream)]
    needed = {name for source in sources for name in source.metrics if name not in source.optional}
    return sorted({name for source in sources for name in source.optional} - needed)


def _config(rng: random.Random, began: datetime) -> Config:
    start = began.date() - timedelta(days=34 if rng.random() < 0.03 else rng.choice((0, 1, 2, 3, 3, 5, 8)))
    return Config(
        access_token=TOKEN,
        app_id=APP_ID,
        secret=SECRET,
        start_date=start,
        end_date=start + timedelta(days=rng.randrange(5)) if rng.random() < 0.15 else None,
        attribution_window=rng.choice((0, 1, 3, 3, 7)),
        report_granularity=rng.choice((1, 2, 3, 7, 30)),
        include_deleted=rng.random() < 0.4,
        objects_since_start_date=True,
        refresh_objects=rng.choice((Refresh.CHANGED, Refresh.CHANGED, Refresh.DAILY, Refresh.ALWAYS)),
        skip_inaccessible_advertisers=rng.random() < 0.3,
        requests_per_second=rng.choice((10, 10, 20, 50)),
    )


def _limits(rng: random.Random) -> tuple[Limits, int]:
    """The limits of the API, and how many objects one may contain so that every report can be split enough."""
    limits = Limits(page=rng.choice((1000, 1, 2, 3, 5)), per_second=10**9, per_minute=10**9)
    largest = 99
    if rng.random() < 0.3:
        limits.ads = rng.randint(2, 6)
        largest = limits.ads - 1
    if rng.random() < 0.3:
        largest = min(largest, 4)
        limits.heavy = 192 + rng.randrange(100)
        limits.heavy_code = rng.choice((40067, 40067, 50002, 51010, None))
    return limits, largest


def _populate(rng: random.Random, world: World, *, busy: bool) -> None:
    """Create accounts of every kind, and fill them."""
    sorts = ["normal", *rng.sample(("normal", "idle", "today", "new", "late", "large"), rng.choice((1, 1, 2, 3)))]
    for number, sort in enumerate(sorts):
        ago = {"today": rng.uniform(0, 8) * 3600, "new": rng.uniform(0, 4) * DAY}.get(sort, 500 * DAY)
        listed = rng.uniform(0, 2) * DAY if sort == "late" else -ago
        density = 0.0 if sort == "idle" else rng.choice((0.3, 0.8, 1.0))
        account = Account(7_000_000 + number, rng.choice(ZONES), -ago, listed, density)
        if rng.random() < 0.05:
            account.told_zone = account.told_place = rng.choice(("", "Nowhere/City"))
        world.add_account(account)
        _fill(rng, world, account, 3 if sort == "large" else rng.randint(1 if busy else 0, 3 if busy else 2))


def _fill(rng: random.Random, world: World, account: Account, size: int) -> None:
    oldest = min(-account.created, 12 * DAY)
    moments = sorted(-rng.uniform(0, oldest) for _ in range(40))
    upcoming = iter(moments)
    for _ in range(size):
        campaign = world.add(account, "campaign", next(upcoming), None, rng)
        for _ in range(min(rng.randint(1, 2), world.largest_group)):
            group = world.add(account, "adgroup", campaign.created, campaign, rng)
            for _ in range(min(rng.randint(1, size + 1), world.largest_group)):
                world.add(account, "ad", group.created, group, rng)
    for kind, most in (("image", 5), ("audience", 5), ("pixel", 3)):
        for _ in range(rng.randint(0, most)):
            world.add(account, kind, next(upcoming), None, rng)
    for entities in account.entities.values():
        for entity in entities:
            if rng.random() < 0.4:
                entity.change(rng.uniform(entity.created, 0))
            if rng.random() < 0.1 and entity.kind != "pixel":
                entity.delete(rng.uniform(entity.modified(0), 0))
    account.forbidden_pixels = {entity.number for entity in account.entities["pixel"] if rng.random() < 0.2}


def _selected(rng: random.Random, limits: Limits) -> list[Selected]:
    names = rng.sample(_OBJECTS, rng.choice((1, 1, 2, 3))) + rng.sample(_REPORTS, rng.choice((1, 1, 2, 2, 3)))
    return [
        Selected(_scaled(_BY_NAME[name], limits), incremental=rng.random() < 0.9 and _BY_NAME[name].cursor is not None)
        for name in names
    ]


def _own_reports(rng: random.Random, world: World) -> list[Selected]:
    """Sometimes one or two reports of the configuration's own."""
    if rng.random() < 0.6:
        return []
    chosen = []
    for report in rng.sample(OWN_REPORTS, rng.choice((1, 1, 2))):
        stream = report.stream
        if report.name == "own_campaigns":
            campaigns = [entity for account in world.accounts for entity in account.entities["campaign"]]
            ids = [str(entity.number) for entity in campaigns if rng.random() < 0.6]
            only = ReportFilter(field="campaign_ids", values=tuple(ids or ["1"]))
            stream = replace(stream, source=replace(stream.source, filters=(only,)))
        chosen.append(Selected(stream, incremental=rng.random() < 0.9 and stream.cursor is not None))
    return chosen


def _on_request(rng: random.Random, shops: Shops, limits: Limits) -> list[Selected]:
    """Sometimes a few streams on request, with stores for those that are about stores."""
    names: list[str] = []
    if rng.random() < 0.35:
        shops.stock(rng)
        names += rng.sample(OF_SHOPS, rng.choice((1, 2, 2, 3)))
    if rng.random() < 0.3:
        names += rng.sample(OTHERS_ON_REQUEST, rng.choice((1, 2, 2)))
    return [
        Selected(_scaled(_BY_NAME[name], limits), incremental=rng.random() < 0.9 and _BY_NAME[name].cursor is not None)
        for name in names
    ]


def _trouble_on_request(rng: random.Random, world: World, selected: list[Selected], sessions: list[Session]) -> None:
    """Now and then, a fault or a refusal of an endpoint that a stream on request is read from."""
    streams = [selection.stream for selection in selected if selection.stream.on_request]
    endpoints = sorted({endpoint for stream in streams for endpoint in endpoints_of(stream)})
    for session in sessions if streams else ():
        if rng.random() < 0.4:
            begins = rng.uniform(0, 20)
            fault = _fault(rng, world, begins, begins + LONGEST_FAULT * rng.uniform(0.02, 0.15), early=False)
            fault.endpoint = rng.choice(endpoints)
            session.faults.append(fault)
        if "gmv_max/report/get/" in endpoints and rng.random() < 0.3:  # lists of campaigns lack some all the time
            session.faults.append(Fault("lack", 0.0, DAY, 1.0, "gmv_max/report/get/"))
            session.may_fail = True
        if rng.random() < 0.1:
            account = rng.choice(world.accounts).id
            start = 0.0 if rng.random() < 0.6 else 10 ** rng.uniform(-1, 1)
            session.denials.append(Denial(rng.choice(_FORBIDDEN), account, rng.choice(endpoints), start))


def endpoints_of(stream: AnyStream) -> set[str]:
    """The endpoints that a stream is read from: its own, and those of the lists that its requests come from."""
    if isinstance(stream, ReportStream):
        return {stream.endpoint} if stream.source.stores is None else {stream.endpoint, "gmv_max/store/list/"}
    parent = stream.source.parent
    return {stream.endpoint} if parent is None else {stream.endpoint, _BY_NAME[parent.stream].endpoint}


def _scaled(stream: AnyStream, limits: Limits) -> AnyStream:
    """A stream with the page size and record limit of the world."""
    if isinstance(stream, ReportStream) or stream.source.page_size is None:
        return stream
    source = stream.source
    size = min(source.page_size, limits.page)
    reach = None if source.max_records is None else limits.reach
    return replace(stream, source=replace(source, page_size=size, max_records=reach))


def _session(rng: random.Random, world: World, latency: float) -> Session:
    session = Session(
        gap=rng.choice((0.0, 1.0, 60.0, 3600.0, 0.3 * DAY, DAY, 2.2 * DAY)) * rng.uniform(0.5, 1.0),
        buffer=rng.choice((8 * 2**20, 8 * 2**20, 3000)),
        idle=10 ** rng.uniform(0, 2.5) if rng.random() < 0.2 else 0.0,
        moving=rng.randint(0, 10),
    )
    if rng.random() < 0.75:
        session.after_contact = rng.random() < 0.8
        session.faults = _storm(rng, world, latency, early=not session.after_contact)
    if rng.random() < 0.5:
        session.ending = rng.choice(("kill", "kill", "kill", "stop", "gone"))
        session.at = latency * 10 ** rng.uniform(0, 1.5) if rng.random() < 0.7 else 10 ** rng.uniform(0, 3)
    if rng.random() < 0.15:
        session.denials.append(_denial(rng, world))
    if rng.random() < 0.06:  # longer than anybody has patience for
        kind = rng.choice((50000, 40700, 502, "lookup", "garbage", MAINTENANCE, 40100, PARTLY_OK))
        session.faults.append(Fault(kind, rng.uniform(0, 20), rng.uniform(1, 5) * 3600, rng.choice((0.9, 1.0))))
        session.may_fail = True
    if rng.random() < 0.15:  # answers in part as long as the sync lasts, which only the return code shows
        account = rng.choice(world.accounts).id if rng.random() < 0.5 else None
        session.faults.append(Fault(PARTLY_OK, 0.0, DAY, rng.choice((0.5, 1.0)), "report/integrated/get/", account))
        session.may_fail = True
    if rng.random() < 0.3:  # a report that is split lacks campaigns as long as the sync lasts
        session.faults.append(Fault("lack", 0.0, DAY, 1.0, "report/integrated/get/"))
        session.may_fail = True
    if rng.random() < 0.8:  # a window has more rows than a walk, so that it is read as shorter ones side by side
        least = rng.randint(1, 3)
        session.pass_limits = PassLimits(least=least, most=least * rng.randint(1, 3), per_page_in_flight=1)
    return session


_IN_PART = [PARTLY_OK] * 4
"""The only trouble that leaves no other sign of it: so often that it hits what counts."""


def _storm(rng: random.Random, world: World, latency: float, *, early: bool) -> list[Fault]:
    """Faults that end in time: several at once, sometimes twice."""
    faults: list[Fault] = []
    begins = 0.0 if early else latency * 10 ** rng.uniform(-1, 1.2)
    for _ in range(rng.choice((1, 1, 2))):
        lasts = LONGEST_FAULT * rng.choice((0.01, 0.05, 0.5, 1.0)) * rng.uniform(0.3, 1.0)
        faults += [_fault(rng, world, begins, begins + lasts, early=early) for _ in range(rng.randint(1, 4))]
        begins += lasts + 700.0 + rng.uniform(0, 600)  # long enough for what has waited to get through
    return faults


def _fault(rng: random.Random, world: World, begins: float, ends: float, *, early: bool) -> Fault:
    if rng.random() < 0.3:
        kind, share = rng.choice(LYING), rng.choice((0.3, 1.0))
        # If a few pages at random lacked a row in each pass, no pass might be whole.
        return Fault(kind, begins, ends, 1.0 if kind == "short" else share, each=1)
    kind = rng.choice(
        (*RETRIABLE, *SERVICE, *TOO_LARGE, 40067, MAINTENANCE, *_IN_PART)
        if early
        else (*RETRIABLE, *SERVICE, *TOO_LARGE, 40067, MAINTENANCE, *_IN_PART, *STATUSES, *BROKEN, *BROKEN)
    )
    return Fault(
        kind,
        start=rng.uniform(begins, begins + (ends - begins) / 2),
        end=ends,
        share=rng.choice((0.1, 0.3, 0.6, 1.0)),
        endpoint=rng.choice((None, None, None, "report/integrated/get/", "campaign/get/", "ad/get/")),
        account=rng.choice(world.accounts).id if rng.random() < 0.2 else None,
        each=2 if kind in {*TOO_LARGE, PARTLY_OK} else 10**9,
    )


def _denial(rng: random.Random, world: World) -> Denial:
    what = rng.random()
    start = 0.0 if rng.random() < 0.6 else 10 ** rng.uniform(-1, 1)
    if what < 0.7:
        endpoint = rng.choice((None, None, "report/integrated/get/", "campaign/get/", "advertiser/info/"))
        return Denial(rng.choice(_FORBIDDEN), account=rng.choice(world.accounts).id, endpoint=endpoint, start=start)
    if what < 0.85:
        return Denial(40118, endpoint=rng.choice(("report/integrated/get/", "campaign/get/", "ad/get/")), start=start)
    return Denial(40105, start=start)


def last_day(config: Config, world: World, account: Account, at: float) -> date:
    """The last day that a sync reads if it plans at this time."""
    today = world.today(account, at)
    return min(config.end_date, today) if config.end_date else today
