"""What a token may do: scopes, tokens that are no longer valid, and accounts whose counts cannot be trusted."""

from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

PATHS = {
    "advertiser/info/": 100,
    "campaign/get/": 200,
    "adgroup/get/": 210,
    "ad/get/": 220,
    "report/integrated/get/": 4,
    "dmp/custom_audience/list/": 30,
    "file/image/ad/search/": 600,
    "file/video/ad/search/": 610,
    "file/music/get/": 630,
    "creative/portfolio/list/": 6,
    "tt_video/list/": 690,
    "pixel/list/": 800,
}
REPORT = {
    "report_type": "BASIC",
    "data_level": "AUCTION_ADVERTISER",
    "dimensions": ["advertiser_id", "stat_time_day"],
    "start_date": "2026-03-01",
    "end_date": "2026-03-02",
}


async def ask(client: Client, path: str, token: str = "") -> dict[str, Any]:
    """The answer to a valid request about the first account."""
    account = client.emulator.advertiser_ids[0]
    about = {"advertiser_ids": [account]} if path == "advertiser/info/" else {"advertiser_id": account}
    return await client.envelope(path, token, **about, **(REPORT if path.startswith("report") else {}))


@pytest.mark.parametrize(("path", "scope"), PATHS.items())
async def test_a_token_without_the_scope_is_refused_by_endpoint(
    session: aiohttp.ClientSession, path: str, scope: int
) -> None:
    """Everything else is answered, and the refusal names the endpoint and the account."""
    others = tuple({number for number in PATHS.values() if not str(scope).startswith(str(number))})
    async with Emulator(Options(now=NOW, tier="unlimited", scopes=others)) as emulator:
        client = Client(emulator, session)
        codes = {name: (await ask(client, name))["code"] for name in PATHS}
        refusal = await ask(client, path)
    assert codes[path] == 40001
    assert refusal["message"] == f"Advertiser {emulator.advertiser_ids[0]} does not grant you /{path}:GET permission."
    granted = {name for name, needed in PATHS.items() if any(str(needed).startswith(str(own)) for own in others)}
    assert {name for name, code in codes.items() if code == 0} == granted
    assert set(codes.values()) <= {0, 40001}


async def test_a_scope_grants_those_below_it(session: aiohttp.ClientSession) -> None:
    """Scope 2 stands for campaigns, ad groups and ads. It says nothing about reports."""
    async with Emulator(Options(now=NOW, tier="unlimited", scopes=(2,))) as emulator:
        client = Client(emulator, session)
        codes = {path: (await ask(client, path))["code"] for path in PATHS}
    assert {path for path, code in codes.items() if code == 0} == {"campaign/get/", "adgroup/get/", "ad/get/"}


async def test_an_account_out_of_reach_is_refused_as_such_whatever_the_scopes(session: aiohttp.ClientSession) -> None:
    """An account that was not granted is no question of scopes."""
    async with Emulator(Options(now=NOW, tier="unlimited", scopes=(4,))) as emulator:
        client = Client(emulator, session)
        hidden = next(account for account in emulator.business.accounts if not account.granted)
        answer = await client.envelope("campaign/get/", advertiser_id=str(hidden.id))
    assert (answer["code"], "grant you" in answer["message"]) == (40001, False)


async def test_the_exchange_names_the_granted_scopes(session: aiohttp.ClientSession) -> None:
    """The answer to an auth_code has the scopes that were granted, which may be fewer than asked for."""
    async with Emulator(Options(now=NOW, tier="unlimited", scopes=(2, 4))) as emulator:
        body = {"app_id": emulator.app_id, "secret": emulator.secret, "auth_code": "demo-auth-code"}
        async with session.post(f"{emulator.url}/open_api/v1.3/oauth2/access_token/", json=body) as response:
            answer = await response.json()
    assert [int(scope) for scope in answer["data"]["scope"]] == [2, 4]


async def test_revoked_and_expired_tokens_are_refused(client: Client) -> None:
    """Each has its own code. A token that expires later is refused from then on, until a reset."""
    emulator = client.emulator
    assert (await ask(client, "campaign/get/", emulator.revoked_access_token))["code"] == 40105
    assert (await ask(client, "campaign/get/", emulator.expired_access_token))["code"] == 40102
    emulator.access.expire(emulator.access_token)
    assert (await ask(client, "campaign/get/"))["code"] == 40102
    emulator.access.reset()
    assert (await ask(client, "campaign/get/"))["code"] == 0
    assert (await ask(client, "campaign/get/", emulator.revoked_access_token))["code"] == 40105


async def test_the_control_path_names_the_tokens(client: Client) -> None:
    """A program that knows only the address can find the tokens that do not work."""
    async with client.session.get(f"{client.emulator.url}/_emulator/info") as response:
        info = await response.json()
    assert info["revoked_access_token"] == client.emulator.revoked_access_token
    assert info["expired_access_token"] == client.emulator.expired_access_token


async def test_page_info_contradicts_the_records_of_chosen_accounts(session: aiohttp.ClientSession) -> None:
    """Lists and reports of the second account count two more than they have, on every page, and keep doing so."""
    async with Emulator(Options(now=NOW, tier="unlimited", contradictory_page_info=(2,))) as emulator:
        client = Client(emulator, session)
        for path, extra in (("ad/get/", {}), ("report/integrated/get/", REPORT)):
            for position, account in enumerate(emulator.advertiser_ids[:3]):
                for _ in range(2):
                    data = await client.data(path, advertiser_id=account, page_size=1000, **extra)
                    surplus = data["page_info"]["total_number"] - len(data["list"])
                    assert surplus == (2 if position == 1 else 0)
                    assert data["page_info"]["total_page"] == 1
