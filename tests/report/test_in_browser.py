"""The page as a person sees it, in headless Chromium: its figures are those of the views, and it loads nothing."""

# ruff: noqa: S608 - the queries are made of names that the tests know
from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from browser import Chromium, Tab
from report.conftest import HOSTILE, contents_of, policy_of, show, shown
from tiktok_marketing.report import html_page
from tiktok_marketing.report.contents import Account, Contents, Coverage, Creative, Creatives
from tiktok_marketing.report.source import shown_text
from views.conftest import Filled

pytestmark = pytest.mark.browser

SUMS = (
    "sum(spend), sum(impressions), sum(clicks), 100.0 * sum(clicks) / nullif(sum(impressions), 0),"
    " sum(spend) / nullif(sum(clicks), 0)::DOUBLE, 1000 * sum(spend)::DOUBLE / nullif(sum(impressions), 0),"
    " sum(conversion), sum(spend)::DOUBLE / nullif(sum(conversion), 0),"
    " sum(purchase_value)::DOUBLE / nullif(sum(spend)::DOUBLE, 0)"
)
NAMES = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversion", "cpa", "roas")


def same(shown_: float | None, expected: Any) -> bool:
    """Whether a figure of the page is that of the database, to the last digit that the page has."""
    if expected is None or shown_ is None:
        return (expected is None) == (shown_ is None)
    return math.isclose(shown_, float(expected), rel_tol=1e-9, abs_tol=1e-6)


def assert_figures(tab: Tab, selector: str, names: Sequence[str], expected: Sequence[Any]) -> None:
    """Compare figures of the page with a row of a query."""
    figures = shown(tab, selector)
    for name, value in zip(names, expected, strict=True):
        assert same(figures[name], value), (selector, name, figures[name], value)


def choose(tab: Tab, select: str, value: str) -> None:
    """Choose a value of a filter."""
    tab.page.select_option(f"#{select}", value)


def busiest(database: Filled) -> str:
    """The currency with the most campaigns."""
    sql = "SELECT currency FROM daily_by_campaign GROUP BY 1 ORDER BY count(DISTINCT campaign_id) DESC, 1 LIMIT 1"
    return str(database.ask(sql)[0][0])


def of_busiest(database: Filled) -> str:
    """The condition that chooses its rows."""
    return f"currency = '{busiest(database)}'"


def currencies(database: Filled) -> list[str]:
    """The currencies of the accounts that have figures."""
    return [currency for (currency,) in database.ask("SELECT DISTINCT currency FROM daily_by_campaign ORDER BY 1")]


def test_the_page_renders_without_an_error_and_sends_nothing(opened: Tab, page: Path) -> None:
    """The only request is the one for the page. No script but its own may run, and nothing may be loaded."""
    assert opened.page.locator("h2").count() == 10
    assert opened.page.locator("canvas").count() == 14
    assert opened.errors == []
    assert opened.requests == [page.as_uri()]
    policy = policy_of(page)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.stat().st_size < 5_000_000


def test_a_script_that_came_into_the_page_would_not_run(opened: Tab) -> None:
    """The policy refuses what has another hash, and images of others."""
    opened.page.evaluate(
        "const script = document.createElement('script'); script.textContent = 'window.ran = true';"
        "document.body.append(script); const image = new Image(); image.src = 'https://example.com/x.png';"
        "document.body.append(image)"
    )
    opened.page.wait_for_timeout(200)
    assert opened.page.evaluate("window.ran") is None
    assert not any("example.com" in address and opened.page.url != address for address in opened.requests[1:]) or (
        any("violates" in error for error in opened.errors)
    )


def test_the_totals_of_each_currency_are_those_of_the_view(opened: Tab, business: Filled) -> None:
    """Currencies are apart: choosing one shows its sums and no others."""
    assert len(currencies(business)) > 2
    for currency in currencies(business):
        choose(opened, "currency", currency)
        expected = business.ask(f"SELECT {SUMS} FROM daily_by_campaign WHERE currency = ?", [currency])[0]
        assert_figures(opened, "#overview .tiles", NAMES, expected)


