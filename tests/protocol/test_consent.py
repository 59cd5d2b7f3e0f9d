"""The button to authenticate: the platform fills in the templates of the specification, and gets a token that reads."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from protocol.consent import Consent
from support import NOW, read_from
from tiktok_marketing.airbyte.spec import ADVANCED_AUTH, CONNECTION_SPECIFICATION
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.login.authorization import page_address
from tiktok_marketing.login.exchange import ENDPOINT

REDIRECT = "https://airbyte.example.com/auth_flow?workspace=a b&x=1"
STATE = "Zx.0-_aZx.0-_aZx.0-_aZx.0-_a"
FLOW: dict[str, Any] = ADVANCED_AUTH["oauth_config_specification"]["oauth_connector_input_specification"]


def consent(emulator: Emulator, **changed: str) -> Consent:
    """An authorization with the emulator's application."""
    application = {"app_id": emulator.app_id, "secret": emulator.secret} | changed
    return Consent(ADVANCED_AUTH, application, REDIRECT, STATE)


def to_emulator(emulator: Emulator, address: str) -> str:
    """The emulator's address in place of TikTok's."""
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("https", "business-api.tiktok.com")
    return f"{emulator.url}{parts.path}?{parts.query}".rstrip("?")


async def confirmed(emulator: Emulator, address: str, accounts: list[str]) -> dict[str, str]:
    """What the browser brings back after the owner has ticked these accounts. It sends the address as it is."""
    form = [("decision", "confirm"), *(("advertiser_id", account) for account in accounts)]
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(to_emulator(emulator, address), data=form, allow_redirects=False) as answer,
    ):
        assert answer.status == 302, await answer.text()
        target = answer.headers["Location"]
    assert target.startswith("https://airbyte.example.com/auth_flow?")
    return dict(parse_qsl(urlsplit(target).query))


async def exchanged(emulator: Emulator, authorization: Consent, redirected: dict[str, str]) -> dict[str, Any]:
    """TikTok's answer to the platform's request for a token."""
    address, headers, body = authorization.token_request(redirected)
    async with (
        aiohttp.ClientSession() as platform,
        platform.post(to_emulator(emulator, address), headers=headers, json=body) as answer,
    ):
        decoded: dict[str, Any] = await answer.json()
        return decoded


async def test_the_button_leads_to_a_configuration_that_reads() -> None:
    """From the page to the records of the account that the owner has ticked."""
    async with Emulator(Options(now=NOW, tier="unlimited", days=5, advertisers=3, ads_per_account=5)) as emulator:
        authorization = consent(emulator)
        chosen = emulator.advertiser_ids[1]
        redirected = await confirmed(emulator, authorization.address(), [chosen])
        answer = await exchanged(emulator, authorization, redirected)
        configuration = authorization.configuration(answer)
        assert configuration["credentials"] == {
            "app_id": emulator.app_id,
            "secret": emulator.secret,
            "access_token": answer["data"]["access_token"],
        }
        configuration["credentials"]["auth_type"] = "oauth2.0"  # the branch of the form that has the button
        outcome = await read_from(emulator, configuration, ["advertisers"])
        assert outcome.exit_code == 0
        assert [str(record["advertiser_id"]) for record in outcome.records("advertisers")] == [chosen]


async def test_the_page_gets_the_redirect_address_and_the_state_unchanged() -> None:
    """Also an address with a query of its own. The same parameters as `tiktok-marketing login` sends."""
    async with Emulator(Options(now=NOW, days=2, advertisers=1, redirect_uris=(REDIRECT,))) as emulator:
        authorization = consent(emulator)
        sent = dict(parse_qsl(urlsplit(authorization.address()).query))
        ours = page_address("https://x", app_id=emulator.app_id, state=STATE, redirect_uri=REDIRECT)
        assert sent == dict(parse_qsl(urlsplit(ours).query))
        assert (await confirmed(emulator, authorization.address(), []))["state"] == STATE


async def test_the_secret_is_not_in_an_address() -> None:
    """Addresses are logged. It is in the body of the exchange."""
    async with Emulator(Options(now=NOW, days=2, advertisers=1)) as emulator:
        authorization = consent(emulator)
        redirected = await confirmed(emulator, authorization.address(), [])
        address, headers, body = authorization.token_request(redirected)
        assert emulator.secret not in authorization.address() + address + str(headers)
        assert body["secret"] == emulator.secret


@pytest.mark.parametrize(("changed", "code"), [({"secret": "wrong"}, 40101), ({}, 40110)], ids=["secret", "used code"])
async def test_a_refused_exchange_has_no_token_to_extract(changed: dict[str, str], code: int) -> None:
    """So the platform shows TikTok's answer, and the configuration stays as it is."""
    async with Emulator(Options(now=NOW, days=2, advertisers=1)) as emulator:
        authorization = consent(emulator, **changed)
        redirected = await confirmed(emulator, authorization.address(), [])
        answer = await exchanged(emulator, authorization, redirected)
        if not changed:
            answer = await exchanged(emulator, authorization, redirected)
        assert answer["code"] == code
        with pytest.raises((KeyError, TypeError)):
            authorization.configuration(answer)


def test_the_exchange_is_the_one_of_the_login() -> None:
    """The same endpoint and the same names."""
    assert FLOW["access_token_url"] == f"https://business-api.tiktok.com/open_api/v1.3/{ENDPOINT}"
    assert set(FLOW["access_token_params"]) == {"app_id", "secret", "auth_code"}


def test_what_the_button_fills_in_is_in_its_branch_of_the_form() -> None:
    """And masked there, because each value is a secret."""
    branch = CONNECTION_SPECIFICATION["properties"]["credentials"]["oneOf"][0]
    assert branch["properties"]["auth_type"]["const"] == ADVANCED_AUTH["predicate_value"]
    oauth = ADVANCED_AUTH["oauth_config_specification"]
    for part in ("complete_oauth_output_specification", "complete_oauth_server_output_specification"):
        for described in oauth[part]["properties"].values():
            folder, name = described["path_in_connector_config"]
            assert folder == "credentials"
            assert branch["properties"][name]["airbyte_secret"] is True


def test_the_state_is_too_long_to_be_guessed() -> None:
    """The platform makes it up of letters, digits, dots, dashes and underscores."""
    assert 24 <= FLOW["state"]["min"] <= FLOW["state"]["max"]
