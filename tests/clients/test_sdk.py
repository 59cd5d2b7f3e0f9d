"""TikTok's own SDK for Python, which takes the host as a setting: it reads what plain requests get."""

from __future__ import annotations

from typing import Any

import pytest

from clients.client import Client
from clients.emulation import Emulation, spend
from clients.sdk_calls import LEVELS, Arguments, arguments_of, report, served

CLIENT = "sdk"

LACKING = frozenset(
    {
        "user/info/", "tt_video/list/", "file/image/ad/search/", "file/music/get/", "pixel/instant_page/event/",
        "report/task/download/", "gmv_max/campaign/get/", "campaign/spc/get/", "ad/review_info/",
        "adgroup/review_info/", "report/bid_protection/status/get/", "report/bid_protection/detail/get/",
    }
)  # fmt: skip
"""The paths that TikTok documents and its SDK has no method for."""

REFUSED = frozenset({"report/task/check/"})
"""What the emulator refuses by default, as TikTok does for most apps."""

BUYING_TYPES = (["AUCTION", "RESERVATION_RF"], ["RESERVATION_TOP_VIEW"])
"""What lists of objects must be asked for apart."""


def ask(client: Client, emulation: Emulation, *calls: tuple[str, Arguments]) -> list[Any]:
    """What the SDK answers to each call."""
    request = {"host": emulation.url, "token": emulation.access_token, "calls": calls}
    answers: list[Any] = client.ask("sdk", request)
    return answers


@pytest.fixture(scope="module")
def answers(client: Client, emulation: Emulation) -> dict[str, Any]:
    """The SDK's answer for each path."""
    calls = [(path, arguments_of(path, emulation)) for path in served()]
    return dict(zip(served(), ask(client, emulation, *calls), strict=True))


@pytest.mark.parametrize("path", [path for path in served() if path not in LACKING | REFUSED])
def test_the_sdk_reads_every_endpoint(answers: dict[str, Any], emulation: Emulation, path: str) -> None:
    """What it deserializes is what a plain request gets."""
    expected = emulation.data(path, arguments_of(path, emulation))
    assert expected
    assert answers[path] is not None, "The SDK has no method for it."
    assert answers[path].get("error") is None
    assert answers[path]["data"]["data"] == expected


def test_the_sdk_has_no_method_for_some_endpoints(answers: dict[str, Any]) -> None:
    """Those that are listed, and no others."""
    assert {path for path, answer in answers.items() if answer is None} == LACKING & set(served())


@pytest.mark.parametrize("level", LEVELS)
def test_the_sdk_reads_whole_reports(client: Client, emulation: Emulation, level: str) -> None:
    """Rows and spend of every account are the truth, deleted ads included."""
    status = {"field_name": f"{level}_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}
    filtering = {} if level == "advertiser" else {"filtering": [status]}
    calls = [("report/integrated/get/", report(account, level, **filtering)) for account in emulation.advertiser_ids]
    read = ask(client, emulation, *calls)
    totals = 0
    for account, answer in zip(emulation.advertiser_ids, read, strict=True):
        truth = emulation.truth(account, include_deleted=True)
        rows = answer["data"]["data"]["list"]
        assert len(rows) == truth["rows"][level]["daily"]
        assert spend(row["metrics"]["spend"] for row in rows) == spend([truth["metrics"][level]["spend"]])
        totals += len(rows)
    assert totals > 0


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_sdk_reads_whole_lists_of_objects(client: Client, emulation: Emulation, level: str) -> None:
    """As many campaigns, ad groups and ads as there are, deleted ones included."""
    filters = [{"primary_status": "STATUS_ALL", "buying_types": types} for types in BUYING_TYPES]
    asked = [(account, filtering) for account in emulation.advertiser_ids for filtering in filters]
    calls = [
        (f"{level}/get/", {"advertiser_id": account, "page_size": 100, "filtering": filtering})
        for account, filtering in asked
    ]
    read = ask(client, emulation, *calls)
    for account in emulation.advertiser_ids:
        lists = [
            answer["data"]["data"]["list"] for (owner, _), answer in zip(asked, read, strict=True) if owner == account
        ]
        total = emulation.truth(account, include_deleted=True)["objects"][f"{level}s"]["total"]
        assert len({record[f"{level}_id"] for records in lists for record in records}) == total


def test_the_sdk_raises_what_most_apps_may_not(answers: dict[str, Any], emulation: Emulation) -> None:
    """With the return code and the message of a plain request."""
    for path in REFUSED:
        refusal = emulation.envelope(path, arguments_of(path, emulation))
        assert refusal["code"] == 40118
        assert f"Error Code: 40118, message: {refusal['message']}" in answers[path]["error"]


def test_the_sdk_raises_what_is_refused(client: Client, emulation: Emulation) -> None:
    """With the return code and the message of a plain request."""
    arguments = report(emulation.advertiser_ids[0], "ad", metrics=["spend", "no_such_metric"])
    refusal = emulation.envelope("report/integrated/get/", arguments)
    (answer,) = ask(client, emulation, ("report/integrated/get/", arguments))
    assert refusal["code"] == 40002
    assert f"Error Code: {refusal['code']}, message: {refusal['message']}" in answer["error"]