def test_all_currencies_are_added_up_at_the_rates_of_the_views(opened: Tab, business: Filled) -> None:
    """What is converted is what the view converts. Nothing is without a rate, or the page says which currency is."""
    choose(opened, "currency", "*")
    sums = "sum(spend_converted), sum(impressions), sum(clicks), sum(conversion)"
    rows = business.ask(f"SELECT {sums} FROM daily_by_campaign WHERE spend_converted IS NOT NULL")[0]
    figures = shown(opened, "#overview .tiles")
    assert figures["spend"] == pytest.approx(float(rows[0]), abs=0.01)
    assert [figures[name] for name in ("impressions", "clicks", "conversion")] == [float(value) for value in rows[1:]]
    without = business.ask("SELECT DISTINCT currency FROM daily_by_campaign WHERE spend_converted IS NULL ORDER BY 1")
    status = opened.page.inner_text("#shown")
    assert "in USD at the rate of each day" in status
    assert all(currency in status for (currency,) in without)
    campaign, spend = business.ask(
        "SELECT campaign_id, sum(spend_converted) FROM daily_by_campaign GROUP BY 1 ORDER BY 2 DESC NULLS LAST LIMIT 1"
    )[0]
    assert shown(opened, f'#campaigns tr[data-id="{campaign}"]')["spend"] == pytest.approx(float(spend), abs=0.01)
    assert opened.page.locator('#campaigns tr[data-id="rest"]').count() == 0
    assert opened.errors == []


def test_filters_change_the_figures_to_those_of_the_view(opened: Tab, business: Filled, page: Path) -> None:
    """Account, campaign type and days each narrow the sums as a WHERE does."""
    contents = contents_of(page)
    account = next(
        number for number, account in enumerate(contents["accounts"]) if account["currency"] == busiest(business)
    )
    choose(opened, "currency", busiest(business))
    everything = shown(opened, "#overview .tiles")
    choose(opened, "account", str(account))
    conditions, values = ["advertiser_id = ?"], [int(contents["accounts"][account]["id"])]
    tried = 0
    for number, name in enumerate(contents["types"]):
        choose(opened, "type", str(number))
        where = " AND ".join([*conditions, "campaign_type = ?"])
        row = business.ask(f"SELECT {SUMS}, count(*) FROM daily_by_campaign WHERE {where}", [*values, name])[0]
        if row[-1]:
            assert_figures(opened, "#overview .tiles", NAMES, row[:-1])
            tried += 1
    assert tried > 1
    choose(opened, "type", "-1")
    first, last = contents["days"][2], contents["days"][4]
    opened.page.fill("#since", first)
    opened.page.fill("#until", last)
    opened.page.locator("#until").dispatch_event("change")
    where = " AND ".join([*conditions, "day BETWEEN ? AND ?"])
    row = business.ask(f"SELECT {SUMS} FROM daily_by_campaign WHERE {where}", [*values, first, last])[0]
    assert_figures(opened, "#overview .tiles", NAMES, row)
    assert shown(opened, "#overview .tiles") != everything
    opened.page.get_by_role("button", name="All", exact=True).click()
    choose(opened, "account", "-1")
    assert shown(opened, "#overview .tiles") == everything


def test_days_in_the_wrong_order_are_explained(opened: Tab, page: Path) -> None:
    """The figures stay as they are, and the status says what to do."""
    before = shown(opened, "#overview .tiles")
    days = contents_of(page)["days"]
    opened.page.fill("#since", days[4])
    opened.page.fill("#until", days[1])
    assert "after the last day" in opened.page.inner_text("#shown")
    assert opened.page.get_attribute("#since", "aria-invalid") == "true"
    opened.page.fill("#until", days[5])
    assert "5 days" in opened.page.inner_text("#shown") or "2 days" in opened.page.inner_text("#shown")
    assert shown(opened, "#overview .tiles") != before


