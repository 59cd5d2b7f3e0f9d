"""Holds the docs against the code: `make docs`. With `--write`, generated parts are rewritten instead of compared."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from reference import help_of_commands, messages_of_the_code, table_of_metrics, table_of_unread, tables_of_columns

from tiktok_marketing.airbyte.spec import CONNECTION_SPECIFICATION
from tiktok_marketing.catalog import ALL_STREAMS, ON_REQUEST, REPORTS, STREAMS, AnyStream, Grain, ReportStream
from tiktok_marketing.catalog.breakdowns import BREAKDOWNS
from tiktok_marketing.catalog.presets import PRESETS
from tiktok_marketing.catalog.scopes import permissions_of
from tiktok_marketing.config_sources import option_of
from tiktok_marketing.emulator.endpoints.access import OPTIONAL_SANDBOX_PATHS as OPTIONAL
from tiktok_marketing.emulator.endpoints.access import SANDBOX_PATHS
from tiktok_marketing.emulator.endpoints.known import KNOWN
from tiktok_marketing.emulator.endpoints.served import ENDPOINTS
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import OPTIONS, SETTINGS, key_of, variable_of
from tiktok_marketing.sync.plan.selection import streams_named
from tiktok_marketing.views import definitions_of

DOCS = Path(__file__).parent
ROOT = DOCS.parent
STREAMS_PAGE = DOCS / "streams.md"
REQUIREMENTS = ROOT / "requirements"
NODE_LOCK = "package-lock.json"
ENDPOINTS_PAGE = DOCS / "endpoints.md"
SETTINGS_PAGE = DOCS / "configuration.md"
COMMANDS_PAGE = DOCS / "commands.md"
CREDENTIALS_PAGE = DOCS / "credentials.md"
RECIPES_PAGE = DOCS / "recipes.md"
METRICS_PAGE = DOCS / "metrics.md"
VIEWS_PAGE = DOCS / "views.md"
TABLES_PAGE = DOCS / "tables.md"
UNREAD_PAGE = DOCS / "not-read.md"
MESSAGES_PAGE = DOCS / "troubleshooting.md"
MESSAGE = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
SUMMARIZED = {report.name for report in (*REPORTS, *BREAKDOWNS)}
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
ANCHOR = re.compile(r"\]\((?!https?://)([^)#]*)#([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TEST = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
NAMED_TEST = re.compile(r"\| `(test_\w+)` \|$")
CLIENT = re.compile(r"^\| `([\w-]+)` \|(?: ([\w-]+) \| ([\d.]+) \|)?")
PINNED = re.compile(r"^([\w.-]+)==([^ ;]+)", re.MULTILINE)
SCRIPT = re.compile(r"\b((?:benchmarks|tests)/[\w/]+\.py)")
MAKE = re.compile(r"(?:`|^\s*(?:\$ )?)make (\w+)", re.MULTILINE)
TARGET = re.compile(r"^(\w+):", re.MULTILINE)
PROVED = re.compile(r"(S(?=`::)|)`(tests/[\w/]+\.py|(?=::))(?:::(test_\w+))?`")
DESTINATIONS_PAGE = DOCS / "destinations.md"
PLACE = re.compile(r'^    "(\w+)": \w+,$', re.MULTILINE)
PROVED_PAGES = (DOCS / "reliability.md", DOCS / "tried.md")
COMMAND = re.compile(r"(?:`|^\s*(?:\$ )?)tiktok-marketing (\w+)", re.MULTILINE)


def main() -> int:
    """Check everything; print what is wrong."""
    wrong = [
        *wrong_links(),
        *wrong_anchors(),
        *missing_fields(),
        *wrong_commands(),
        *unproved_differences(),
        *unproved_clients(),
        *wrong_destinations(),
        *wrong_scripts(),
        *unknown_messages(),
        *unknown_streams(),
        *pages_out_of_reach(),
        *promises_without_a_test(),
        *old_tables(write="--write" in sys.argv),
        *old_figures(write="--write" in sys.argv),
    ]
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    return 1 if wrong else 0


def pages() -> list[Path]:
    """Every page."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]


