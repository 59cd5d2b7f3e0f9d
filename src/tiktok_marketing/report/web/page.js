/* The script of the page. It reads the contents, adds up what the filters select, and shows it.
   Texts of others only ever become text nodes. Nothing is loaded, stored or sent. */
(() => {
"use strict";

const contents = JSON.parse(document.getElementById("contents").textContent);
const MONEY = 10000; // units per unit of a currency
const ROWS = 20; // rows of a table before "Show all"
const byId = (id) => document.getElementById(id);
const facts = contents.facts.day ? contents.facts : null;
const lastDay = contents.days.length - 1;
const state = { currency: "", account: -1, type: -1, since: 0, until: lastDay };
const sections = []; // each: { update() }
const charts = [];

/* -- elements */

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/* A name of ours, which may break after its underscores. */
function word(text) {
  return element("span", {}, ...text.split("_").flatMap((part, number) => (number ? ["_", element("wbr"), part] : [part])));
}

function named(text) {
  return element("span", { class: "name", dir: "auto" }, text || "(no name)");
}

/* -- numbers */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const brief = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const dayName = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const ratio = (above, below) => (below ? above / below : null);
const longDay = (day) => (day ? dayName.format(new Date(`${day}T00:00:00Z`)) : "");

/* A metric: how it follows from the sums, and how it is shown. `money` is an amount in the account's currency. */
const METRICS = {
  spend: { label: "Spend", money: true, of: (sums) => sums.spend / MONEY },
  impressions: { label: "Impressions", of: (sums) => sums.impressions },
  clicks: { label: "Clicks", of: (sums) => sums.clicks },
  ctr: { label: "CTR", unit: "%", of: (sums) => ratio(100 * sums.clicks, sums.impressions) },
  cpc: { label: "CPC", money: true, of: (sums) => ratio(sums.spend / MONEY, sums.clicks) },
  cpm: { label: "CPM", money: true, of: (sums) => ratio((1000 * sums.spend) / MONEY, sums.impressions) },
  conversion: { label: "Conversions", of: (sums) => sums.conversion },
  cpa: { label: "CPA", money: true, of: (sums) => ratio(sums.spend / MONEY, sums.conversion) },
  purchases: { label: "Purchases", of: (sums) => sums.purchases },
  value: { label: "Purchase value", money: true, of: (sums) => sums.value / MONEY },
  roas: { label: "ROAS", unit: "×", of: (sums) => ratio(sums.value, sums.spend) },
  hook: { label: "Hook rate", unit: "%", of: (sums) => ratio(100 * sums.watched_2s, sums.impressions) },
  hold: { label: "Hold rate", unit: "%", of: (sums) => ratio(100 * sums.watched_6s, sums.watched_2s) },
};
const EXPLAINED = {
  ctr: "clicks per impression",
  cpc: "spend per click",
  cpm: "spend per 1,000 impressions",
  cpa: "spend per conversion",
  roas: "purchase value per spend, app, web and shop together",
  hook: "plays of at least 2 seconds per impression",
  hold: "plays of at least 6 seconds per play of at least 2 seconds",
};

function shownValue(name, value) {
  const metric = METRICS[name];
  if (value === null || value === undefined) return "–";
  return (metric.money || metric.unit ? cents : whole).format(value) + (metric.unit || "");
}

function exact(value) {
  return value === null ? "" : String(Number(value.toFixed(6)));
}

function dataOf(name, sums) {
  const value = METRICS[name].of(sums);
  return element("data", { value: exact(value), "data-metric": name }, shownValue(name, value));
}

/* The currency of the amounts: the chosen one, or the one that all are converted into. */
const CONVERTED = "*";
const isConverted = () => state.currency === CONVERTED;
const unit = () => (isConverted() ? contents.rates.currency : state.currency);
const isChosen = (account) => isConverted() || account.currency === state.currency;
const label = (name) => METRICS[name].label + (METRICS[name].money ? ` (${unit() || "?"})` : "");

/* -- sums */

const MEASURES = [
  "spend", "impressions", "clicks", "conversion", "purchases", "value", "watched_2s", "watched_6s",
  "app_purchases", "app_value", "web_purchases", "web_value", "shop_purchases", "shop_value", "budget",
];
const zeros = () => Object.fromEntries(MEASURES.map((name) => [name, 0]));

function selectedAccounts() {
  return contents.accounts.map(
    (account, number) => isChosen(account) && (state.account < 0 || state.account === number),
  );
}

const MONEY_MEASURES = new Set(["spend", "value", "app_value", "web_value", "shop_value", "budget"]);
const factors = new Map();

/* The exchange rate of each row of a table; null where there is none. */
function ratesOf(columns) {
  if (!factors.has(columns)) {
    const [account, day] = placesOf(columns);
    factors.set(columns, columns.spend.map((_, row) => {
      const rates = contents.rates.per_day[contents.accounts[account(row)].currency];
      const at = day(row);
      return rates && at >= 0 ? rates[at] : null;
    }));
  }
  return factors.get(columns);
}

/* How a row tells its account and its day; -1 for a day that is not known. */
function placesOf(columns) {
  const items = ["campaigns", "ad_groups", "ads", "creatives"].find((name) => contents[name].cells === columns);
  if (items) return [(row) => contents[items].items[columns.item[row]].account, (row) => columns.day[row]];
  if (columns === contents.facts) return [(row) => columns.account[row], (row) => columns.day[row]];
  const split = ["hours", "people", "countries", "platforms"].map((name) => contents[name]).find((of) => of.cells === columns);
  const days = split.periods.map((day) => (split.grain === "day" ? contents.days.indexOf(day) : -1));
  return [(row) => columns.account[row], (row) => days[columns.period[row]]];
}

/* Says how much of the selection has no exchange rate. */
function unconverted() {
  if (!isConverted() || !facts) return "";
  const keep = keepsFacts(facts);
  const rates = ratesOf(facts);
  const without = new Set(rates.flatMap((rate, row) => (rate === null && keep(row) ? [contents.accounts[facts.account[row]].currency || "not known"] : [])));
  return without.size ? ` Days without an exchange rate are left out (${[...without].sort().join(", ")}).` : "";
}

/* Adds up the rows of a table in columns. `keep` chooses rows, `key` names the group of each. */
function grouped(columns, keep, key) {
  const sums = new Map();
  const measures = MEASURES.filter((name) => columns[name]);
  const rows = columns[measures[0]] ? columns[measures[0]].length : 0;
  const rates = isConverted() && rows ? ratesOf(columns) : null;
  for (let row = 0; row < rows; row += 1) {
    if (!keep(row) || (rates && rates[row] === null)) continue;
    const group = key(row);
    let of = sums.get(group);
    if (!of) sums.set(group, (of = zeros()));
    for (const name of measures) of[name] += columns[name][row] * (rates && MONEY_MEASURES.has(name) ? rates[row] : 1);
  }
  return sums;
}

function keepsFacts(columns) {
  const accounts = selectedAccounts();
  return (row) =>
    columns.day[row] >= state.since && columns.day[row] <= state.until && accounts[columns.account[row]]
    && (state.type < 0 || columns.type[row] === state.type);
}

const total = () => grouped(facts, keepsFacts(facts), () => 0).get(0) || zeros();
const perDay = () => grouped(facts, keepsFacts(facts), (row) => facts.day[row]);

function selectedDays() {
  return Array.from({ length: state.until - state.since + 1 }, (_, number) => state.since + number);
}

/* -- charts */

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const SERIES = ["series-1", "series-2", "series-3", "series-4"];

/* A chart with a description, and the same figures as a table that can be opened. */
function figure({ title, note, id, tall }) {
  const canvas = element("canvas", { role: "img" });
  const body = element("div", { class: tall ? "chart tall" : "chart" }, canvas);
  const behind = element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": `${title}: table` });
  const details = element("details", {}, element("summary", {}, "Figures as a table"), behind);
  const caption = element("figcaption", {}, element("h3", {}, title), note ? element("p", { class: "hint" }, note) : undefined);
  const whole = element("figure", { id }, caption, body, details);
  const made = { element: whole, canvas, chart: null, config: null, table: () => element("p"), described: "" };
  details.addEventListener("toggle", () => details.open && behind.replaceChildren(made.table()));
  made.show = (config, described, table) => {
    made.config = config;
    made.table = table;
    canvas.setAttribute("aria-label", `${title}. ${described}`);
    if (details.open) behind.replaceChildren(table());
    draw(made);
  };
  charts.push(made);
  return made;
}

function draw(made) {
  if (!made.config) return;
  if (made.chart) made.chart.destroy();
  Chart.defaults.color = color("muted");
  Chart.defaults.borderColor = color("line");
  made.chart = new Chart(made.canvas, made.config());
}

function options({ stacked = false, horizontal = false, legend = true, unit = "", second = false } = {}) {
  const numbers = {
    beginAtZero: true, stacked, border: { display: false },
    ticks: { callback: (value) => brief.format(value) + unit, maxTicksLimit: 6 },
  };
  const names = { stacked, grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 14 } };
  if (horizontal) names.ticks = { autoSkip: false };
  return {
    animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
    indexAxis: horizontal ? "y" : "x",
    interaction: { mode: "index", intersect: false, axis: horizontal ? "y" : "x" },
    plugins: {
      legend: { display: legend, position: "bottom", labels: { boxWidth: 9, boxHeight: 9, usePointStyle: true } },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.raw === null ? "–" : cents.format(item.raw) + unit}` } },
    },
    scales: horizontal ? { x: numbers, y: names } : { x: names, y: numbers },
  };
}

function line(name, label_, data, number, extra = {}) {
  const stroke = color(SERIES[number]);
  return {
    type: "line", label: label_, data, borderColor: stroke, backgroundColor: stroke, borderWidth: 2, pointRadius: data.length > 45 ? 0 : 2,
    borderDash: [[], [7, 4], [2, 3], [9, 3, 2, 3]][number], pointStyle: ["circle", "rect", "triangle", "rectRot"][number],
    spanGaps: false, tension: 0, ...extra,
  };
}

/* -- tables */

/* A caption that stays in view when its table is moved sideways. */
function captioned(text) {
  return element("caption", {}, element("span", {}, text));
}

function table(caption, headings, rows) {
  const head = element("tr", {}, ...headings.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((cells) =>
    element("tr", {}, ...cells.map((cell, place) =>
      place === 0 ? element("th", { scope: "row" }, cell) : element("td", {}, cell))));
  return element("table", {}, captioned(caption), element("thead", {}, head), element("tbody", {}, ...body));
}

function scroller(name, ...children) {
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": name }, ...children);
}

/* -- sections */

function section(id, title, { absent, note } = {}) {
  const body = element("div", { class: "body" });
  const why = absent && contents.absent[absent];
  const made = element("section", { id, "aria-labelledby": `${id}-title` }, element("h2", { id: `${id}-title` }, title));
  if (note) made.append(element("p", { class: "hint" }, note));
  if (why) made.append(element("p", { class: "note", "data-absent": absent }, `Not in this database: ${why}`));
  made.append(body);
  byId("main").append(made);
  byId("sections").append(element("li", {}, element("a", { href: `#${id}` }, title)));
  return why ? null : body;
}

function nothing(body) {
  body.replaceChildren(element("p", { class: "note" }, "No figures for this selection."));
}

function overview() {
  const body = section("overview", "Overview", { absent: "facts" });
  if (!body) return;
  const tiles = element("ul", { class: "tiles" });
  const names = ["spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversion", "cpa", "roas"];
  const made = Object.fromEntries(names.map((name) => {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const value = element("p", { class: "value", id: `total-${name}` });
    const heading = element("h3");
    const hint = EXPLAINED[name] ? element("p", { class: "hint" }, EXPLAINED[name]) : undefined;
    tiles.append(element("li", {}, heading, value, hint, element("div", { class: "spark" }, canvas)));
    return [name, { canvas, value, heading, chart: null }];
  }));
  const days = figure({
    id: "spend-by-day", title: "Spend against budget, by day", tall: true,
    note: "The budget is what the campaigns and ad groups that ran on the day may spend per day, as it is set now. "
      + "Budgets for a whole run are not in it. Paler bars are days that may still change.",
  });
  body.append(tiles, days.element);
  sections.push({
    update() {
      const sums = total();
      const by = perDay();
      const numbers = selectedDays();
      const titles = numbers.map((day) => shortDay.format(new Date(`${contents.days[day]}T00:00:00Z`)));
      for (const name of names) {
        made[name].heading.textContent = label(name);
        made[name].value.replaceChildren(dataOf(name, sums));
        const data = numbers.map((day) => METRICS[name].of(by.get(day) || zeros()));
        drawSpark(made[name], titles, data);
      }
      const money = (name) => numbers.map((day) => (by.get(day) ? by.get(day)[name] / MONEY : null));
      const open = openFrom();
      const fills = () => numbers.map((day) => color(open && contents.days[day] >= open ? "series-1-pale" : "series-1"));
      days.show(
        () => ({
          data: { labels: titles, datasets: [
            line("budget", `Daily budget (${unit()})`, money("budget"), 1, { stepped: "middle", pointRadius: 0, borderDash: [] }),
            { type: "bar", label: `Spend (${unit()})`, data: money("spend"), backgroundColor: fills(), pointStyle: "rect", maxBarThickness: 40 },
          ] },
          options: options(),
        }),
        `Total spend ${shownValue("spend", METRICS.spend.of(sums))} ${unit()} in ${numbers.length} days.`,
        () => table("Figures per day", ["Day", ...names.map(label), `Daily budget (${unit()})`],
          numbers.map((day) => {
            const of = by.get(day) || zeros();
            return [longDay(contents.days[day]), ...names.map((name) => dataOf(name, of)), cents.format(of.budget / MONEY)];
          })),
      );
    },
    redraw() {
      for (const name of names) if (made[name].again) made[name].again();
    },
  });
}

function drawSpark(tile, labels, data) {
  tile.again = () => {
    if (tile.chart) tile.chart.destroy();
    const stroke = color("series-1");
    tile.chart = new Chart(tile.canvas, {
      type: "line",
      data: { labels, datasets: [{ data, borderColor: stroke, borderWidth: 1.5, pointRadius: data.length === 1 ? 3 : 0 }] },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, events: [],
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
        scales: { x: { display: false }, y: { display: false, beginAtZero: true } },
      },
    });
  };
  tile.again();
}

/* The first day of the selection whose figures may still change. */
function openFrom() {
  const accounts = selectedAccounts();
  const days = contents.coverage
    .filter((line_) => accounts[line_.account] && line_.open_from && /^(advertisers|campaigns)_reports_daily$/.test(line_.stream))
    .map((line_) => line_.open_from);
  return days.sort()[0] || "";
}

const LEGS = { app: "App", web: "Website", shop: "TikTok Shop" };

function legs() {
  const body = section("legs", "Purchases by leg", {
    absent: "legs",
    note: "App, website and TikTok Shop are counted apart. TikTok does not split spend by leg, so CPA and ROAS of each leg "
      + "are per all spend of the selection.",
  });
  if (!body || !facts) return;
  const chosen = element("select", { id: "leg-metric" },
    element("option", { value: "roas" }, "ROAS"), element("option", { value: "cpa" }, "CPA (spend per purchase)"),
    element("option", { value: "purchases" }, "Purchases"), element("option", { value: "value" }, "Purchase value"));
  const made = figure({ id: "legs-by-day", title: "By day" });
  const rows = scroller("Purchases by leg: table");
  body.append(rows, element("p", { class: "field" }, element("label", { for: "leg-metric" }, "Show"), chosen), made.element);
  const figures = {
    purchases: (sums, leg) => sums[`${leg}_purchases`],
    value: (sums, leg) => sums[`${leg}_value`] / MONEY,
    cpa: (sums, leg) => ratio(sums.spend / MONEY, sums[`${leg}_purchases`]),
    roas: (sums, leg) => ratio(sums[`${leg}_value`], sums.spend),
  };
  const formats = { purchases: "purchases", value: "value", cpa: "cpa", roas: "roas" };
  const cell = (name, value, leg) =>
    element("data", { value: exact(value), "data-leg": leg, "data-metric": name }, shownValue(formats[name], value));
  const part = { update() {
    const sums = total();
    const together = { ...sums, all_purchases: 0, all_value: 0 };
    for (const leg of Object.keys(LEGS)) {
      together.all_purchases += sums[`${leg}_purchases`];
      together.all_value += sums[`${leg}_value`];
    }
    const headings = ["Leg", "Purchases", "Value", "CPA", "ROAS"];
    rows.replaceChildren(table(`Purchases by leg, amounts in ${unit() || "an unknown currency"}`, headings, Object.entries({ ...LEGS, all: "All legs together" }).map(
      ([leg, title]) => [title, ...["purchases", "value", "cpa", "roas"].map((name) => cell(name, figures[name](together, leg), leg))])));
    const by = perDay();
    const numbers = selectedDays();
    const titles = numbers.map((day) => shortDay.format(new Date(`${contents.days[day]}T00:00:00Z`)));
    const name = chosen.value;
    const series = Object.keys(LEGS).map((leg) => numbers.map((day) => figures[name](by.get(day) || zeros(), leg)));
    made.show(
      () => ({
        data: { labels: titles, datasets: Object.values(LEGS).map((title, number) => line("", title, series[number], number)) },
        options: options({ unit: METRICS[name].unit || "" }),
      }),
      `${chosen.selectedOptions[0].textContent} of app, website and TikTok Shop per day.`,
      () => table(chosen.selectedOptions[0].textContent, ["Day", ...Object.values(LEGS)], numbers.map((day, place) => [
        longDay(contents.days[day]), ...series.map((values) => shownValue(formats[name], values[place]))])),
    );
  } };
  chosen.addEventListener("change", part.update);
  sections.push(part);
}

/* -- campaigns, ad groups, ads */

const LEVELS = [
  { key: "campaigns", one: "Campaign", many: "campaigns" },
  { key: "ad_groups", one: "Ad group", many: "ad groups" },
  { key: "ads", one: "Ad", many: "ads" },
];

function drilldown() {
  const body = section("campaigns", "Campaigns, ad groups and ads", { absent: "campaigns" });
  if (!body) return;
  const names = ["spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversion", "cpa", "purchases", "value", "roas"];
  const view = { path: [], sort: "spend", down: true, all: false };
  const crumbs = element("nav", { "aria-label": "Level", class: "crumbs" });
  const holder = scroller("Campaigns, ad groups and ads: table");
  const more = element("div");
  const note = element("p", { class: "hint" });
  body.append(crumbs, holder, more, note);

  function go(path) {
    view.path = path;
    view.all = false;
    update();
    crumbs.querySelector("[aria-current]").focus();
  }

  function showCrumbs() {
    const items = [element("li", {}, crumb("All campaigns", 0))];
    view.path.forEach((number, place) => items.push(
      element("li", {}, crumb(contents[LEVELS[place].key].items[number].name, place + 1))));
    crumbs.replaceChildren(element("ol", {}, ...items));
  }

  function crumb(text, depth) {
    const here = depth === view.path.length;
    return here
      ? element("span", { "aria-current": "true", tabindex: "-1" }, named(text))
      : element("button", { type: "button", class: "link", onclick: () => go(view.path.slice(0, depth)) }, named(text));
  }

  function heading(name, depth) {
    const sorted = view.sort === name;
    const press = () => {
      view.down = sorted ? !view.down : name !== "name";
      view.sort = name;
      update();
      holder.querySelector(`[data-sort="${name}"]`).focus();
    };
    const text = name === "name" ? LEVELS[depth].one : METRICS[name].label;
    return element("th", { scope: "col", "aria-sort": sorted ? (view.down ? "descending" : "ascending") : undefined },
      element("button", { type: "button", class: "sort", "data-sort": name, onclick: press }, text));
  }

  function ordered(rows) {
    const value = (row) => (view.sort === "name" ? row.item.name.toLowerCase() : METRICS[view.sort].of(row.sums));
    const sign = view.down ? -1 : 1;
    return rows.sort((one, two) => {
      const [a, b] = [value(one), value(two)];
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (a < b ? -1 : a > b ? 1 : 0) || one.number - two.number;
    });
  }

  function update() {
    const depth = view.path.length;
    const level = contents[LEVELS[depth].key];
    showCrumbs();
    const why = contents.absent[LEVELS[depth].key];
    if (why) {
      holder.replaceChildren(element("p", { class: "note" }, `Not in this database: ${why}`));
      more.replaceChildren();
      note.textContent = "";
      return;
    }
    const accounts = selectedAccounts();
    const fits = (item) => accounts[item.account] && (state.type < 0 || item.type === state.type)
      && (depth === 0 || item.parent === view.path[depth - 1]);
    const wanted = level.items.map(fits);
    const cells = level.cells;
    const keep = (row) => wanted[cells.item[row]] && cells.day[row] >= state.since && cells.day[row] <= state.until;
    const sums = grouped(cells, keep, (row) => cells.item[row]);
    const rows = ordered([...sums].map(([number, of]) => ({ number, item: level.items[number], sums: of })));
    show(rows, depth, level, above(depth));
  }

  /* What the rows must add up to: all figures of the selection, or those of the item one level above. */
  function above(depth) {
    if (depth === 0) return total();
    const cells = contents[LEVELS[depth - 1].key].cells;
    const keep = (row) => cells.item[row] === view.path[depth - 1] && cells.day[row] >= state.since && cells.day[row] <= state.until;
    return grouped(cells, keep, () => 0).get(0) || zeros();
  }

  function show(rows, depth, level, whole_) {
    const listed = view.all ? rows : rows.slice(0, ROWS);
    const body_ = listed.map((row) => element("tr", { "data-id": row.item.id },
      element("th", { scope: "row" }, nameOf(row, depth)), ...names.map((name) => element("td", {}, dataOf(name, row.sums)))));
    const rest = zeros();
    for (const name of MEASURES) rest[name] = whole_[name] - rows.reduce((sum, row) => sum + row.sums[name], 0);
    if (Math.abs(rest.spend) > 0.5 || rest.impressions || rest.conversion) {
      body_.push(element("tr", { class: "rest", "data-id": "rest" }, element("th", { scope: "row" }, "Everything else"),
        ...names.map((name) => element("td", {}, dataOf(name, rest)))));
    }
    body_.unshift(element("tr", { class: "sum", "data-id": "total" }, element("th", { scope: "row" }, "Total"),
      ...names.map((name) => element("td", {}, dataOf(name, whole_)))));
    const hidden = rows.length - listed.length;
    holder.replaceChildren(element("table", {},
      captioned(`${whole.format(rows.length)} ${LEVELS[depth].many} with figures in these days, amounts in ${unit() || "an unknown currency"}`),
      element("thead", {}, element("tr", {}, heading("name", depth), ...names.map((name) => heading(name, depth)))),
      element("tbody", {}, ...body_)));
    more.replaceChildren(...(hidden ? [element("button", { type: "button", onclick: () => { view.all = true; update(); } },
      `Show all ${whole.format(rows.length)}`)] : []));
    note.textContent = (hidden ? `The first ${listed.length} are shown. ` : "") + (level.total > level.items.length
      ? `This page holds ${whole.format(level.items.length)} of ${whole.format(level.total)} ${LEVELS[depth].many}, those with the most `
        + "spend. The others are added up as “Everything else”." : "");
  }

  function nameOf(row, depth) {
    if (depth === 2) return named(row.item.name);
    return element("button", { type: "button", class: "link", onclick: () => go([...view.path, row.number]) }, named(row.item.name));
  }

  sections.push({ update, filtered() { view.path = []; } });
}

/* -- creatives */

function creatives() {
  const body = section("creatives", "Creatives", {
    absent: "creatives",
    note: "A creative is a video, post or image with all ads that show it. The hook rate is plays of at least 2 seconds per "
      + "impression. The hold rate is plays of at least 6 seconds per play of at least 2 seconds. Fatigue compares the CTR of "
      + "the last 7 days that it ran with the first 7, if both have 1,000 impressions. A fall by a quarter counts as tired.",
  });
  if (!body) return;
  const list = element("ul", { class: "cards" });
  const note = element("p", { class: "hint" });
  const more = element("div");
  body.append(list, more, note);
  let all = false;
  const part = { update() {
    const { items, cells } = contents.creatives;
    const accounts = selectedAccounts();
    const keep = (row) => accounts[items[cells.item[row]].account] && cells.day[row] >= state.since && cells.day[row] <= state.until
      && (state.type < 0 || cells.type[row] === state.type);
    const sums = cells.item ? grouped(cells, keep, (row) => cells.item[row]) : new Map();
    const perDay_ = cells.item ? grouped(cells, keep, (row) => cells.item[row] * 1e5 + cells.day[row]) : new Map();
    const rows = [...sums].sort((one, two) => two[1].spend - one[1].spend || one[0] - two[0]);
    if (!rows.length) list.replaceChildren(element("li", { class: "note" }, "No figures for this selection."));
    const listed = all ? rows : rows.slice(0, 12);
    if (rows.length) list.replaceChildren(...listed.map(([number, of]) => card(items[number], of, fatigue(number, perDay_))));
    more.replaceChildren(...(rows.length > listed.length ? [element("button", { type: "button", onclick: () => { all = true; part.update(); } },
      `Show all ${rows.length}`)] : []));
    note.textContent = contents.creatives.total > items.length
      ? `This page holds ${items.length} of ${whole.format(contents.creatives.total)} creatives, those with the most spend.` : "";
  } };
  sections.push(part);
}

/* The change of the CTR between the first and the last days that a creative ran, in percent; null if there are too few. */
function fatigue(number, perDay_) {
  const days = selectedDays().map((day) => perDay_.get(number * 1e5 + day)).filter((of) => of && of.impressions > 0);
  if (days.length < 14) return null;
  const sum = (some) => some.reduce((of, day) => [of[0] + day.clicks, of[1] + day.impressions], [0, 0]);
  const [first, last] = [sum(days.slice(0, 7)), sum(days.slice(-7))];
  if (first[1] < 1000 || last[1] < 1000 || !first[0]) return null;
  return 100 * (last[0] / last[1] / (first[0] / first[1]) - 1);
}

function card(item, sums, change) {
  const image = item.thumbnail
    ? element("img", { src: item.thumbnail, alt: "", loading: "lazy" })
    : element("div", { class: "placeholder", "aria-hidden": "true" }, { video: "▶", post: "♪", image: "▣" }[item.kind] || "Ad");
  const tired = change !== null && change <= -25;
  const text = change === null ? "too few days" : `CTR ${Math.round(change) < 0 ? "−" : Math.round(change) > 0 ? "+" : "±"}${Math.abs(Math.round(change))}%`;
  const facts_ = ["spend", "hook", "hold", "ctr", "conversion", "cpa", "roas"].flatMap((name) => [
    element("dt", {}, label(name)), element("dd", {}, dataOf(name, sums))]);
  return element("li", { class: "card", "data-id": item.id }, image, element("div", { class: "text" },
    element("h3", {}, named(item.name || item.id)),
    item.text ? element("p", { class: "quote", dir: "auto" }, item.text) : undefined,
    element("p", { class: "hint" }, `${item.kind} in ${whole.format(item.ads)} ad${item.ads === 1 ? "" : "s"}`),
    element("dl", {}, ...facts_, element("dt", {}, "Fatigue"),
      element("dd", {}, tired ? element("strong", { class: "bad" }, `tired: ${text}`) : text))));
}

/* -- breakdowns */

function keepsPeriods(split) {
  const accounts = selectedAccounts();
  const currencies = contents.accounts.map(isChosen);
  const spans = split.periods.map((first, number) => {
    const last = split.grain === "day" ? first : split.periods[number + 1] || contents.days[lastDay];
    const open = split.grain !== "day" && split.periods[number + 1];
    return first <= contents.days[state.until] && (open ? last > contents.days[state.since] : last >= contents.days[state.since]);
  });
  const { cells } = split;
  return (row) => spans[cells.period[row]] && (split.by_account ? accounts : currencies)[cells.account[row]]
    && (state.type < 0 || !split.by_type || cells.type[row] === state.type);
}

/* What a person must know if the page holds the figures in less detail than the filters. */
function coarse(split) {
  const said = [];
  const whole_ = { week: "whole weeks", month: "whole months", all: "all days of this page" }[split.grain];
  if (whole_) said.push(`To keep this page small, these figures are for ${whole_}, whatever part of them is chosen.`);
  if (isConverted() && whole_) said.push("They cannot be converted. Choose one currency to see them.");
  if (!split.by_type && state.type >= 0) said.push("They are for all campaign types.");
  if (!split.by_account && state.account >= 0) said.push("They are for all accounts of the currency.");
  return said.join(" ");
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SPLIT_METRICS = ["spend", "impressions", "clicks", "ctr", "cpc", "cpm", "conversion", "cpa"];

function metricChooser(id, changed) {
  const select = element("select", { id }, ...SPLIT_METRICS.map((name) => element("option", { value: name }, METRICS[name].label)));
  select.addEventListener("change", changed);
  return [select, element("p", { class: "field" }, element("label", { for: id }, "Show"), select)];
}

function hours() {
  const body = section("hours", "Hours and weekdays", { absent: "hours", note: "Hours are in the time of each account." });
  if (!body) return;
  const part = { update };
  const [select, field] = metricChooser("hour-metric", () => part.update());
  const holder = scroller("Hours and weekdays: table");
  const note = element("p", { class: "hint" });
  const narrow = matchMedia("(max-width: 900px)");
  narrow.addEventListener("change", () => part.update());
  body.append(field, holder, note);
  function update() {
    const { cells } = contents.hours;
    if (!cells.hour) return nothing(body);
    const sums = grouped(cells, keepsPeriods(contents.hours), (row) => (cells.weekday[row] - 1) * 24 + cells.hour[row]);
    const name = select.value;
    const value = (weekday, hour) => METRICS[name].of(sums.get(weekday * 24 + hour) || zeros());
    const most = Math.max(...[...sums.values()].map((of) => METRICS[name].of(of) || 0), 0);
    const cell = (weekday, hour) => {
      const of = value(weekday, hour);
      const made = element("td", { class: "heat" }, element("data", { value: exact(of), "data-hour": hour, "data-weekday": weekday + 1 },
        of === null ? "–" : brief.format(of)));
      made.style.setProperty("--heat", `${most && of ? Math.round((45 * of) / most) : 0}%`);
      return made;
    };
    const hour = (number) => String(number).padStart(2, "0");
    const all = Array.from({ length: 24 }, (_, number) => number);
    const days = WEEKDAYS.map((_, number) => number);
    const head = (text, full) => element("th", { scope: "col" }, full ? element("abbr", { title: full }, text) : text);
    const [top, side] = narrow.matches
      ? [days.map((day) => head(WEEKDAYS[day].slice(0, 3), WEEKDAYS[day])), all.map((of) => [hour(of), days.map((day) => cell(day, of))])]
      : [all.map((of) => head(hour(of))), days.map((day) => [WEEKDAYS[day], all.map((of) => cell(day, of))])];
    holder.replaceChildren(element("table", { class: "heatmap" },
      captioned(`${label(name)} by weekday and hour`),
      element("thead", {}, element("tr", {}, head(narrow.matches ? "Hour" : "Weekday"), ...top)),
      element("tbody", {}, ...side.map(([title, tds]) => element("tr", {}, element("th", { scope: "row" }, title), ...tds)))));
    note.textContent = coarse(contents.hours);
  }
  sections.push(part);
}

const GENDERS = { FEMALE: "Women", MALE: "Men", NONE: "Not known" };
const ageName = (age) => (age === "NONE" || !age ? "Not known" : age.replace("AGE_", "").replace("_100", "+").replace("_", "–"));
const PLATFORMS = { ANDROID: "Android", IPHONE: "iPhone", IPAD: "iPad", IOS: "iOS", PC: "Computer" };
const regions = new Intl.DisplayNames(["en"], { type: "region" });

function countryName(code) {
  if (!code || /^(none|unknown|-1|0)$/i.test(code)) return "Not known";
  try {
    return regions.of(code) || code;
  } catch {
    return code;
  }
}

function people() {
  const body = section("people", "Age and gender", {
    absent: "people", note: "TikTok leaves out people of whom it knows too little, so these can be fewer than in the totals.",
  });
  if (!body) return;
  const part = { update };
  const [select, field] = metricChooser("people-metric", () => part.update());
  const made = figure({ id: "age-and-gender", title: "By age and gender" });
  const note = element("p", { class: "hint" });
  body.append(field, made.element, note);
  function update() {
    const { cells } = contents.people;
    const sums = cells.age ? grouped(cells, keepsPeriods(contents.people), (row) => `${cells.age[row]}/${cells.gender[row]}`) : new Map();
    const ages = [...new Set([...sums.keys()].map((key) => key.split("/")[0]))].sort((one, two) => (one === "NONE") - (two === "NONE") || (one < two ? -1 : 1));
    const name = select.value;
    const genders = Object.keys(GENDERS).filter((gender) => ages.some((age) => sums.has(`${age}/${gender}`)));
    const data = genders.map((gender) => ages.map((age) => METRICS[name].of(sums.get(`${age}/${gender}`) || zeros())));
    made.show(
      () => ({
        type: "bar",
        data: { labels: ages.map(ageName), datasets: genders.map((gender, number) => ({
          label: GENDERS[gender], data: data[number], backgroundColor: color(SERIES[number]), pointStyle: "rect", maxBarThickness: 36 })) },
        options: options({ unit: METRICS[name].unit || "" }),
      }),
      `${label(name)} by age group for ${genders.map((gender) => GENDERS[gender].toLowerCase()).join(", ")}.`,
      () => table(`${label(name)} by age and gender`, ["Age", ...genders.map((gender) => GENDERS[gender])],
        ages.map((age) => [ageName(age), ...genders.map((gender) => dataOf(name, sums.get(`${age}/${gender}`) || zeros()))])),
    );
    note.textContent = coarse(contents.people);
  }
  sections.push(part);
}

function bars(id, title, section_, column, nameOf, most) {
  const body = section(id, title, { absent: section_ });
  if (!body) return;
  const part = { update };
  const [select, field] = metricChooser(`${id}-metric`, () => part.update());
  const made = figure({ id: `${id}-chart`, title: `By ${title.toLowerCase()}`, tall: most > 6 });
  const note = element("p", { class: "hint" });
  body.append(field, made.element, note);
  function update() {
    const split = contents[section_];
    const { cells } = split;
    const sums = cells[column] ? grouped(cells, keepsPeriods(split), (row) => cells[column][row]) : new Map();
    const name = select.value;
    const rows = [...sums].sort((one, two) => two[1].spend - one[1].spend || (one[0] < two[0] ? -1 : 1));
    const top = rows.slice(0, most);
    if (rows.length > most) {
      const rest = zeros();
      for (const [, of] of rows.slice(most)) for (const measure of MEASURES) rest[measure] += of[measure];
      top.push([null, rest]);
    }
    const titles = top.map(([key]) => (key === null ? `${rows.length - most} others` : nameOf(key)));
    made.show(
      () => ({
        type: "bar",
        data: { labels: titles, datasets: [{ label: label(name), data: top.map(([, of]) => METRICS[name].of(of)), backgroundColor: color("series-1"), maxBarThickness: 22 }] },
        options: options({ horizontal: true, legend: false, unit: METRICS[name].unit || "" }),
      }),
      `${label(name)}: ${titles.length ? `most spend in ${titles[0]}` : "no figures"}.`,
      () => table(title, [title, ...SPLIT_METRICS.map(label)], rows.map(([key, of]) => [nameOf(key), ...SPLIT_METRICS.map((metric) => dataOf(metric, of))])),
    );
    note.textContent = coarse(split);
  }
  sections.push(part);
}

/* -- the database */

function accountName(number) {
  const account = contents.accounts[number];
  if (!account) return "–";
  return account.id ? account.name || account.id : `Other accounts (${whole.format(account.accounts)}, ${account.currency || "currency not known"})`;
}

function changes() {
  const of = contents.changes;
  const body = section("changes", "Changes since the last sync");
  if (!of.since) {
    body.append(element("p", { class: "note" }, of.last
      ? "The database has one sync so far. From the second one on, this shows what was created or changed since the one before."
      : "The database has no record of its syncs."));
    return;
  }
  const holder = scroller("Changes: table");
  const note = element("p", { class: "hint" });
  body.append(element("p", { class: "hint" }, `What TikTok says was created or changed since ${of.since} UTC, when the sync before the last one began.`), holder, note);
  sections.push({ update() {
    const rows = of.items.filter((item) => state.account < 0 || item.account === state.account);
    holder.replaceChildren(rows.length
      ? table(of.total === 1 ? "1 change" : `${whole.format(of.total)} changes`, ["Name", "What", "When (UTC)", "Account", "Status"], rows.map((item) => [
        named(item.name), `${item.kind} ${item.what}`, item.at, named(accountName(item.account)), item.status]))
      : element("p", { class: "note" }, "Nothing was created or changed."));
    note.textContent = of.total > of.items.length ? `The newest ${of.items.length} of ${whole.format(of.total)} are here.` : "";
  } });
}

function database() {
  const body = section("data", "Freshness, open days and gaps", {
    note: "Open days may still change: TikTok adds conversions for days after a click, and the next sync reads these days again. "
      + "A day without rows is a day without ads or a day that was not read. The command “tiktok-marketing doctor” tells which.",
  });
  const holder = scroller("Days per report: table");
  const fresh = scroller("Last sync of each stream: table", contents.syncs.length
    ? table("Last sync of each stream", ["Stream", "Began (UTC)", "Hours ago", "Complete", "Missing", "Rows read"], contents.syncs.map((sync) => [
      word(sync.stream), sync.last_sync_at, sync.hours_ago === null ? "–" : whole.format(sync.hours_ago),
      sync.complete ? "yes" : element("strong", { class: "bad" }, "no"), sync.missing || "–",
      sync.read_rows === null ? "–" : whole.format(sync.read_rows)]))
    : element("p", { class: "note" }, "The database has no record of its syncs."));
  body.append(holder, fresh);
  sections.push({ update() {
    const accounts = selectedAccounts();
    const rows = contents.coverage.filter((of) => accounts[of.account]);
    holder.replaceChildren(rows.length ? table("Days per report and account",
      ["Report", "Account", "First day", "Last day", "Days without rows", "May still change", "Last read (UTC)"], rows.map((of) => [
        word(of.stream), named(accountName(of.account)), of.first, of.last, whole.format(of.empty),
        of.open_days ? `${whole.format(of.open_days)} day${of.open_days === 1 ? "" : "s"}, from ${of.open_from}` : of.stream.endsWith("_daily") ? "no" : "–", of.read_at || "–"]))
      : element("p", { class: "note" }, "No reports for this selection."));
  } });
}

/* -- filters */

const TYPES = { auction: "Auction", smart_plus: "Smart+", reservation: "Reservation", gmv_max: "GMV Max", "": "Not known" };
const currencies = [...new Set(contents.accounts.map((account) => account.currency))];
const accountsIn = (currency) => contents.accounts.filter((account) => account.currency === currency)
  .reduce((count, account) => count + account.accounts, 0);
const rowsIn = (currency) => (facts ? facts.account.filter((number) => contents.accounts[number].currency === currency).length : 0);

function fillFilters() {
  currencies.sort((one, two) => accountsIn(two) - accountsIn(one) || rowsIn(two) - rowsIn(one) || (one < two ? -1 : 1));
  state.currency = currencies[0] || "";
  byId("currency").append(...currencies.map((currency) => element("option", { value: currency }, currency || "Not known")));
  if (contents.rates.currency) byId("currency").append(element("option", { value: CONVERTED }, `All, in ${contents.rates.currency}`));
  byId("type").append(element("option", { value: -1 }, "All types"), ...contents.types.map((type, number) =>
    element("option", { value: number }, TYPES[type] || type)));
  byId("type").disabled = !contents.by_type;
  for (const name of ["since", "until"]) {
    byId(name).min = contents.days[0] || "";
    byId(name).max = contents.days[lastDay] || "";
    byId(name).value = contents.days[state[name]] || "";
    byId(name).disabled = lastDay < 0;
  }
  fillAccounts();
}

function fillAccounts() {
  const of = contents.accounts.map((account, number) => [account, number]).filter(([account]) => isChosen(account));
  state.account = -1;
  byId("account").replaceChildren(
    element("option", { value: -1 }, of.length === 1 ? "The only account" : "All accounts"),
    ...of.map(([, number]) => element("option", { value: number }, accountName(number))));
}

function readFilters(event) {
  const changed = event.target.id;
  if (changed === "currency") {
    state.currency = byId("currency").value;
    fillAccounts();
  }
  state.account = Number(byId("account").value);
  state.type = Number(byId("type").value);
  const [since, until] = ["since", "until"].map((name) => contents.days.indexOf(byId(name).value));
  const wrong = since < 0 || until < 0 || since > until;
  for (const name of ["since", "until"]) byId(name).setAttribute("aria-invalid", String(wrong));
  if (wrong) {
    byId("shown").textContent = since > until && until >= 0 ? "The first day is after the last day. Choose other days."
      : `Choose days from ${longDay(contents.days[0])} to ${longDay(contents.days[lastDay])}.`;
    return;
  }
  Object.assign(state, { since, until });
  update(true);
}

function chooseDays(event) {
  const days = Number(event.currentTarget.dataset.days);
  state.until = lastDay;
  state.since = days ? Math.max(0, lastDay - days + 1) : 0;
  for (const name of ["since", "until"]) {
    byId(name).value = contents.days[state[name]] || "";
    byId(name).removeAttribute("aria-invalid");
  }
  update(true);
}

function describe() {
  if (lastDay < 0) return "There are no figures.";
  const days = state.until - state.since + 1;
  const only = contents.accounts.findIndex(isChosen);
  const chosen = state.account >= 0 ? state.account : byId("account").options.length === 2 ? only : -1;
  const accounts = chosen >= 0 ? accountName(chosen) : "All accounts";
  const type = state.type < 0 ? "" : `, ${TYPES[contents.types[state.type]] || contents.types[state.type]} campaigns`;
  const open = openFrom();
  const changing = open && open <= contents.days[state.until] ? ` Figures from ${longDay(open > contents.days[state.since] ? open : contents.days[state.since])} on may still change.` : "";
  const money = isConverted() ? `in ${unit()} at the rate of each day` : `in ${unit() || "an unknown currency"}`;
  return `${accounts} ${money}${type}, ${longDay(contents.days[state.since])} to `
    + `${longDay(contents.days[state.until])} (${days} day${days === 1 ? "" : "s"}).${changing}${unconverted()}`;
}

function update(filtered = false) {
  byId("shown").textContent = describe();
  for (const part of sections) {
    if (filtered && part.filtered) part.filtered();
    part.update();
  }
}

function redraw() {
  charts.forEach(draw);
  for (const part of sections) if (part.redraw) part.redraw();
}

function introduce() {
  const [first, last] = contents.database_days;
  const hidden = contents.accounts.filter((account) => !account.id).reduce((sum, account) => sum + account.accounts, 0);
  const said = [`Database: ${contents.database}.`];
  if (first) said.push(`It has figures from ${longDay(first)} to ${longDay(last)}.`);
  if (first && contents.days.length && (contents.days[0] > first || contents.days[lastDay] < last)) {
    said.push(`This page shows ${longDay(contents.days[0])} to ${longDay(contents.days[lastDay])}.`);
  }
  if (hidden) said.push(`Of ${whole.format(contents.account_total)} accounts, ${whole.format(contents.account_total - hidden)} can be chosen, those with the most spend. The others are added up.`);
  if (currencies.length > 1) {
    said.push(contents.rates.currency ? "Amounts in different currencies are added up only at the exchange rates of their days."
      : "Amounts in different currencies are never added up. With exchange rates in the database, they could be: tiktok-marketing views.");
  }
  byId("about").textContent = said.join(" ");
  byId("made").textContent = `Made at ${contents.made_at} UTC by tiktok-marketing ${contents.version}. Not affiliated with TikTok. Charts by Chart.js (MIT licence).`;
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
fillFilters();
introduce();
if (facts || contents.absent.facts) overview();
if (facts) {
  legs();
  drilldown();
  creatives();
  hours();
  people();
  bars("countries", "Country", "countries", "country_code", countryName, 12);
  bars("platforms", "Platform", "platforms", "platform", (name) => PLATFORMS[name] || name || "Not known", 6);
} else if (!contents.absent.facts) {
  const [first, last] = contents.database_days;
  section("overview", "Overview").append(element("p", { class: "note" }, first
    ? `There are no figures for the days of this page. The database has ${longDay(first)} to ${longDay(last)}.`
    : "The reports are empty: no ad had figures."));
}
changes();
database();
byId("filters").addEventListener("change", readFilters);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
document.querySelectorAll("[data-days]").forEach((button) => button.addEventListener("click", chooseDays));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); redraw(); });
addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); redraw(); });
update();
document.documentElement.dataset.ready = "true";
})();