def test_each_leg_has_its_own_figures(opened: Tab, business: Filled) -> None:
    """App, website and shop are those of the funnel, and never mixed."""
    choose(opened, "currency", busiest(business))
    for leg in ("app", "web", "shop", "all"):
        row = business.ask(
            f"SELECT sum({leg}_purchases), sum({leg}_purchase_value),"
            f" sum(spend)::DOUBLE / nullif(sum({leg}_purchases), 0),"
            f" sum({leg}_purchase_value)::DOUBLE / sum(spend)::DOUBLE FROM daily_funnel WHERE {of_busiest(business)}"
        )[0]
        pairs = opened.page.eval_on_selector_all(f"data[data-leg={leg}]", "all => all.map(one => one.value)")
        assert len(pairs) == 4
        assert all(same(float(text) if text else None, value) for text, value in zip(pairs, row, strict=True))


def test_a_person_goes_from_campaign_to_ad_group_to_ad(opened: Tab, business: Filled) -> None:
    """Each level has the figures of its view, and a way back."""
    choose(opened, "currency", busiest(business))
    names = (*NAMES[:8], "purchases", "value", "roas")
    sums = SUMS.replace(
        " sum(purchase_value)::DOUBLE /", " sum(purchases), sum(purchase_value), sum(purchase_value)::DOUBLE /"
    )
    where = of_busiest(business)
    for view, key in (
        ("daily_by_campaign", "campaign_id"),
        ("daily_by_ad_group", "adgroup_id"),
        ("daily_by_ad", "ad_id"),
    ):
        rows = business.ask(f"SELECT {key}, {sums} FROM {view} WHERE {where} GROUP BY 1 ORDER BY sum(spend) DESC, 1")
        assert rows
        for item, *expected in rows[:5]:
            assert_figures(opened, f'#campaigns tr[data-id="{item}"]', names, expected)
        where = f"{key} = {rows[0][0]}"
        if key != "ad_id":
            opened.page.locator(f'#campaigns tr[data-id="{rows[0][0]}"] button').press("Enter")
            assert opened.page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    opened.page.get_by_role("button", name="All campaigns").click()
    assert opened.page.locator("#campaigns thead th").first.inner_text() == "Campaign"


def test_columns_sort_by_keyboard(opened: Tab) -> None:
    """A heading is a button, and says in which order the rows are."""
    opened.page.locator('[data-sort="impressions"]').press("Enter")
    assert opened.page.locator("th[aria-sort=descending]").inner_text().startswith("Impressions")
    rows = opened.page.eval_on_selector_all(
        "#campaigns tr[data-id]:not(.sum):not(.rest) data[data-metric=impressions]", "all => all.map(one => +one.value)"
    )
    assert rows == sorted(rows, reverse=True)
    assert len(rows) > 1
    opened.page.locator('[data-sort="impressions"]').press("Enter")
    assert opened.page.locator("th[aria-sort=ascending]").inner_text().startswith("Impressions")


def test_creatives_have_the_rates_of_their_view(opened: Tab, business: Filled) -> None:
    """Hook and hold rates are computed from sums, not averaged."""
    choose(opened, "currency", busiest(business))
    rows = business.ask(
        "SELECT creative_id, sum(spend), 100.0 * sum(video_watched_2s) / nullif(sum(impressions), 0),"
        " 100.0 * sum(video_watched_6s) / nullif(sum(video_watched_2s), 0) FROM daily_by_creative"
        f" WHERE {of_busiest(business)} GROUP BY advertiser_id, 1 ORDER BY 2 DESC, 1 LIMIT 5"
    )
    for creative, *expected in rows:
        assert_figures(opened, f'.card[data-id="{creative}"]', ("spend", "hook", "hold"), expected)


