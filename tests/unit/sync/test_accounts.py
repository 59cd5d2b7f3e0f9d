"""What it costs if TikTok does not tell the details of accounts."""

from __future__ import annotations

import json
from collections.abc import Mapping

from unit_builders import FakeClock, client, refusal, success

from tiktok_marketing.api.rate_limit.tiers import tier_of
from tiktok_marketing.api.transport import Reply
from tiktok_marketing.config import AdvertiserId
from tiktok_marketing.sync.read.accounts import describe_accounts

IDS = [AdvertiserId("7000"), AdvertiserId("7001"), AdvertiserId("7002")]


class Details:
    """Answers about accounts, now and then.

    Args:
        fails: Which of the requests fail, by their accounts and how often these were asked about before.
    """

    def __init__(self, fails: Mapping[str, range]) -> None:
        self._fails = fails
        self.asked: list[str] = []

    async def send(self, endpoint: str, params: Mapping[str, str], token: str) -> Reply:
        """Answer."""
        assert endpoint == "advertiser/info/"
        assert token
        ids = json.loads(params["advertiser_ids"])
        key = " ".join(ids)
        before = self.asked.count(key)
        self.asked.append(key)
        if before in self._fails.get(key, ()):
            return refusal(50002, "timeout")
        return success({"list": [{"advertiser_id": each, "timezone": "Etc/GMT"} for each in ids]})


async def known(details: Details) -> dict[str, bool]:
    """For each account whether TikTok told its details."""
    api = client(details, FakeClock(), tier=tier_of(1000))  # type: ignore[arg-type] - sends as it does
    return {each.advertiser_id: each.error is None for each in await describe_accounts(api, IDS, {})}


async def test_trouble_that_passes_costs_no_details_although_some_requests_are_answered() -> None:
    """The one that shows that TikTok answers is not held against the others: each is tried for as long as any."""
    tries = range(3)
    details = Details(
        {"7000 7001 7002": tries, "7000": range(1, 6), "7002": range(5), "7000 7001": range(4), "7001": range(4)}
    )
    assert await known(details) == dict.fromkeys(IDS, True)
    assert details.asked[:4] == ["7000 7001 7002"] * 3 + ["7000"]


async def test_trouble_for_all_is_waited_for_with_one_request() -> None:
    """If it passes, everything is known. If not, nothing is, after a quarter of an hour."""
    passing = Details({"7000 7001 7002": range(9), "7000": range(3), "7002": range(3)})
    assert await known(passing) == dict.fromkeys(IDS, True)
    assert len(passing.asked) == 10 + 2 * 3
    staying = Details(dict.fromkeys(["7000 7001 7002", "7000", "7001", "7002"], range(999)))
    assert await known(staying) == dict.fromkeys(IDS, False)
    assert staying.asked.count("7001") == 0


async def test_one_account_that_makes_requests_fail_costs_its_own_details() -> None:
    """Whichever it is."""
    for number in IDS:
        odd = dict.fromkeys(["7000 7001 7002", "7000 7001", number], range(999))
        if number == IDS[2]:
            del odd["7000 7001"]
        assert await known(Details(odd)) == {each: each != number for each in IDS}
