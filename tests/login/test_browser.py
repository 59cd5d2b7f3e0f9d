"""The whole way in, as a person takes it in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from browser import Chromium
from emulator_process import EmulatorProcess

pytestmark = pytest.mark.browser


def test_a_person_logs_in_with_a_browser(chromium: Chromium, login: Callable[..., Any], api: EmulatorProcess) -> None:
    """TikTok's page, consent, the redirect to this machine, and a page that says that it has arrived."""
    running = login()
    with chromium.tab() as tab:
        tab.page.goto(running.address)
        assert tab.page.get_by_role("checkbox").count() == len(api.info["advertiser_ids"])
        tab.page.get_by_role("button", name="Confirm").click()
        tab.page.get_by_role("heading", name="The authorization has arrived").wait_for()
        assert tab.page.url.startswith(f"http://localhost:{running.port}/?auth_code=")
        assert tab.errors == []
        assert {address.split("/")[2] for address in tab.requests if address.startswith("http")} == {
            api.url.removeprefix("http://"),
            f"localhost:{running.port}",
        }
    assert running.end() == 0, running.text
    assert running.config["credentials"]["access_token"] == api.info["access_token"]


def test_a_person_chooses_accounts(chromium: Chromium, login: Callable[..., Any], api: EmulatorProcess) -> None:
    """The token reaches only those that stay ticked."""
    running = login()
    with chromium.tab() as tab:
        tab.page.goto(running.address)
        for box in tab.page.get_by_role("checkbox").all()[1:]:
            box.uncheck()
        tab.page.get_by_role("button", name="Confirm").click()
        tab.page.get_by_role("heading", name="The authorization has arrived").wait_for()
    assert running.end() == 0, running.text
    assert "The token reaches 1 ad account:" in running.text
    assert running.config["credentials"]["access_token"] != api.info["access_token"]


def test_a_person_refuses(chromium: Chromium, login: Callable[..., Any]) -> None:
    """The page in the browser and the terminal say so."""
    running = login()
    with chromium.tab() as tab:
        tab.page.goto(running.address)
        tab.page.get_by_role("button", name="Cancel").click()
        tab.page.get_by_role("heading", name="The login failed").wait_for()
    assert running.end() == 1
    assert "The authorization was refused" in running.text


def test_a_person_pastes_the_address(chromium: Chromium, login: Callable[..., Any], tmp_path: Any) -> None:
    """The browser shows it where nothing answers, as on another machine than the login."""
    del tmp_path
    running = login("--redirect-uri", "https://nothing.invalid/callback", stdin=-1)
    with chromium.tab() as tab:
        tab.page.goto(running.address)
        with tab.page.expect_request("https://nothing.invalid/callback**") as redirect:
            tab.page.get_by_role("button", name="Confirm").click(no_wait_after=True)
    running.process.stdin.write(f"{redirect.value.url}\n")
    running.process.stdin.flush()
    assert running.end() == 0, running.text


def test_the_page_after_the_redirect_fits_a_phone(chromium: Chromium, login: Callable[..., Any], tmp_path: Any) -> None:
    """It is readable in the dark, and nothing sticks out."""
    running = login()
    with chromium.tab(width=360, height=640, dark=True) as tab:
        tab.page.goto(running.address)
        tab.page.get_by_role("button", name="Confirm").click()
        tab.page.get_by_role("heading", name="The authorization has arrived").wait_for()
        tab.page.screenshot(path=tmp_path / "arrived.png")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert running.end() == 0
