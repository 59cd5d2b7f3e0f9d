from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_builders import NOON, account, config, json_values, stream

from tiktok_marketing.catalog import STREAMS, Grain, ReportFilter, ReportStream, Scope
from tiktok_marketing.catalog.custom_reports import CustomReport
from tiktok_marketing.clock import ClockReading
from tiktok_marketing.config import Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.sync.plan.partitions import Partition, plan_stream
from tiktok_marketing.sync.plan.refresh import RefreshProgress, is_resumable, read_refreshes, unreadable_states
from tiktok_marketing.sync.plan.selection import RefreshId, Selected, streams_of

ACCOUNTS = [account("7001"), account("7002"), account("7003")]
UNNUMBERED = RefreshId()
JOB = RefreshId(generation_id=4, sync_id=77)
LATER = NOON + timedelta(hours=1)


def read(
    states: Mapping[str, Any],
    names: Sequence[str] = ("ads_reports_daily",),
    *,
    refresh: RefreshId = UNNUMBERED,
    settings: Config | None = None,
) -> dict[str, RefreshProgress]:
    """What earlier attempts have delivered, an hour after the first began."""
    selected = [Selected(stream(name), incremental=False, refresh=refresh) for name in names]
    return read_refreshes(settings or config(), selected, states, LATER)


def written(name: str = "ads_reports_daily", *, refresh: RefreshId = UNNUMBERED, complete: bool = False) -> Any:
    """The state of a first attempt: one account finished, one read up to 31 January."""
    selected = [Selected(stream(name), incremental=False, refresh=refresh)]
    progress = read_refreshes(config(), selected, {}, NOON)[name]
    progress.finish("7001")
    progress.reach(stream(name), "7002", "2026-01-31 00:00:00")
    progress.complete = complete
    return json.loads(json.dumps(progress.to_state()))


def firsts(progress: RefreshProgress, name: str = "ads_reports_daily") -> dict[str, date | None]:
    """The first day that is left to read, by account."""
    whole = plan_stream(config(), Selected(stream(name), incremental=False), None, ACCOUNTS, ClockReading.at(LATER))
    return {
        partition.account.advertiser_id: partition.first
        for partition in progress.remaining(whole)
        if partition.account is not None
    }


EVERYTHING = {"7001": date(2026, 1, 1), "7002": date(2026, 1, 1), "7003": date(2026, 1, 1)}
THE_REST = {"7002": date(2026, 2, 1), "7003": date(2026, 1, 1)}


def test_an_account_that_is_forgotten_is_read_from_the_start() -> None:
    """The others go on, and the state says so."""
    progress = read({"ads_reports_daily": written()})["ads_reports_daily"]
    progress.forget("7001")
    progress.forget("7003")  # of which nothing is known
    assert firsts(progress) == {**THE_REST, "7001": date(2026, 1, 1)}
    assert "7001" not in json.dumps(progress.to_state())


@pytest.mark.parametrize("refresh", [RefreshId(), JOB, RefreshId(0, 0), RefreshId(1, 1)])
def test_an_interrupted_refresh_goes_on(refresh: RefreshId) -> None:
    """Finished accounts are left out, and the others go on after their last day, with or without a platform's ids."""
    progress = read({"ads_reports_daily": written(refresh=refresh)}, refresh=refresh)["ads_reports_daily"]
    assert firsts(progress) == THE_REST


@pytest.mark.parametrize("refresh", [RefreshId(), RefreshId(0, 0), RefreshId(1, 1), RefreshId(7, None)])
def test_the_state_of_a_finished_refresh_begins_a_new_one_if_nothing_numbers_the_syncs(refresh: RefreshId) -> None:
    """Runners that keep every state would get no row otherwise, and no error."""
    state = written(refresh=refresh, complete=True)
    progress = read({"ads_reports_daily": state}, refresh=refresh)["ads_reports_daily"]
    assert firsts(progress) == EVERYTHING
    assert progress.restarted