def test_breakdowns_are_those_of_their_views(opened: Tab, business: Filled) -> None:
    """Hours, people, countries and platforms add up to what the views add up to."""
    choose(opened, "currency", busiest(business))
    hours = opened.page.eval_on_selector_all(
        "#hours data[data-hour]", "all => all.map(one => [+one.dataset.weekday, +one.dataset.hour, +one.value])"
    )
    expected = business.ask(
        f"SELECT weekday, hour, sum(spend)::DOUBLE FROM hourly_by_campaign WHERE {of_busiest(business)} GROUP BY 1, 2"
    )
    assert len(hours) == 7 * 24
    page_hours = {(weekday, hour): value for weekday, hour, value in hours}
    assert all(same(page_hours[weekday, hour], value) for weekday, hour, value in expected)
    assert sum(page_hours.values()) == pytest.approx(sum(value for *_, value in expected))
    for section, view, key in (
        ("people", "daily_by_age_and_gender", "age, gender"),
        ("countries", "daily_by_country", "country_code"),
        ("platforms", "daily_by_platform", "platform"),
    ):
        opened.page.locator(f"#{section} summary").click()
        opened.page.wait_for_selector(f"#{section} details table")
        values = opened.page.eval_on_selector_all(
            f"#{section} details data[data-metric=spend]", "all => all.map(one => +one.value)"
        )
        rows = business.ask(
            f"SELECT {key}, sum(spend)::DOUBLE AS s FROM {view} WHERE {of_busiest(business)} GROUP BY {key}"
        )
        assert sorted(value for value in values if value) == pytest.approx(sorted(row[-1] for row in rows if row[-1]))


def test_the_table_behind_a_chart_has_its_figures(opened: Tab, business: Filled) -> None:
    """Whoever cannot see the chart reads the same figures, day by day."""
    choose(opened, "currency", busiest(business))
    opened.page.locator("#spend-by-day summary").press("Enter")
    opened.page.wait_for_selector("#spend-by-day details table")
    spend = opened.page.eval_on_selector_all(
        "#spend-by-day details data[data-metric=spend]", "all => all.map(one => +one.value)"
    )
    rows = business.ask(
        f"SELECT sum(spend)::DOUBLE FROM daily_by_campaign WHERE {of_busiest(business)} GROUP BY day ORDER BY day"
    )
    assert [value for value in spend if value] == pytest.approx([value for (value,) in rows if value])
    assert "Total spend" in str(opened.page.get_attribute("#spend-by-day canvas", "aria-label"))


def test_names_of_others_are_only_ever_text(opened: Tab, business: Filled) -> None:
    """Scripts, tags, control characters, right-to-left text, emoji and 500 letters are shown, and do nothing."""
    dialogs: list[str] = []
    opened.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    names: set[str] = set()
    for currency in currencies(business):
        choose(opened, "currency", currency)
        for button in opened.page.get_by_role("button", name="Show all").all():
            button.click()
        names |= set(
            opened.page.eval_on_selector_all("#campaigns tbody .name", "all => all.map(one => one.textContent)")
        )
    for name in HOSTILE:
        assert shown_text(name) in names
    assert not any("\u202e" in name or "\x1b" in name for name in names)
    assert opened.page.locator("main script, main img[src='x']").count() == 0
    assert dialogs == []
    assert opened.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_wider_than_a_phone(chromium: Chromium, page: Path, dark: bool) -> None:
    """At 360 pixels the page does not move sideways. Wide tables move inside their own frames."""
    with chromium.tab(width=360, height=740, dark=dark) as tab:
        show(tab, page)
        for currency in tab.page.eval_on_selector_all("#currency option", "all => all.map(one => one.value)"):
            choose(tab, "currency", currency)
            assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
        outside = tab.page.evaluate(
            "[...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll') && !one.closest('.skip') &&"
            " one.getBoundingClientRect().right > 360.5).map(one => one.outerHTML.slice(0, 80))"
        )
        assert outside == []
        assert tab.errors == []


