"""Pages made from databases that a sync from the emulator has filled."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from browser import Chromium, Tab, chromium
from tiktok_marketing.cli.main import run as run_command
from views.conftest import Filled, bank, copied, filled, originals, postgres_server

__all__ = ["bank", "chromium", "copied", "filled", "originals", "postgres_server"]

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>\"'&amp;",
    "\u202eevil\u202c \x1b[2J \x07 \u2028 end",
    "مبيعات רמדאן 🎯👩‍👩‍👧",
    "x" * 500,
    "{{script}} {{contents}} ${1}",
)


def make_page(database: str, output: Path, *options: str) -> Path:
    """Run `tiktok-marketing report`. Returns the page."""
    assert run_command(["report", "--database", database, "--output", str(output), *options]) == 0
    return output


class _Contents(HTMLParser):
    text = ""
    _inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and dict(attrs).get("id") == "contents"

    def handle_data(self, data: str) -> None:
        self.text += data if self._inside else ""

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._inside = False


def contents_of(page: Path) -> Any:
    """Read the contents out of a page, as a browser does."""
    parser = _Contents()
    parser.feed(page.read_text(encoding="utf-8"))
    return json.loads(parser.text)


def spoil(path: str, script: str) -> None:
    """Change a DuckDB file."""
    with duckdb.connect(path) as connection:
        connection.execute("USE tiktok_ads")
        connection.execute(script)


@pytest.fixture(scope="session")
def business(originals: Callable[[str], Filled], tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """A DuckDB file with a week of an ad business, with hostile names, and with the views to compare with."""
    path = str(tmp_path_factory.mktemp("business") / "business.duckdb")
    with ThreadPoolExecutor(1) as thread:  # a browser of an earlier fixture keeps this one's loop
        original = thread.submit(originals, "duckdb").result()
    shutil.copy(original.address, path)
    with duckdb.connect(path) as connection:
        connection.execute("USE tiktok_ads")
        ids = connection.execute(
            "SELECT campaign_id FROM campaigns_reports_daily GROUP BY 1 ORDER BY sum(spend) DESC, 1"
        ).fetchall()
        for (campaign,), name in zip(ids, HOSTILE, strict=False):
            connection.execute("UPDATE campaigns SET campaign_name = ? WHERE campaign_id = ?", [name, campaign])
    assert run_command(["views", "--database", path]) == 0
    return Filled("duckdb", path, original.truths)


@pytest.fixture(scope="session")
def page(business: Filled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    return make_page(business.address, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def opened(chromium: Chromium, page: Path) -> Iterator[Tab]:
    """The page in a browser, as wide as a desk."""
    with chromium.tab() as tab:
        show(tab, page)
        yield tab


def show(tab: Tab, page: Path) -> None:
    """Open a page and wait until it is there."""
    tab.page.set_default_timeout(10_000)
    tab.page.goto(page.as_uri())
    tab.page.wait_for_selector("html[data-ready]")


def shown(tab: Tab, selector: str) -> Mapping[str, float | None]:
    """Read the figures below an element: metric to value."""
    pairs: list[tuple[str, str]] = tab.page.eval_on_selector_all(
        f"{selector} data[data-metric]", "all => all.map(one => [one.dataset.metric, one.value])"
    )
    return {metric: float(value) if value else None for metric, value in pairs}


def policy_of(page: Path) -> str:
    """Read the content security policy of a page."""
    match = re.search(r'Content-Security-Policy" content="([^"]+)"', page.read_text(encoding="utf-8"))
    assert match
    return match[1]
