"""Faults whose answers look whole: accounts left out, records missing or doubled, counts that contradict them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from support import NOW
from tiktok_marketing.emulator import Emulator, Fault, Options

REPORT = "report/integrated/get/"


def emulator_of(*faults: Fault | str) -> Emulator:
    """Two busy accounts with these faults."""
    emulator = Emulator(Options(now=NOW, tier="unlimited", advertisers=2, ads_per_account=20, days=20))
    for fault in faults:
        emulator.faults.add(fault)
    return emulator


def data_of(emulator: Emulator, path: str, **params: Any) -> dict[str, Any]:
    """The data of an answer."""
    texts = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode() for name, value in params.items()
    }
    response = emulator.respond(path, emulator.access_token, texts)
    assert response.code == 0, response.message
    decoded: dict[str, Any] = msgspec.json.decode(response.answer.data)
    return decoded


def report(emulator: Emulator, **params: Any) -> dict[str, Any]:
    """A report by day at account level."""
    return data_of(
        emulator, REPORT, report_type="BASIC", data_level="AUCTION_ADVERTISER",
        dimensions=["advertiser_id", "stat_time_day"], metrics=["spend"],
        start_date="2026-06-01", end_date="2026-06-10", page_size="1000", **params,
    )  # fmt: skip


@pytest.mark.parametrize(("accounts", "left"), [(0, 0), (1, 1), (2, 2)])
def test_a_joint_answer_may_leave_out_accounts(accounts: int, left: int) -> None:
    """Its counts agree with its rows, so nothing shows it; a question about one account is answered."""
    emulator = emulator_of(f"path={REPORT},accounts={accounts}")
    ids = emulator.advertiser_ids
    joint = report(emulator, advertiser_ids=ids)
    assert len({row["dimensions"]["advertiser_id"] for row in joint["list"]}) == left
    assert joint["page_info"]["total_number"] == len(joint["list"])
    assert report(emulator, advertiser_id=ids[1])["list"]


def test_information_may_leave_out_accounts() -> None:
    """The same for /advertiser/info/."""
    emulator = emulator_of("accounts=1")
    answer = data_of(emulator, "advertiser/info/", advertiser_ids=emulator.advertiser_ids)
    assert [record["advertiser_id"] for record in answer["list"]] == emulator.advertiser_ids[:1]


def test_an_answer_may_lack_records_and_count_only_the_others() -> None:
    """Half of them, or all."""
    whole = report(emulator := emulator_of(), advertiser_id=emulator.advertiser_ids[0])
    for lack, left in ((0.5, len(whole["list"]) // 2), (1, 0)):
        emulator = emulator_of(Fault(lack=lack))
        answer = report(emulator, advertiser_id=emulator.advertiser_ids[0])
        assert answer["list"] == whole["list"][:left]
        assert answer["page_info"]["total_number"] == left


def test_counts_may_say_anything() -> None:
    """In the text form too, null and numbers are JSON's; a count can be missing."""
    emulator = emulator_of("total_number=null", "total_page=-1", "page_size=missing")
    info = report(emulator, advertiser_id=emulator.advertiser_ids[0])["page_info"]
    assert info == {"page": 1, "total_number": None, "total_page": -1}


def test_a_page_may_be_capped() -> None:
    """The answer says so in its `page_size`, and all pages together are complete."""
    emulator = emulator_of("cap=4")
    answer = report(emulator, advertiser_id=emulator.advertiser_ids[0])
    assert (len(answer["list"]), answer["page_info"]["page_size"], answer["page_info"]["total_page"]) == (4, 4, 3)


@pytest.mark.parametrize(("double", "more", "equal"), [("copy", 0, True), ("other", 0, False), ("added", 1, False)])
def test_a_key_may_stand_twice(double: str, more: int, equal: bool) -> None:
    """In place of another row, or as one more."""
    plain = report(emulator := emulator_of(), advertiser_id=emulator.advertiser_ids[0])
    emulator = emulator_of(f"double={double}")
    answer = report(emulator, advertiser_id=emulator.advertiser_ids[0])
    days = [row["dimensions"]["stat_time_day"] for row in answer["list"]]
    (twice,) = {day for day in days if days.count(day) > 1}
    first, second = (row for row in answer["list"] if row["dimensions"]["stat_time_day"] == twice)
    assert (first == second) is equal
    assert len(answer["list"]) == len(plain["list"]) + more == answer["page_info"]["total_number"]


@pytest.mark.parametrize("text", ["double=twice", "lack=2", "accounts=-1", "cap=0"])
def test_nonsense_is_refused(text: str) -> None:
    """The message names the field."""
    with pytest.raises(ValueError, match=text.partition("=")[0]):
        Fault.parse(text)