def test_a_finished_stream_is_not_read_again_by_the_same_job() -> None:
    """Another stream of the job may have failed, or the destination."""
    progress = read({"ads_reports_daily": written(refresh=JOB, complete=True)}, refresh=JOB)["ads_reports_daily"]
    assert firsts(progress) == THE_REST


def test_the_second_job_of_a_platform_is_known_by_its_number() -> None:
    """Only 0 and 1 may be the number of every job."""
    second = RefreshId(2, 2)
    progress = read({"ads_reports_daily": written(refresh=second, complete=True)}, refresh=second)["ads_reports_daily"]
    assert firsts(progress) == THE_REST
    assert progress.continued
    assert not progress.restarted


def test_each_day_is_progress_until_the_account_is_finished() -> None:
    """Later days change nothing of an account that is finished already."""
    daily = stream("ads_reports_daily")
    progress = read({})["ads_reports_daily"]
    assert progress.reach(daily, "7002", "2026-01-30 00:00:00")
    assert progress.reach(daily, "7002", "2026-01-31 00:00:00")
    progress.finish("7001")
    assert not progress.reach(daily, "7001", "2026-01-31 00:00:00")
    assert firsts(progress) == THE_REST


@pytest.mark.parametrize("name", ["campaigns", "ads_reports_lifetime"])
def test_a_stream_without_days_makes_progress_only_by_finished_accounts(name: str) -> None:
    """A cursor of its objects says nothing about the rest."""
    progress = read({}, [name])[name]
    assert not progress.reach(stream(name), "7002", "2026-01-31 00:00:00")
    assert progress.to_state()["full_refresh"]["accounts"] == {}


@pytest.mark.parametrize(
    ("name", "reached", "first"),
    [
        ("ads_reports_daily", "2025-12-01", date(2026, 1, 1)),
        ("ads_reports_daily", "2026-01-01", date(2026, 1, 2)),
        ("ads_reports_lifetime", "2026-01-31", None),
        ("advertisers_audience_reports_lifetime", "2026-01-31", None),
        ("campaigns", "2026-01-31", None),
    ],
)
def test_reading_goes_on_after_a_day_only_where_there_are_days(name: str, reached: str, first: date | None) -> None:
    """No day before the first is read, and what has no days is read whole."""
    state = written(name)
    state["full_refresh"]["accounts"] = {"7002": reached}
    rest = {each.account.advertiser_id: each for each in read({name: state}, [name])[name].remaining(_whole(name))
            if each.account}  # fmt: skip
    if first is None:
        assert rest["7002"] == next(
            each for each in _whole(name) if each.account and each.account.advertiser_id == "7002"
        )
    else:
        assert rest["7002"].first == first


@pytest.mark.parametrize(
    ("reached", "left"),
    [("2026-03-09", True), ("2026-03-10", False), ("2026-03-11", False), ("9999-12-31", False)],
)
def test_an_account_that_is_read_to_its_last_day_has_no_window_left(reached: str, left: bool) -> None:
    """The state may say so before the account was finished."""
    state = written()
    state["full_refresh"]["accounts"] = {"7002": reached}
    assert ("7002" in firsts(read({"ads_reports_daily": state})["ads_reports_daily"])) is left


def test_the_state_of_a_new_refresh_says_when_it_began_and_that_it_is_unfinished() -> None:
    """The next attempt recognizes it by that."""
    state = read({}, refresh=JOB)["ads_reports_daily"].to_state()["full_refresh"]
    assert (state["began"], state["complete"]) == ("2026-03-10T13:00:00.000000Z", False)
    assert (state["generation_id"], state["sync_id"]) == (4, 77)
    settings = {"start_date": "2026-01-01", "include_deleted": config().include_deleted, "sandbox": False}
    assert state["settings"] == {**settings, "end_date": None}
    ending = read({}, settings=config(end_date=date(2026, 2, 1)))["ads_reports_daily"]
    assert ending.settings == {**settings, "end_date": "2026-02-01"}