def wrong_links() -> list[str]:
    """Links to files that do not exist."""
    return [
        f"{page.relative_to(ROOT)}: no file {target}"
        for page in pages()
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]


def wrong_anchors() -> list[str]:
    """Links to headings that do not exist."""
    return [
        f"{page.relative_to(ROOT)}: no heading {target}#{anchor}"
        for page in pages()
        for target, anchor in ANCHOR.findall(page.read_text())
        if anchor not in anchors(page.parent / target if target else page)
    ]


def anchors(page: Path) -> set[str]:
    """What links to the headings of a page are called."""
    headings = HEADING.findall(page.read_text()) if page.exists() else []
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_fields() -> list[str]:
    """Fields of the configuration that its page does not name."""
    text = (DOCS / "configuration.md").read_text()
    properties = CONNECTION_SPECIFICATION["properties"]
    inner = {name for branch in properties["credentials"]["oneOf"] for name in branch["properties"]}
    fields = [*(name for name in properties if name != "credentials"), *(f"credentials.{name}" for name in inner)]
    return [f"docs/configuration.md: no word of `{field}`" for field in fields if f"`{field}`" not in text]


def wrong_commands() -> list[str]:
    """Commands in the pages that do not exist, and commands that no page names."""
    from tiktok_marketing.cli.main import command as cli

    named: set[str] = set()
    wrong = []
    for page in pages():
        for command in COMMAND.findall(page.read_text()):
            named.add(command)
            if command not in cli.commands:
                wrong.append(f"{page.relative_to(ROOT)}: there is no command `tiktok-marketing {command}`")
    wrong += [f"docs: no page shows `tiktok-marketing {command}`" for command in cli.commands if command not in named]
    return wrong


def promises_without_a_test() -> list[str]:
    """Tests that the pages name and that do not exist. `::test_b` after another one's path is in the same file."""
    wrong = []
    for page in PROVED_PAGES:
        path = ""
        for simulated, named, test in PROVED.findall(page.read_text()):
            path = "tests/simulation/test_simulation.py" if simulated else named or path
            there = (ROOT / path).exists()
            if not there or (test and test not in TEST.findall((ROOT / path).read_text())):
                wrong.append(f"{page.relative_to(ROOT)}: there is no {path}{f'::{test}' if test else ''}")
    return wrong


def unproved_differences() -> list[str]:
    """Differences from Airbyte's connector that no test shows, and tests of its faults that the page does not name."""
    page = (DOCS / "coming-from-airbyte.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| 4.7.0 |")]
    parity = ROOT / "tests" / "parity"
    tests = set(TEST.findall("".join(path.read_text() for path in parity.glob("test_*.py"))))
    faults = set(TEST.findall("".join(path.read_text() for path in parity.glob("test_faults_*.py"))))
    named = {name for row in rows for name in NAMED_TEST.findall(row)}
    wrong = [f"no test beside {row[:60]!r}" for row in rows if not NAMED_TEST.search(row)]
    wrong += [f"no test {name} in tests/parity" for name in sorted(named - tests)]
    wrong += [f"no word of {name}" for name in sorted(faults - named)]
    return [f"docs/coming-from-airbyte.md: {line}" for line in wrong]


def unproved_clients() -> list[str]:
    """Rows about clients that no test shows, and clients, versions and tests that the page does not name."""
    rows = [line for line in (DOCS / "clients.md").read_text().splitlines() if CLIENT.match(line)]
    folder = ROOT / "tests" / "clients"
    tests = {name: TEST.findall(path.read_text()) for path in folder.glob("test_*.py") for name in [_client_of(path)]}
    clients = {"airbyte", *(path.stem.removeprefix("clients-") for path in REQUIREMENTS.glob("clients-*.txt"))}
    clients |= {path.parent.name.removeprefix("clients-") for path in REQUIREMENTS.glob(f"clients-*/{NODE_LOCK}")}
    named: set[tuple[str, str]] = set()
    wrong = []
    for row in rows:
        client, package, version = CLIENT.findall(row)[0]
        test = NAMED_TEST.findall(row)
        if not test or test[0] not in tests.get(client, []):
            wrong.append(f"no such test in tests/clients beside {row[:60]!r}")
        named.update((client, name) for name in test)
        if package and client in clients and dict(_pinned(client)).get(package) != version:
            wrong.append(f"another version than {package} {version} is locked")
    wrong += [f"no row about {client}" for client in sorted(clients ^ {client for client, _ in named})]
    proved = {(client, name) for client, names in tests.items() for name in names}
    wrong += [f"no word of {name}" for _, name in sorted(proved - named)]
    return [f"docs/clients.md: {line}" for line in wrong]


