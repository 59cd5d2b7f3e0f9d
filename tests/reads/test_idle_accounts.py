"""Business Centers say which accounts had nothing at all. Nothing is missing because of that."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.emulator import Emulator, Fault, Options

ENDPOINT = "report/integrated/get/"
CENTERS = "bc/get/"
OF_CENTER = "report_type=BC"
SOME = ("ads_reports_daily", "campaigns_reports_daily")
ACTIVE = 6
ACCOUNTS = 64
"""Three Business Centers own them: 4, 40 and 20 accounts. The first is too small to be asked."""
DAYS = {"start_date": "2026-06-08"}


def emulator_of(**options: Any) -> Emulator:
    """Accounts of which few have anything, without a quota."""
    defaults = {
        "now": NOW, "tier": "unlimited", "advertisers": ACCOUNTS, "active": ACTIVE, "ads_per_account": 6, "days": 200,
        "latency": 0,
    }  # fmt: skip
    return Emulator(Options(**defaults | options))


def asked(emulator: Emulator) -> Counter[str]:
    """How many questions were about a Business Center, about several accounts, and about one."""
    kinds: Counter[str] = Counter()
    for request in emulator.counters.requests:
        if request.path == ENDPOINT and request.params.get("report_type") == "BC":
            kinds["center"] += 1
        elif request.path == ENDPOINT and request.params.get("data_level") == "AUCTION_ADVERTISER":
            kinds["joint" if "advertiser_ids" in request.params else "alone"] += 1
    return kinds


def rows(outcome: Outcome) -> Counter[str]:
    """Every record, in any order."""
    return Counter(
        record["stream"] + json.dumps(record["data"], sort_keys=True) for record in outcome.of_type("RECORD")
    )


def cursors(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """How far each account of each stream was read, whatever the order of the accounts."""
    return {
        name: {entry["partition"]["advertiser_id"]: entry["cursor"] for entry in state["states"]}
        for name, state in outcome.last_states.items()
    }


_PLAIN: dict[str, Outcome] = {}
"""What syncs read that ask no questions, by their days. The same business answers every time."""


async def compared(emulator: Emulator, *faults: Fault, **fields: Any) -> Counter[str]:
    """The questions of a sync, whose rows and states are those of a sync that asks none."""
    config = config_for(emulator, **DAYS | fields)
    days = f"{emulator.options.days} {config['start_date']}"
    if days not in _PLAIN:
        _PLAIN[days] = await read_from(emulator, {**config, "skip_empty_days": False}, SOME)
    plain = _PLAIN[days]
    for fault in faults:
        emulator.faults.add(fault)
    emulator.counters.reset()
    outcome = await read_from(emulator, config, SOME)
    assert outcome.exit_code == plain.exit_code == 0, outcome.errors
    assert rows(outcome) == rows(plain)
    assert rows(plain)
    assert cursors(outcome) == cursors(plain)
    return asked(emulator)


async def test_accounts_with_a_row_of_zeros_are_asked_about_no_more() -> None:
    """One request per Business Center answers for its accounts. The same rows and states come as without questions."""
    async with emulator_of() as emulator:
        kinds = await compared(emulator)
        assert emulator.counters.total(CENTERS) == 1
    assert kinds["center"] == 2
    assert kinds["joint"] + kinds["alone"] < 15
    async with emulator_of(zero_rows=False) as emulator:
        usual = await compared(emulator)
    assert usual["joint"] + usual["alone"] > 60


async def test_accounts_without_a_row_are_asked_about_in_the_usual_way() -> None:
    """If TikTok leaves out idle accounts, the first Business Center shows it, and no other is asked."""
    async with emulator_of(zero_rows=False) as emulator:
        kinds = await compared(emulator)
    assert kinds["center"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=ENDPOINT, contains=OF_CENTER, lack=0.5),
        Fault(path=ENDPOINT, contains=OF_CENTER, total_number=1000),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="spend", value="0.00"),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="spend", value="-"),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="spend", value="odd"),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="impressions"),
        Fault(path=ENDPOINT, contains=OF_CENTER, double="other"),
        Fault(path=ENDPOINT, contains=OF_CENTER, double="added"),
        Fault(path=ENDPOINT, contains=OF_CENTER, withdraw="spend|tax_spend"),
        Fault(path=ENDPOINT, contains=OF_CENTER, withdraw="tax_spend|account_type"),
        Fault(path=ENDPOINT, contains=OF_CENTER, code=20001, keep=0.5),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="account_type", value="RESERVATION"),
        Fault(path=ENDPOINT, contains=OF_CENTER, edit="dimensions.advertiser_id", value="-"),
        Fault(path="advertiser/info/", edit="owner_bc_id"),
        Fault(path="advertiser/info/", edit="owner_bc_id", value="0"),
        Fault(path=CENTERS, edit="ext_user_role"),
        Fault(path=CENTERS, edit="$.data.list", json="[]"),
    ],
    ids=lambda fault: f"{fault.path} {fault.edit or fault.double or fault.withdraw or fault.code or fault.lack}",
)
async def test_no_row_is_missing_whatever_a_business_center_answers(fault: Fault) -> None:
    """Rows that lack, are doubled, odd or partial, and accounts without an owner."""
    async with emulator_of() as emulator:
        await compared(emulator, fault)


async def test_the_report_of_a_business_center_needs_no_request_for_an_account_without_anything() -> None:
    """It is the same report by day. Accounts of the smallest Business Center are read as usual."""
    name = "advertisers_business_center_reports_daily"
    read = {}
    async with emulator_of() as emulator:
        for skip in (True, False):
            emulator.counters.reset()
            outcome = await read_from(emulator, config_for(emulator, **DAYS, skip_empty_days=skip), [name])
            assert outcome.exit_code == 0, outcome.errors
            assert emulator.counters.total(CENTERS) == 1
            read[skip] = rows(outcome), cursors(outcome), asked(emulator)["center"]
    assert read[True][:2] == read[False][:2]
    assert read[False][0]
    assert (read[True][2] < 15, read[False][2]) == (True, ACCOUNTS)


@pytest.mark.parametrize("code", [40001, 40002, 40118, 40300])
@pytest.mark.parametrize("path", [CENTERS, ENDPOINT])
async def test_a_refusal_costs_a_few_requests(path: str, code: int) -> None:
    """The usual questions are asked instead, and nobody is told about a failure that has no consequence."""
    async with emulator_of() as emulator:
        contains = OF_CENTER if path == ENDPOINT else None
        kinds = await compared(emulator, Fault(path=path, contains=contains, code=code))
        assert emulator.counters.total(CENTERS) == 1
    assert kinds["center"] <= 2
    assert kinds["joint"] + kinds["alone"] > 60


async def test_a_business_center_that_does_not_answer_delays_a_sync_for_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The usual questions are asked instead."""
    monkeypatch.setattr("tiktok_marketing.sync.read.idle_accounts._PATIENCE", 0.5)
    async with emulator_of() as emulator:
        kinds = await compared(emulator, Fault(path=CENTERS, hang=True))
    assert not kinds["center"]
    assert kinds["joint"] + kinds["alone"] > 60