@pytest.mark.parametrize(
    "other",
    [RefreshId(), RefreshId(4, 78), RefreshId(5, 77), RefreshId(4, None), RefreshId(None, 77), RefreshId(5, 78)],
)
@pytest.mark.parametrize("complete", [True, False])
def test_another_job_reads_everything(other: RefreshId, complete: bool) -> None:
    """Its rows belong to a new generation, which must have all of them."""
    state = written(refresh=JOB, complete=complete)
    assert firsts(read({"ads_reports_daily": state}, refresh=other)["ads_reports_daily"]) == EVERYTHING


def test_a_finished_stream_is_left_out_while_another_is_unfinished() -> None:
    """Without a platform's ids, the unfinished stream shows that the refresh was interrupted."""
    states = {"ads_reports_daily": written(complete=True), "campaigns": written("campaigns")}
    progress = read(states, ["ads_reports_daily", "campaigns"])
    assert firsts(progress["ads_reports_daily"]) == THE_REST
    assert set(firsts(progress["campaigns"], "campaigns")) == {"7002", "7003"}


def test_a_stream_that_begins_later_belongs_to_the_latest_attempt_that_goes_on() -> None:
    """The next attempt would take it for an earlier refresh otherwise."""
    states = {name: written(name, refresh=JOB) for name in ("ads_reports_daily", "campaigns")}
    later = "2026-03-10T13:30:00.000000Z"
    states["campaigns"]["full_refresh"]["began"] = later
    progress = read(states, ["ads_reports_daily", "campaigns", "ads"], refresh=JOB)
    assert progress["ads"].began == later


BAD = {"foo": "bar"}
BAD_REFRESH = {"full_refresh": {"accounts": 7}}


@pytest.mark.parametrize(
    ("name", "incremental", "refresh", "raw", "unreadable"),
    [
        ("ads_reports_daily", True, None, BAD, True),
        ("ads_reports_daily", True, None, {"stat_time_day": "2026-01-01"}, False),
        ("ads_reports_daily", True, None, None, False),
        ("ads_reports_daily", False, UNNUMBERED, BAD, True),
        ("ads_reports_daily", False, UNNUMBERED, BAD_REFRESH, True),
        ("ads_reports_daily", False, None, BAD, False),
        ("ads_reports_daily", True, UNNUMBERED, BAD_REFRESH, False),
        ("ads_reports_lifetime", True, UNNUMBERED, BAD_REFRESH, True),
        ("ads_reports_lifetime", True, None, BAD, False),
        ("advertisers", False, UNNUMBERED, BAD, False),
    ],
)
def test_a_state_that_cannot_be_read_is_known_before_it_is_needed(
    name: str, incremental: bool, refresh: RefreshId | None, raw: Any, unreadable: bool
) -> None:
    """Only where a sync would read it: a cursor of an incremental sync, or the progress of a full refresh."""
    selected = [Selected(stream(name), incremental=incremental, refresh=refresh)]
    assert set(unreadable_states(selected, {name: raw})) == ({name} if unreadable else set())


def test_a_finished_stream_of_an_earlier_refresh_is_read_again() -> None:
    """Only the latest refresh was interrupted; its rows of the other stream are missing."""
    states = {"ads_reports_daily": written(complete=True), "campaigns": written("campaigns")}
    states["ads_reports_daily"]["full_refresh"]["began"] = "2026-01-01T00:00:00.000000Z"
    progress = read(states, ["ads_reports_daily", "campaigns"])
    assert firsts(progress["ads_reports_daily"]) == EVERYTHING
    assert set(firsts(progress["campaigns"], "campaigns")) == {"7002", "7003"}


def test_of_two_interrupted_refreshes_the_latest_goes_on() -> None:
    """The other stream was selected in the earlier one alone, so its rows are of another refresh."""
    states = {"ads_reports_daily": written(), "campaigns": written("campaigns")}
    states["ads_reports_daily"]["full_refresh"]["began"] = "2026-01-01T00:00:00.000000Z"
    progress = read(states, ["ads_reports_daily", "campaigns"])
    assert firsts(progress["ads_reports_daily"]) == EVERYTHING
    assert set(firsts(progress["campaigns"], "campaigns")) == {"7002", "7003"}