def wrong_destinations() -> list[str]:
    """Rows about destinations that the code contradicts, and destinations and tests that the page does not name."""
    from tiktok_marketing.pipelines import destination_of
    from tiktok_marketing.pipelines.databases.kinds import KINDS
    from tiktok_marketing.pipelines.databases.through_dlt.destination import DltDestination
    from tiktok_marketing.pipelines.databases.through_dlt.services import SERVICES

    text = DESTINATIONS_PAGE.read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| [^|]+ \| `", line)]
    places = set(PLACE.findall((ROOT / "tests" / "destinations" / "places.py").read_text()))
    wrong, named, schemes = [], set[str](), set[str]()
    for row in rows:
        address, extra, whole, shown = row[1].strip("`"), row[2].strip("`"), row[3], row[-1]
        destination = destination_of(address)
        schemes.add(address.partition(":")[0])
        if destination.extra != extra:
            wrong.append(f"{row[0]} needs the extra {destination.extra}, not {extra}")
        if isinstance(destination, DltDestination):
            promised = "in one transaction" if destination.address.service.atomic else "not at once"
            if whole != promised:
                wrong.append(f"{row[0]} replaces days {promised}")
        tests = set(re.findall(r"`(\w+)`", shown))
        if not tests and shown != "not tried here":
            wrong.append(f"no test beside {row[0]}")
        named |= tests
    wrong += [f"no place {name} in tests/destinations" for name in sorted(named - places)]
    wrong += [f"no word of the place {name}" for name in sorted(places - named)]
    other_names = {"postgres", "md", "mariadb", "s3a", "gcs", "abfs", "abfss", "file"}
    wrong += [f"no row about {scheme}:" for scheme in sorted(KINDS.keys() - schemes - other_names)]
    variables = {service.password_variable for service in SERVICES} - {""}
    wrong += [f"no word of {variable}" for variable in sorted(variables) if f"`{variable}`" not in text]
    return [f"docs/destinations.md: {line}" for line in wrong]


def unknown_messages() -> list[str]:
    """Messages that the page about them quotes and that no part of the code has. `…` stands for anything."""
    known = messages_of_the_code()
    quoted = MESSAGE.findall(MESSAGES_PAGE.read_text())
    wrong = [] if quoted else ["no message is quoted"]
    for message in quoted:
        words = re.compile(".*".join(re.escape(piece.strip()) for piece in message.split("…")), re.DOTALL)
        if not any(words.search(text) for text in known):
            wrong.append(f"the code has no message {message!r}")
    return [f"docs/troubleshooting.md: {line}" for line in wrong]


def unknown_streams() -> list[str]:
    """What the page of recipes chooses and no stream, preset or view is."""
    text = RECIPES_PAGE.read_text()
    known = {stream.name for stream in ALL_STREAMS} | {view.name for view in definitions_of("answers")}
    named = re.findall(r"`((?:\w+_reports|gmv_max|daily|open)_\w+)`", text)
    wrong = [f"there is no stream or view {name}" for name in named if name not in known]
    for names in re.findall(r"--streams \"?([\w*,]+)", text):
        try:
            streams_named([names], sandbox=False)
        except ConfigurationError as error:
            wrong.append(error.message)
    presets = {preset.name for preset in PRESETS}
    wrong += [f"there is no preset {name}" for name in re.findall(r"--preset (\w+)", text) if name not in presets]
    return [f"docs/recipes.md: {line}" for line in wrong]


def pages_out_of_reach() -> list[str]:
    """Pages that the site's navigation does not list, or lists twice, and pages that the README does not link."""
    listed = re.findall(r"^ +- ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    linked = (ROOT / "README.md").read_text()
    names = {page.name for page in DOCS.glob("*.md")}
    wrong = [f"mkdocs.yml lists {name} {listed.count(name)} times" for name in names if listed.count(name) != 1]
    reached = {"index.md", *re.findall(r"\(docs/([\w-]+\.md)\)", linked)}
    wrong += [f"README.md: no link to docs/{name}" for name in names - reached]
    return sorted(wrong)


def _client_of(path: Path) -> str:
    return path.stem.removeprefix("test_").replace("_", "-")


def _pinned(client: str) -> list[tuple[str, str]]:
    node_lock = REQUIREMENTS / f"clients-{client}" / NODE_LOCK
    if node_lock.exists():
        packages = json.loads(node_lock.read_text())["packages"]
        return [(path.removeprefix("node_modules/"), package["version"]) for path, package in packages.items() if path]
    name = "parity" if client == "airbyte" else f"clients-{client}"
    return PINNED.findall((ROOT / "requirements" / f"{name}.txt").read_text())


def old_tables(*, write: bool) -> list[str]:
    """Generated tables that are not what the code says."""
    tables = (
        (STREAMS_PAGE, "streams", table_of_streams(STREAMS)),
        (STREAMS_PAGE, "streams on request", table_of_streams(ON_REQUEST)),
        (ENDPOINTS_PAGE, "endpoints", table_of_endpoints()),
        (SETTINGS_PAGE, "settings", table_of_settings()),
        (CREDENTIALS_PAGE, "permissions", table_of_permissions()),
        (COMMANDS_PAGE, "commands", help_of_commands()),
        (METRICS_PAGE, "metrics", table_of_metrics()),
        (TABLES_PAGE, "columns", tables_of_columns()),
        (UNREAD_PAGE, "unread", table_of_unread()),
        (VIEWS_PAGE, "views", tables_of_views()),
        (VIEWS_PAGE, "fivetran", table_of_fivetran()),
    )
    return [line for page, name, table in tables for line in _old_table(page, name, table, write=write)]


def _old_table(page: Path, name: str, table: str, *, write: bool) -> list[str]:
    """The page, if its table of this name is another one. With `write`, it becomes this one."""
    part = re.compile(rf"(<!-- table of {name}: made by docs/check.py -->\n).*?(<!-- end -->)", re.DOTALL)
    text = page.read_text()
    if not part.search(text):
        return [f"{page.relative_to(ROOT)}: there is no place for the table of {name}"]
    made = part.sub(lambda match: f"{match[1]}{table}{match[2]}", text)
    if made == text:
        return []
    if write:
        page.write_text(made)
        return []
    return [f"{page.relative_to(ROOT)}: the table of {name} is old; run `python docs/check.py --write`"]


def table_of_permissions() -> str:
    """One row for each permission, with the streams that are out of reach without it."""
    streams: dict[str, list[str]] = {}
    for stream in ALL_STREAMS:
        for permission in permissions_of(stream):
            scope = "not documented" if permission.scope is None else permission.scope
            row = f"{permission.group} ({permission.group_scope}) | {permission.name} | {scope}"
            streams.setdefault(row, []).append(stream.name)
    lines = ["| group | permission | scope | without it, these streams are out of reach |", "|---|---|---|---|"]
    for row, names in streams.items():
        shown = [f"`{name}`" for name in names if name not in SUMMARIZED]
        for reports, words in ((REPORTS, "reports"), (BREAKDOWNS, "reports by a dimension")):
            if count := sum(report.name in names for report in reports):
                shown.append(f"all {count} {words}")
        lines.append(f"| {row} | {', '.join(shown)} |")
    free = ", ".join(f"`{stream.name}`" for stream in ALL_STREAMS if not permissions_of(stream))
    return "\n".join([*lines, f"| none | | | {free} needs none |"]) + "\n"


def table_of_settings() -> str:
    """One row for each setting, with its option and its variable."""
    lines = ["| setting | option | variable |", "|---|---|---|"]
    for setting in SETTINGS:
        option = f"`{option_of(setting.name)}`" if setting in OPTIONS else "none"
        lines.append(f"| `{key_of(setting)}` | {option} | `{variable_of(setting)}` |")
    return "\n".join(lines) + "\n"


def table_of_endpoints() -> str:
    """One row for each endpoint that the emulator serves, and how many it does not."""
    lines = ["| endpoint | method | records | answer | sandbox |", "|---|---|---|---|---|"]
    for endpoint in ENDPOINTS:
        sandbox = "yes" if endpoint.path in SANDBOX_PATHS else "with an option" if endpoint.path in OPTIONAL else "no"
        cells = (
            f"`{endpoint.path}`",
            ", ".join(endpoint.methods),
            f"`{endpoint.records}`" if endpoint.records else "",
            endpoint.summary,
            sandbox,
        )
        lines.append(f"| {' | '.join(cells)} |")
    known = len(KNOWN.keys() | {endpoint.path for endpoint in ENDPOINTS})
    return "\n".join(lines) + f"\n\nThese are {len(ENDPOINTS)} of {known} endpoints of August 2026.\n"


def tables_of_views() -> str:
    """A heading, the meaning and the columns of each view."""
    parts = []
    for view in definitions_of("answers"):
        streams = ", ".join(f"`{name}`" for name in view.needed_streams) or "the reports that are there"
        rows = "".join(f"| `{column.name}` | {column.type} | {column.description} |\n" for column in view.columns)
        parts.append(
            f"### {view.name}\n\n{view.description} Made from {streams}.\n\n"
            f"| column | type | meaning |\n|---|---|---|\n{rows}"
        )
    return "\n".join(parts)


def table_of_fivetran() -> str:
    """One row for each table of Fivetran's layout."""
    rows = "".join(
        f"| `{view.name}` | {view.title} {view.remark} | {', '.join(f'`{name}`' for name in view.needed_streams)} |\n"
        for view in definitions_of("fivetran")
    )
    return f"| table | rows | made from |\n|---|---|---|\n{rows}"


def wrong_scripts() -> list[str]:
    """Scripts and targets of make in the pages that do not exist."""
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    wrong = []
    for page in pages():
        text = page.read_text()
        scripts = [one for one in SCRIPT.findall(text) if not (ROOT / one).exists()]
        wrong += [f"{page.relative_to(ROOT)}: no script {one}" for one in scripts]
        missing = [one for one in MAKE.findall(text) if one not in targets]
        wrong += [f"{page.relative_to(ROOT)}: no `make {one}`" for one in missing]
    return wrong


def old_figures(*, write: bool) -> list[str]:
    """Figures in the page on performance that are not those of the benchmarks' last run."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    page = importlib.import_module("page")
    if page.renewed(page.PAGE.read_text(), page.results()) == page.PAGE.read_text():
        return []
    if write:
        page.keep(page.results())
        return []
    return ["docs/performance.md: not the figures of benchmarks/results; run `python docs/check.py --write`"]


def table_of_streams(streams: Sequence[AnyStream]) -> str:
    """One row for each stream."""
    lines = [
        "| stream | records | endpoint | key | cursor | one request covers | sandbox | delay |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for stream in streams:
        cells = (
            f"`{stream.name}`",
            stream.description,
            f"`/{stream.endpoint}`",
            ", ".join(f"`{field}`" for field in stream.primary_key) or "none",
            f"`{stream.cursor}`" if stream.cursor else "none",
            covers(stream),
            "yes" if stream.sandbox else "no",
            f"{stream.source.hours_late} hours" if isinstance(stream, ReportStream) else "none",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def covers(stream: AnyStream) -> str:
    """What one request is about, in words."""
    if isinstance(stream, ReportStream):
        most = f"{stream.source.most_days} days"
        days = {Grain.DAY: most, Grain.HOUR: "1 day", Grain.SPAN: "365 days", Grain.LIFETIME: "all time"}
        return f"{days[stream.source.grain]} of one account"
    parent = stream.source.parent
    if parent is not None:
        things = " and ".join(field.removesuffix("_id").replace("_", " ") for field in parent.parameters.values())
        return f"{parent.at_once} {things}s of one account" if parent.at_once else f"one {things} of one account"
    return {"token": "all accounts", "batch": "100 accounts", "account": "one account"}[stream.scope]


if __name__ == "__main__":
    sys.exit(main())