async def test_only_business_centers_with_a_finance_role_are_asked() -> None:
    """The list of Business Centers says where the user has one, so that TikTok refuses nothing."""
    async with emulator_of(finance_centers=2) as emulator:
        kinds = await compared(emulator)
        assert not emulator.counters.total(ENDPOINT, answer=40001)
    assert kinds["center"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"attribution_window": 0},
        {"attribution_window": 2},
        {"include_promote": True},
        {"skip_empty_days": False},
        {"accounts": 50},
    ],
    ids=str,
)
async def test_nothing_is_asked_where_it_would_not_be_safe_or_not_worth_it(fields: dict[str, Any]) -> None:
    """If no day is read again, with boosted posts, if the user switched it off, and for fifty accounts or fewer."""
    async with emulator_of() as emulator:
        ids = emulator.advertiser_ids[: fields.pop("accounts", ACCOUNTS)]
        outcome = await read_from(emulator, config_for(emulator, **DAYS, advertiser_ids=ids, **fields), SOME)
        assert outcome.exit_code == 0, outcome.errors
        assert not emulator.counters.total(CENTERS)
        assert not asked(emulator)["center"]


@pytest.mark.thorough
async def test_a_year_of_history_is_asked_about_in_as_many_reports_as_it_needs() -> None:
    """Accounts that had something in any of them are read."""
    async with emulator_of(days=500) as emulator:
        kinds = await compared(emulator, start_date=str(NOW.date() - timedelta(days=400)))
    assert 2 < kinds["center"] <= 4


async def test_accounts_that_wake_up_are_read_again() -> None:
    """Whoever had nothing yesterday is asked about today, too: a second sync goes on from the state."""
    async with emulator_of(days=100, active=None) as emulator:
        config = config_for(emulator, **DAYS)
        first = await read_from(emulator, config, SOME)
        later = NOW + timedelta(days=3)
        emulator.clock.set(later)
        second = await read_from(emulator, config, SOME, state=first.state_file, now=later)
        plain = await read_from(emulator, {**config, "skip_empty_days": False}, SOME, state=first.state_file, now=later)
    assert second.exit_code == plain.exit_code == 0
    assert rows(second) == rows(plain)
    assert cursors(second) == cursors(plain)
