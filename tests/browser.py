"""Headless Chromium for tests of pages. `make browser` installs it where it can, and runs these tests.

A test asks for `chromium` (a fixture here; import it into the folder's conftest) and opens a `Tab` in it. A tab
remembers what its page logged as an error, and every request that it sent.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str:
    """The browser's executable: the one in CHROMIUM, or the first of the usual names in PATH."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if named is None:
        pytest.fail("There is no Chromium here. `make browser` installs it, or set CHROMIUM to its executable.")
    return named


class Tab:
    """A page in a browser.

    Attributes:
        page: The page, for everything that a person does with it.
        errors: What it logged as an error, and the exceptions of its scripts.
        requests: The addresses that it requested.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._log)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def _log(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)


class Chromium:
    """A running browser."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def tab(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Tab]:
        """Open a tab with storage of its own.

        Args:
            width: Its width in pixels.
            height: Its height in pixels.
            dark: Whether the person prefers dark pages.
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        try:
            yield Tab(context.new_page())
        finally:
            context.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for the tests of a module. Playwright cannot run twice in one thread, so no two folders share time."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path())
        try:
            yield Chromium(browser)
        finally:
            browser.close()