CONTRASTS = """
() => {
  const channel = (value) => { value /= 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const behind = (element) => { for (let at = element; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor); if (color[3] === 255) return color; }
    return rgba(getComputedStyle(document.body).backgroundColor); };
  const low = [];
  let seen = 0;
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility()) continue;
    if (["SCRIPT", "STYLE", "OPTION", "NOSCRIPT"].includes(element.tagName)) continue;
    const [one, two] = [light(rgba(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    seen += 1;
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < 4.5) low.push([element.tagName, element.className, element.textContent.slice(0, 40)]);
  }
  return [seen, low];
}
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(chromium: Chromium, page: Path, dark: bool) -> None:
    """Every text has a contrast of 4.5 at least (WCAG AA), in the light and in the dark, and on the hottest hours."""
    with chromium.tab(dark=dark) as tab:
        show(tab, page)
        seen, low = tab.page.evaluate(CONTRASTS)
        assert seen > 200
        assert low == []
        ground = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(20, 22, 26)") == dark


def test_charts_take_the_colours_of_the_dark(chromium: Chromium, page: Path) -> None:
    """When the system turns dark, the charts are drawn again."""
    with chromium.tab() as tab:
        show(tab, page)
        pixels = "document.querySelector('#spend-by-day canvas').toDataURL()"
        light = tab.page.evaluate(pixels)
        tab.page.emulate_media(color_scheme="dark")
        tab.page.wait_for_timeout(100)
        assert tab.page.evaluate(pixels) != light


def test_the_page_is_built_for_screen_readers(opened: Tab) -> None:
    """It has a language, landmarks, headings in order, labels, named charts and captions of tables."""
    page = opened.page
    assert page.get_attribute("html", "lang") == "en"
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1  # type: ignore[arg-type]
    assert page.get_by_role("navigation").count() == 2
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    unnamed = page.eval_on_selector_all(
        "select, input", "all => all.filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"
    )
    assert unnamed == []
    assert page.eval_on_selector_all("canvas[role=img]:not([aria-label])", "all => all.length") == 0
    assert page.eval_on_selector_all("table", "all => all.filter(one => !one.caption).length") == 0
    assert page.eval_on_selector_all("th", "all => all.filter(one => !one.scope).length") == 0
    assert page.eval_on_selector_all("[id]", "all => all.length - new Set(all.map(one => one.id)).size") == 0
    assert page.get_attribute("#shown", "role") == "status"


def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(opened: Tab) -> None:
    """The first stop skips to the figures. Each stop has an outline."""
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"
    reached, stops = set(), 0
    for _ in range(200):
        opened.page.keyboard.press("Tab")
        tag, outline = opened.page.evaluate(
            "[document.activeElement.id || document.activeElement.tagName,"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if tag == "BODY":  # past the last stop
            break
        reached.add(tag)
        stops += 1
        assert outline != "none", tag
    assert stops > 35
    assert {"currency", "account", "type", "since", "until", "A", "BUTTON"} <= reached


def test_the_page_prints_without_its_controls(opened: Tab) -> None:
    """On paper there are the figures, on white, whatever the screen was like."""
    opened.page.emulate_media(media="print", color_scheme="dark")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not opened.page.is_visible("#filters")
    assert not opened.page.get_by_role("navigation", name="Sections").is_visible()
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        opened.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--text')").strip()
        == "#1a1d23"
    )
    assert len(opened.page.pdf()) > 20_000


def made_up(**parts: Any) -> Contents:
    """Contents of 14 days of one account with one creative, whose CTR falls by half."""
    days = [f"2026-03-{day:02}" for day in range(1, 15)]
    figures = {
        "spend": [10_000] * 14,
        "impressions": [1_000] * 14,
        "clicks": [20] * 7 + [10] * 7,
        "conversion": [0] * 14,
        "watched_2s": [400] * 14,
        "watched_6s": [100] * 14,
    }
    cells = {"item": [0] * 14, "day": list(range(14)), "type": [0] * 14, **figures}
    whole: dict[str, Any] = {
        "made_at": "2026-03-15 12:00",
        "version": "1",
        "database": "<b>name</b>",
        "days": days,
        "database_days": [days[0], days[-1]],
        "accounts": [Account(id="1", name=HOSTILE[0], currency="EUR")],
        "account_total": 1,
        "types": ["auction"],
        "facts": {"day": list(range(14)), "account": [0] * 14, "type": [0] * 14, **figures},
        "creatives": Creatives(
            items=[Creative(id="v1", kind="video", account=0, name=HOSTILE[1], text=HOSTILE[4], ads=1)],
            total=1,
            cells=cells,
        ),
    }
    return Contents(**{**whole, **parts})


def written(contents: Contents, folder: Path) -> Path:
    """Write a page."""
    path = folder / "made-up.html"
    path.write_text(html_page(contents), encoding="utf-8")
    return path


def test_a_creative_whose_ctr_fell_is_called_tired(chromium: Chromium, tmp_path: Path) -> None:
    """Its last seven days are compared with its first seven. Over fewer days nothing is claimed."""
    with chromium.tab() as tab:
        show(tab, written(made_up(), tmp_path))
        assert "tired: CTR \u221250%" in tab.page.inner_text(".card")
        assert_figures(tab, ".card", ("hook", "hold", "ctr"), (40, 25, 1.5))
        tab.page.get_by_role("button", name="7 days").click()
        assert "too few days" in tab.page.inner_text(".card")
        assert HOSTILE[0] in tab.page.inner_text("#shown")
        assert tab.errors == []


def test_open_days_are_announced_and_paler(chromium: Chromium, tmp_path: Path) -> None:
    """The status says from which day on figures may still change."""
    line = Coverage(
        stream="campaigns_reports_daily", account=0, first="2026-03-01", last="2026-03-14", empty=0,
        open_from="2026-03-10", open_days=5,
    )  # fmt: skip
    pixels = "document.querySelector('#spend-by-day canvas').toDataURL()"
    with chromium.tab() as tab:
        show(tab, written(made_up(), tmp_path))
        closed = tab.page.evaluate(pixels)
        assert "may still change" not in tab.page.inner_text("#shown")
        show(tab, written(made_up(coverage=[line]), tmp_path))
        assert "Figures from 10 Mar 2026 on may still change." in tab.page.inner_text("#shown")
        assert tab.page.evaluate(pixels) != closed
        assert "5 days, from 2026-03-10" in tab.page.inner_text("#data")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"facts": {}, "days": [], "accounts": [], "creatives": Creatives()}, "The database has 1 Mar 2026"),
        ({"facts": {}, "days": [], "accounts": [], "database_days": ["", ""]}, "The reports are empty"),
        (
            {"facts": {}, "days": [], "accounts": [], "absent": {"facts": "Sync: --streams campaigns_reports_daily"}},
            "--streams campaigns_reports_daily",
        ),
        ({"absent": {"creatives": "Sync: --streams ads"}, "creatives": Creatives()}, "--streams ads"),
        ({"accounts": [Account(id="", name="Other accounts", currency="", accounts=2960)]}, "an unknown currency"),
    ],
    ids=["other-days", "empty", "no-reports", "no-ads", "others"],
)
def test_pages_without_figures_say_why(chromium: Chromium, tmp_path: Path, parts: dict[str, Any], words: str) -> None:
    """No error, no empty chart without a word, and nothing wider than a phone."""
    with chromium.tab(width=360) as tab:
        show(tab, written(made_up(**parts), tmp_path))
        assert words in tab.page.inner_text("body")
        assert tab.errors == []
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