@pytest.mark.parametrize(
    ("name", "incremental", "refresh", "resumable"),
    [
        ("ads_reports_daily", False, JOB, True),
        ("ads_reports_daily", False, None, False),
        ("ads_reports_daily", True, JOB, False),
        ("ads_reports_daily", True, None, False),
        ("ads_reports_lifetime", True, JOB, True),
        ("ads_reports_lifetime", True, None, False),
    ],
)
def test_only_full_refreshes_have_progress(
    name: str, incremental: bool, refresh: RefreshId | None, resumable: bool
) -> None:
    """A stream without a cursor is read in full in every mode. The streams before it do not matter."""
    selected = [
        Selected(stream("advertisers"), incremental=False, refresh=JOB),
        Selected(stream(name), incremental=incremental, refresh=refresh),
    ]
    assert list(read_refreshes(config(), selected, {}, LATER)) == ([name] if resumable else [])


def test_a_third_attempt_belongs_to_the_same_refresh() -> None:
    """The name of the refresh is handed on."""
    state = written()
    second = read({"ads_reports_daily": state})["ads_reports_daily"]
    second.finish("7003")
    third = read({"ads_reports_daily": second.to_state()})["ads_reports_daily"]
    assert third.began == state["full_refresh"]["began"]
    assert firsts(third) == {"7002": date(2026, 2, 1)}


@pytest.mark.parametrize("before", [None, "an earlier refresh", "other settings"])
@pytest.mark.parametrize("complete", [False, True])
def test_a_stream_that_begins_in_a_later_attempt_belongs_to_the_same_refresh(
    before: str | None, complete: bool
) -> None:
    """The first attempt was killed before it began the second stream. The third one goes on with both."""
    names = ["ads_reports_daily", "campaigns", "ads"]
    states = {"ads_reports_daily": written(), "campaigns": written("campaigns", complete=True)}
    if before is not None:
        states["ads"] = written("ads", complete=True)
        field = {"an earlier refresh": {"began": "2026-01-01T00:00:00.000000Z"}, "other settings": {"settings": {}}}
        states["ads"]["full_refresh"] |= field[before]
    second = read(states, names)
    assert [progress.continued for progress in second.values()] == [True, True, False]
    second["ads"].complete = complete
    third = read({name: progress.to_state() for name, progress in second.items()}, names)
    assert [progress.continued for progress in third.values()] == [True, True, True]
    assert firsts(third["ads_reports_daily"]) == THE_REST


@pytest.mark.parametrize(
    "changed",
    [{"start_date": "2025-12-01"}, {"end_date": "2026-03-01"}, {"include_deleted": not config().include_deleted}],
)
def test_other_settings_begin_a_new_refresh(changed: Mapping[str, Any]) -> None:
    """They ask for rows that the first attempt did not read."""
    state = written(refresh=JOB)
    progress = read({"ads_reports_daily": state}, refresh=JOB, settings=config(**changed))["ads_reports_daily"]
    assert firsts(progress) == EVERYTHING


@pytest.mark.parametrize(
    "name", ["campaigns", "audiences", "ads_reports_lifetime", "advertisers_audience_reports_lifetime"]
)
def test_a_stream_without_days_goes_on_by_account(name: str) -> None:
    """A row of a lifetime report sums up all days, so half of them would be a wrong row."""
    rest = firsts(read({name: written(name)}, [name])[name], name)
    whole = {partition.account.advertiser_id: partition.first for partition in _whole(name) if partition.account}
    assert rest == {advertiser_id: whole[advertiser_id] for advertiser_id in ("7002", "7003")}


def _whole(name: str) -> list[Partition]:
    return plan_stream(config(), Selected(stream(name), incremental=False), None, ACCOUNTS, ClockReading.at(LATER))


def test_a_new_account_is_read_from_the_start() -> None:
    """Also if the stream was finished."""
    state = written(refresh=JOB, complete=True)
    assert firsts(read({"ads_reports_daily": state}, refresh=JOB)["ads_reports_daily"])["7003"] == date(2026, 1, 1)


