"""The authorization page: who is asked, where the browser goes afterwards, and what the code is good for."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from emulator.kit import NOW, Client
from tiktok_marketing.emulator import Emulator, Options

REDIRECT = "http://localhost:8739/?keep=1"


async def open_page(client: Client, **query: str) -> tuple[int, str]:
    """The status and the text of the page."""
    given = {"app_id": client.emulator.app_id, "state": "s", "redirect_uri": REDIRECT} | query
    params = {name: value for name, value in given.items() if value}
    async with client.session.get(f"{client.emulator.url}/portal/auth", params=params) as answer:
        return answer.status, await answer.text()


async def decide(client: Client, decision: str = "confirm", accounts: list[str] | None = None) -> dict[str, list[str]]:
    """What the redirect after a decision has in its query."""
    query = {"app_id": client.emulator.app_id, "state": "a b&c", "redirect_uri": REDIRECT}
    form = [("decision", decision), *(("advertiser_id", account) for account in accounts or [])]
    url = f"{client.emulator.url}/portal/auth/"
    async with client.session.post(url, params=query, data=form, allow_redirects=False) as answer:
        assert answer.status == 302
        target = answer.headers["Location"]
    assert target.startswith("http://localhost:8739/?keep=1&")
    return parse_qs(urlsplit(target).query)


async def exchange(client: Client, code: str, **changed: str) -> dict[str, Any]:
    """The answer to an attempt to exchange a code."""
    body = {"app_id": client.emulator.app_id, "secret": client.emulator.secret, "auth_code": code} | changed
    url = f"{client.emulator.url}/open_api/v1.3/oauth2/access_token/"
    async with client.session.post(url, json=body) as answer:
        decoded: dict[str, Any] = await answer.json()
        return decoded


async def test_the_page_names_the_accounts_and_the_data(client: Client) -> None:
    """Every account is ticked."""
    status, text = await open_page(client)
    assert status == 200
    assert text.count(" checked>") == len(client.emulator.advertiser_ids)
    assert "Ads Management" in text


@pytest.mark.parametrize("wrong", [{"app_id": "1"}, {"app_id": ""}, {"redirect_uri": ""}, {"redirect_uri": "ftp://x"}])
async def test_a_wrong_request_asks_nobody(client: Client, wrong: dict[str, str]) -> None:
    """There is no form."""
    status, text = await open_page(client, **wrong)
    assert (status, "<form" in text) == (400, False)


async def test_a_redirect_has_the_code_and_the_state(client: Client) -> None:
    """The code is good once, for the accounts that were ticked."""
    ids = client.emulator.advertiser_ids
    answer = await decide(client, accounts=ids[1:3])
    assert answer["state"] == ["a b&c"]
    code = answer["auth_code"][0]
    assert (await exchange(client, code, secret="wrong"))["code"] == 40101
    data = (await exchange(client, code))["data"]
    assert data["advertiser_ids"] == ids[1:3]
    assert (await exchange(client, code))["code"] == 40110
    listed = await client.data(
        "oauth2/advertiser/get/", data["access_token"], app_id=client.emulator.app_id, secret=client.emulator.secret
    )
    assert [account["advertiser_id"] for account in listed["list"]] == ids[1:3]
    refused = await client.envelope("campaign/get/", data["access_token"], advertiser_id=ids[0])
    assert refused["code"] == 40001


async def test_the_owner_may_tick_all_or_none(client: Client) -> None:
    """All of them give the usual token."""
    ids = client.emulator.advertiser_ids
    everything = await exchange(client, (await decide(client, accounts=ids))["auth_code"][0])
    assert everything["data"]["access_token"] == client.emulator.access_token
    nothing = await exchange(client, (await decide(client))["auth_code"][0])
    assert nothing["data"]["advertiser_ids"] == []


async def test_a_refusal_has_no_code(client: Client) -> None:
    """It has the state."""
    assert await decide(client, "cancel") == {"keep": ["1"], "error": ["access_denied"], "state": ["a b&c"]}


async def test_a_code_expires(session: aiohttp.ClientSession) -> None:
    """By the emulator's clock."""
    async with Emulator(Options(now=NOW, code_seconds=60)) as emulator:
        client = Client(emulator, session)
        first, second = [(await decide(client))["auth_code"][0] for _ in range(2)]
        emulator.clock.advance(59)
        assert (await exchange(client, first))["code"] == 0
        emulator.clock.advance(1)
        assert (await exchange(client, second))["code"] == 40110


async def test_only_registered_addresses_are_accepted(session: aiohttp.ClientSession) -> None:
    """If the options name some."""
    async with Emulator(Options(now=NOW, redirect_uris=(REDIRECT,))) as emulator:
        client = Client(emulator, session)
        assert (await open_page(client))[0] == 200
        status, text = await open_page(client, redirect_uri="http://localhost:1/")
        assert (status, "not one of those that are registered" in text) == (400, True)


async def test_texts_of_others_are_only_texts(client: Client) -> None:
    """The address cannot put markup into the page."""
    _, text = await open_page(client, state='"><script>alert(1)</script>')
    assert "<script" not in text


async def test_a_reset_forgets_what_was_granted(client: Client) -> None:
    """Codes and tokens of the page alike."""
    code = (await decide(client))["auth_code"][0]
    token = (await exchange(client, code))["data"]["access_token"]
    other = (await decide(client))["auth_code"][0]
    client.emulator.access.reset()
    assert (await exchange(client, other))["code"] == 40110
    assert (await client.envelope("user/info/", token))["code"] == 40105
