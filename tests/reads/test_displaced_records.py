"""A key that comes twice with different values, in place of another record or beside it: against the emulator."""

from __future__ import annotations

import json

import pytest

from support import NOW, Outcome, config_for, read_from
from tiktok_marketing.emulator import Emulator, Fault, Options

REPORT = "report/integrated/get/"


def emulator_of() -> Emulator:
    """One busy account, without a quota."""
    return Emulator(Options(now=NOW, tier="unlimited", advertisers=1, ads_per_account=24, days=20))


async def plain_and_doubled(name: str, path: str, double: str, page_size: int | None = None) -> tuple[Outcome, Outcome]:
    """A stream as it is, and with a record on each page that has the key of another one."""
    async with emulator_of() as emulator:
        config = config_for(emulator, start_date="2026-06-08", include_deleted=True, skip_empty_days=False)
        plain = await read_from(emulator, config, [name])
        emulator.faults.add(Fault(path=path, double=double))
        if page_size is not None:
            emulator.faults.add(Fault(path=path, cap=page_size))
        return plain, await read_from(emulator, config, [name])


def contents(outcome: Outcome, name: str) -> list[str]:
    """The records of a stream, without an order."""
    return sorted(json.dumps(record, sort_keys=True) for record in outcome.records(name))


@pytest.mark.parametrize("page_size", [None, 7], ids=["one page", "many pages"])
@pytest.mark.parametrize(("name", "path"), [("ads", "ad/get/"), ("campaigns", "campaign/get/")])
async def test_an_object_in_place_of_another_is_reported(name: str, path: str, page_size: int | None) -> None:
    """The stream ends INCOMPLETE with the account and the number of missing objects. Each object came that is there."""
    plain, doubled = await plain_and_doubled(name, path, "other", page_size)
    whole = len(plain.records(name))
    (error,) = doubled.errors
    assert (plain.exit_code, doubled.exit_code) == (0, 1)
    assert error["stream_descriptor"]["name"] == name
    assert str(plain.records(name)[0]["advertiser_id"]) in error["message"]
    assert "Missing: " in error["message"]
    assert "Run the sync again" in error["message"]
    assert len(set(contents(doubled, name))) == len(doubled.records(name)) == whole
    warnings = [log["log"]["message"] for log in doubled.messages if log["type"] == "LOG"]
    assert any("2 different records with" in text for text in warnings)


@pytest.mark.parametrize("page_size", [None, 50], ids=["one page", "many pages"])
async def test_a_row_in_place_of_another_is_reported(page_size: int | None) -> None:
    """A daily report has one row for each ad and day, so the count shows that another row is missing."""
    plain, doubled = await plain_and_doubled("ads_reports_daily", REPORT, "other", page_size)
    assert (plain.exit_code, doubled.exit_code) == (0, 1)
    assert "Missing: " in doubled.errors[0]["message"]
    assert len(doubled.records("ads_reports_daily")) >= len(plain.records("ads_reports_daily"))


@pytest.mark.parametrize("double", ["other", "added"])
async def test_an_hour_that_clocks_do_not_repeat_comes_once(double: str) -> None:
    """On a usual day, two rows of one hour mean that another hour is missing, or that TikTok counts too many."""
    plain, doubled = await plain_and_doubled("advertisers_reports_hourly", REPORT, double)
    assert (plain.exit_code, doubled.exit_code) == (0, 1)
    assert "Missing: 1" in doubled.errors[0]["message"]
    assert len(doubled.records("advertisers_reports_hourly")) >= len(plain.records("advertisers_reports_hourly"))
