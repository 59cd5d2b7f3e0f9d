from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from unit_builders import account, config, stream

from tiktok_marketing.clock import ClockReading
from tiktok_marketing.errors import PartialAnswerError
from tiktok_marketing.shards import Shard
from tiktok_marketing.sync.plan.accounts import AccountList, Accounts
from tiktok_marketing.sync.plan.cursors import Cursors
from tiktok_marketing.sync.plan.refresh import RefreshProgress
from tiktok_marketing.sync.plan.selection import RefreshId
from tiktok_marketing.sync.plan.state_repair import list_ids, repair, repair_refresh, unreachable_accounts
from tiktok_marketing.sync.plan.zones import ZONE_AHEAD_OF_ALL

NOW = ClockReading.at(datetime(2026, 3, 10, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cursor", "becomes"),
    [
        ("2026-03-01 00:00:00", "2026-03-01 00:00:00"),
        ("2026-03-10 00:00:00", "2026-03-10 00:00:00"),
        ("2026-03-11 00:00:00", "2026-03-10 00:00:00"),
        ("2026-03-12 00:00:00", "2026-03-10 00:00:00"),
        ("2026-03-13 00:00:00", None),
        ("2027-01-01 00:00:00", None),
    ],
)
def test_a_report_cursor_beyond_today_is_set_back(cursor: str, becomes: str | None) -> None:
    """A day or two ahead is how other connectors count; a cursor farther ahead shows nothing."""
    cursors = Cursors("stat_time_day", {"1": cursor, "2": "2026-03-02 00:00:00"})
    anew = repair(stream("ads_reports_daily"), cursors, [account("1"), account("2")], NOW)
    assert anew == (["1"] if becomes is None else [])
    assert (cursors.of("1"), cursors.of("2")) == (becomes, "2026-03-02 00:00:00")


def test_today_is_in_the_accounts_time_zone() -> None:
    """Where it is tomorrow already, a cursor of tomorrow is not ahead; in an unknown zone it may be."""
    tomorrow = "2026-03-11 00:00:00"
    zones = {"1": ZoneInfo("Pacific/Kiritimati"), "2": ZoneInfo("UTC"), "3": ZONE_AHEAD_OF_ALL}
    cursors = Cursors("stat_time_day", common=tomorrow)
    accounts = [account(advertiser_id, zone=zone) for advertiser_id, zone in zones.items()]
    assert repair(stream("ads_reports_daily"), cursors, accounts, NOW) == []
    assert [cursors.of(advertiser_id) for advertiser_id in zones] == [
        tomorrow,
        "2026-03-10 00:00:00",
        "2026-03-10 00:00:00",
    ]


def test_a_cursor_is_set_back_by_the_earlier_clock() -> None:
    """To a day that has begun by both clocks."""
    cursors = Cursors("stat_time_hour", {"1": "2026-03-12 00:00:00"})
    behind = msgspec.structs.replace(NOW, earliest=NOW.tiktok - timedelta(days=1))
    repair(stream("ads_reports_hourly"), cursors, [account("1")], behind)
    assert cursors.of("1") == "2026-03-09 00:00:00"


def test_a_wrong_clock_that_is_still_ahead_does_not_confirm_a_cursor() -> None:
    """TikTok's time decides.

    Otherwise the error would show only after the clock is set, when days are skipped already.
    """
    cursors = Cursors("stat_time_day", {"1": "2026-03-20 00:00:00", "2": "2026-03-12 00:00:00"})
    ahead = msgspec.structs.replace(NOW, latest=NOW.tiktok + timedelta(days=20))
    assert repair(stream("ads_reports_daily"), cursors, [account("1"), account("2")], ahead) == ["1"]
    assert cursors.of("2") == "2026-03-10 00:00:00"
    objects = Cursors("modify_time", {"1": "2026-03-20 00:00:00"})
    assert repair(stream("ads"), objects, [account("1")], ahead) == ["1"]


def test_a_clock_that_is_behind_does_not_change_states() -> None:
    """What was read at the right time is not read again."""
    cursors = Cursors("stat_time_day", {"1": "2026-03-10 00:00:00"})
    behind = msgspec.structs.replace(NOW, earliest=NOW.tiktok - timedelta(days=20))
    assert repair(stream("ads_reports_daily"), cursors, [account("1")], behind) == []
    assert cursors.of("1") == "2026-03-10 00:00:00"


@pytest.mark.parametrize(("cursor", "stays"), [("2026-03-10 12:59:00", True), ("2026-03-10 13:01:00", False)])
def test_an_object_cursor_beyond_now_is_set_back(cursor: str, stays: bool) -> None:
    """With a cursor of next year, no object would be delivered until then."""
    cursors = Cursors("modify_time", {"1": cursor})
    assert repair(stream("ads"), cursors, [account("1")], NOW) == ([] if stays else ["1"])
    assert cursors.of("1") == (cursor if stays else None)


def test_an_impossible_common_cursor_does_not_return() -> None:
    """Not even through an account without a cursor of its own."""
    cursors = Cursors("modify_time", common="2027-01-01 00:00:00")
    assert repair(stream("ads"), cursors, [account("1"), account("2")], NOW) == ["1", "2"]
    assert cursors.of("1") is None
    assert cursors.of("2") is None


def test_accounts_that_the_token_lost_are_found() -> None:
    """Accounts left out by the configuration do not count, and without a list nothing is known."""
    states = [
        Cursors("stat_time_day", {"1": "2026-03-01 00:00:00", "2": "2026-03-01 00:00:00"}),
        Cursors("modify_time"),
    ]
    listed = Accounts((account("1"),), AccountList([{"advertiser_id": "1"}], None))
    assert unreachable_accounts(config(), listed, states) == ["2"]
    assert unreachable_accounts(config(exclude_advertiser_ids=("2",)), listed, states) == []
    assert unreachable_accounts(config(advertiser_ids=("1",)), listed, states) == []
    assert unreachable_accounts(config(), Accounts((account("1"),)), states) == []


def test_an_account_missing_from_a_partial_list_is_not_lost() -> None:
    """TikTok itself says that there are more."""
    states = [Cursors("stat_time_day", {"1": "2026-03-01 00:00:00", "2": "2026-03-01 00:00:00"})]
    partial_list = AccountList([{"advertiser_id": "1"}], PartialAnswerError("oauth2/advertiser/get/", "code 20001"))
    assert (
        unreachable_accounts(config(), Accounts((account("1"),), partial_list, partial_list.incomplete), states) == []
    )


def test_a_notice_names_a_few_accounts() -> None:
    """Nobody reads thousands of ids."""
    assert list_ids(["1", "2"]) == "1, 2"
    assert list_ids([str(number) for number in range(2000)]) == "0, 1, 2, 3, 4 and 1,995 more"


@pytest.mark.parametrize(("name", "field"), [("ads_reports_daily", "stat_time_day"), ("ads", "modify_time")])
def test_an_account_without_a_cursor_does_not_hide_the_next(name: str, field: str) -> None:
    """Whatever its place in the list."""
    cursors = Cursors(field, {"2": "2027-01-01 00:00:00"})
    assert repair(stream(name), cursors, [account("1"), account("2"), account("3")], NOW) == ["2"]


def test_an_object_cursor_of_the_last_possible_moment_stays() -> None:
    """An hour ahead of TikTok's time is still possible."""
    cursors = Cursors("modify_time", {"1": "2026-03-10 13:00:00"})
    assert repair(stream("ads"), cursors, [account("1")], NOW) == []


def test_as_many_accounts_as_are_named_have_no_rest() -> None:
    """No notice says "and 0 more"."""
    assert list_ids(["1", "2", "3", "4", "5"]) == "1, 2, 3, 4, 5"
    assert list_ids(["1", "2", "3", "4", "5", "6"]) == "1, 2, 3, 4, 5 and 1 more"


def test_accounts_of_other_shards_are_not_missed() -> None:
    """They report their own."""
    ids = [str(number) for number in range(1, 9)]
    states = [Cursors("stat_time_day", dict.fromkeys(ids, "2026-03-01 00:00:00"))]
    listed = Accounts((), AccountList([], None))
    missed = [
        unreachable_accounts(msgspec.structs.replace(config(), shard=Shard(index, 2)), listed, states)
        for index in range(2)
    ]
    assert all(missed)
    assert sorted(missed[0] + missed[1]) == ids
    assert unreachable_accounts(config(), listed, states) == ids


@pytest.mark.parametrize(("day", "restarts"), [(9, False), (10, False), (12, False), (13, True)])
def test_a_full_refresh_beyond_today_begins_again(day: int, restarts: bool) -> None:
    """Two days ahead show that the account's zone was not known; what is farther ahead shows nothing."""
    reached = {"1": date(2026, 3, day), "2": None, "3": date(2026, 3, 2)}
    refresh = RefreshProgress(RefreshId(), {}, "", reached, continued=True)
    accounts = [account(advertiser_id) for advertiser_id in ("1", "2", "3", "4")]
    assert repair_refresh(stream("ads_reports_daily"), refresh, accounts, NOW) == (["1"] if restarts else [])
    assert refresh.day_of("1") == (None if restarts else date(2026, 3, day))
    assert refresh.to_state()["full_refresh"]["accounts"].get("1") == (None if restarts else f"2026-03-{day:02}")
    assert refresh.to_state()["full_refresh"]["accounts"]["2"] == "finished"


def test_days_in_the_state_of_objects_mean_nothing() -> None:
    """Objects are read or not, so there is nothing to repair."""
    refresh = RefreshProgress(RefreshId(), {}, "", {"1": date(2030, 1, 1)}, continued=True)
    assert repair_refresh(stream("ads"), refresh, [account("1")], NOW) == []