@pytest.mark.parametrize(
    "raw",
    [
        {"__ab_no_cursor_state_message": True},
        {"__ab_full_refresh_state_message": True},
        {"__ab_full_refresh_sync_complete": True},
        {"states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"__ab_full_refresh_sync_complete": True}}]},
        {"stat_time_day": "2026-02-01"},
        {"states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"stat_time_day": "2026-02-01"}}]},
    ],
)
@pytest.mark.parametrize("refresh", [RefreshId(), JOB])
def test_states_of_incremental_syncs_and_other_connectors_read_everything(raw: Any, refresh: RefreshId) -> None:
    """They do not say which refresh they belong to."""
    progress = read({"ads_reports_daily": raw}, refresh=refresh)["ads_reports_daily"]
    assert firsts(progress) == EVERYTHING
    assert progress.restarted


@pytest.mark.parametrize("raw", [None, {}])
def test_no_state_begins_a_refresh(raw: Any) -> None:
    """Without a remark."""
    assert not read({"ads_reports_daily": raw})["ads_reports_daily"].restarted


def test_only_streams_that_are_read_per_account_are_resumable() -> None:
    """The lists of accounts come in a few requests."""
    assert {each.name for each in STREAMS if not is_resumable(each)} == {"advertisers", "advertiser_ids"}
    assert read({}, ["advertisers", "advertiser_ids"]) == {}


WRONG: list[Any] = [
    "x",
    5,
    [],
    {"foo": "bar"},
    {"full_refresh": None},
    {"full_refresh": {}},
    {"full_refresh": {"began": "x", "accounts": {"7001": "yesterday"}}},
    {"full_refresh": {**written()["full_refresh"], "accounts": {"7001": "yesterday"}}},
    {"full_refresh": {**written()["full_refresh"], "accounts": {"my account": "finished"}}},
    {"full_refresh": {**written()["full_refresh"], "complete": "no"}},
    {**written(), "states": [{"partition": {"advertiser_id": "7001"}, "cursor": {"stat_time_day": "2026-02-01"}}]},
]


@pytest.mark.parametrize("raw", WRONG)
@pytest.mark.parametrize("name", ["ads_reports_daily", "ads_reports_lifetime"])
def test_a_state_that_nobody_wrote_is_refused(raw: Any, name: str) -> None:
    """In a full refresh as in an incremental sync; the error names the stream."""
    with pytest.raises(ConfigurationError) as caught:
        read({name: raw}, [name])
    assert name in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("raw", WRONG)
def test_no_state_matters_to_a_stream_that_never_goes_on(raw: Any) -> None:
    """It is read whole each time, so nothing in its state can lose a row, or keep another stream from being read."""
    states = {"advertisers": raw, "ads_reports_daily": written(refresh=JOB)}
    progress = read(states, ["advertisers", "ads_reports_daily"], refresh=JOB)
    assert firsts(progress["ads_reports_daily"]) == THE_REST


_progress = st.fixed_dictionaries(
    {},
    optional={name: json_values for name in written()["full_refresh"] if name != "accounts"}
    | {
        "accounts": st.dictionaries(
            st.sampled_from(["7001", "7002"]), st.sampled_from(["finished", "2026-02-01"]) | json_values
        )
    },
)


@given(
    st.fixed_dictionaries({"full_refresh": _progress | _progress.map(lambda some: written()["full_refresh"] | some)})
)
def test_any_progress_is_read_or_refused(raw: Any) -> None:
    """No other exception, and what is read never leaves out an account that is not named as finished."""
    try:
        progress = read({"ads_reports_daily": raw})["ads_reports_daily"]
    except ConfigurationError:
        return
    left_out = {each.advertiser_id for each in ACCOUNTS} - set(firsts(progress))
    accounts = raw["full_refresh"]["accounts"]
    assert all(
        accounts[advertiser_id] == "finished" or accounts[advertiser_id] >= "2026-03" for advertiser_id in left_out
    )


@given(
    st.sampled_from([each for each in STREAMS if each.scope is Scope.ACCOUNT]),
    st.lists(st.tuples(st.sampled_from(["7001", "7002", "7003"]), st.integers(0, 80) | st.none()), max_size=6),
)
def test_every_window_is_read_by_one_attempt(each: Any, deliveries: list[tuple[str, int | None]]) -> None:
    """Whatever was delivered before: what is left and what is done are the whole, and no day is in both."""
    progress = read({}, [each.name])[each.name]
    done: dict[str, date | None] = {}
    for advertiser_id, day in deliveries:
        if day is None:
            progress.finish(advertiser_id)
            done[advertiser_id] = None
        else:
            reached = date(2026, 1, 1) + timedelta(days=day)
            if progress.reach(each, advertiser_id, f"{reached} 00:00:00"):
                done[advertiser_id] = reached
    second = read({each.name: msgspec.json.decode(msgspec.json.encode(progress.to_state()))}, [each.name])[each.name]
    rest = {
        partition.account.advertiser_id: partition
        for partition in second.remaining(_whole(each.name))
        if partition.account
    }
    has_days = isinstance(each, ReportStream) and each.source.grain in {Grain.DAY, Grain.HOUR}
    for partition in _whole(each.name):
        assert partition.account is not None
        advertiser_id = partition.account.advertiser_id
        reached_day = done.get(advertiser_id, date.min)
        if reached_day is None:
            assert advertiser_id not in rest
        elif not has_days or partition.last is None:
            assert rest[advertiser_id] == partition
        elif reached_day >= partition.last:
            assert advertiser_id not in rest
        else:
            first = reached_day + timedelta(days=1) if advertiser_id in done else partition.first
            assert rest[advertiser_id].first == first
            assert rest[advertiser_id].last == partition.last


def test_a_report_with_other_filters_is_read_from_the_start() -> None:
    """What an attempt with the old filters has delivered are other rows."""

    def refreshed(ids: tuple[str, ...], states: Mapping[str, Any], now: datetime) -> RefreshProgress:
        only = (ReportFilter(field="ad_ids", values=ids),)
        own = CustomReport(name="mine", metrics=("spend",), filters=only).stream
        return read_refreshes(config(), [Selected(own, incremental=False, refresh=JOB)], states, now)["mine"]

    progress = refreshed(("1",), {}, NOON)
    progress.finish(ACCOUNTS[0].advertiser_id)
    states = {"mine": json.loads(json.dumps(progress.to_state()))}
    assert refreshed(("1",), states, LATER).continued
    assert refreshed(("2",), states, LATER).restarted


@pytest.mark.parametrize(
    "changed", [{"include_promote": True}, {"extra_metrics": {"ad": ("total_checkout",)}}, {"custom_reports": ()}]
)
def test_a_refresh_goes_on_only_with_the_same_posts_and_metrics(changed: Mapping[str, Any]) -> None:
    """An attempt without them has delivered other rows, and what it says is as short as it can be."""

    def refreshed(settings: Config, states: Mapping[str, Any], now: datetime) -> RefreshProgress:
        [wanted] = [each for each in streams_of(settings) if each.name == "ads_reports_daily"]
        selected = [Selected(wanted, incremental=False, refresh=JOB)]
        return read_refreshes(settings, selected, states, now)["ads_reports_daily"]

    def state(settings: Config) -> dict[str, Any]:
        return {"ads_reports_daily": json.loads(json.dumps(refreshed(settings, {}, NOON).to_state()))}

    other = config(**changed)
    is_other = changed != {"custom_reports": ()}
    assert refreshed(other, state(config()), LATER).restarted is is_other
    assert refreshed(config(), state(other), LATER).restarted is is_other
    assert refreshed(other, state(other), LATER).continued
    assert refreshed(other, {}, NOON).settings.get("include_promote") == changed.get("include_promote")
    assert ("extra_metrics" in refreshed(other, {}, NOON).settings) is ("extra_metrics" in changed)
