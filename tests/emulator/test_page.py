"""Every example of the emulator's page runs, and its tables state the real defaults."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from tiktok_marketing.cli.emulator import emulator as command
from tiktok_marketing.cli.emulator import options_of
from tiktok_marketing.emulator import Emulator, Fault, Options
from tiktok_marketing.emulator.faults.fault import CHANGES, REPLACEMENTS

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
FLAGS = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
FAULT_SECTION = PAGE[PAGE.index("## Faults") : PAGE.index("## Control paths")]
ADDRESS = "http://127.0.0.1:8080"


def spans(text: str) -> list[str]:
    """The pieces of code in a text. A bar in a table is escaped there."""
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", text)]


def commands() -> list[list[str]]:
    """The commands in blocks for a shell, as words."""
    joined = "\n".join(text for kind, text in BLOCKS if kind == "sh").replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line.strip()]


@pytest.fixture
async def started(session: aiohttp.ClientSession) -> AsyncIterator[Emulator]:
    """The emulator that the page starts."""
    assert session
    async with Emulator(Options(now=datetime(2026, 3, 10, 15, tzinfo=UTC))) as emulator:
        yield emulator


def test_every_fault_on_the_page_is_one() -> None:
    """Those in tables, in the text and in commands. Names of fields alone are no faults."""
    names = set(Fault.__struct_fields__)
    found = [span for span in spans(FAULT_SECTION) if span.partition("=")[0] in names and ("=" in span)]
    effects = [span for span in found if span.split(",")[0].partition("=")[0] != "keep"]
    assert len(effects) > 30
    for text in effects:  # with an effect beside those that are only selectors
        Fault.parse(text if has_effect(text) else f"{text},latency=1")


def has_effect(text: str) -> bool:
    """Whether a text has more than selectors."""
    return any(pair.partition("=")[0] in {*REPLACEMENTS, *CHANGES} for pair in text.split(","))


def test_the_page_names_every_field_of_a_fault() -> None:
    """And no other in its tables of selectors and effects."""
    named = {name for span in spans(FAULT_SECTION) for name in re.split(r"[ ,=]", span)}
    assert set(Fault.__struct_fields__) - named == set()


def test_every_option_on_the_page_exists() -> None:
    """In the text, in tables and in commands."""
    named = {word for span in spans(PAGE) for word in re.findall(r"--[a-z][a-z-]+", span)}
    named |= {word for words in commands() if words[:2] == ["tiktok-marketing", "emulator"] for word in words
              if word.startswith("--")}  # fmt: skip
    assert named - {"--help"} <= FLAGS
    assert len(named) > 25


def test_the_tables_state_the_real_defaults() -> None:
    """Each row with a switch and a default."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Options)}
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in PAGE.splitlines()
            if line.startswith("| ")]  # fmt: skip
    checked = 0
    for row in rows:
        switch = next((cell for cell in row if re.fullmatch(r"`--[a-z-]+`", cell)), None)
        if switch is None:
            continue
        default = defaults[switch.strip("`").removeprefix("--").replace("-", "_")]
        stated = row[row.index(switch) + 1]
        if isinstance(default, bool):
            assert stated == ("on" if default else "off"), row
            checked += 1
        elif isinstance(default, int):
            assert stated.replace(",", "") == str(default), row
            checked += 1
    assert checked > 20


def test_the_commands_on_the_page_are_accepted() -> None:
    """The emulator's own, without being started."""
    starts = [words for words in commands() if words[:2] == ["tiktok-marketing", "emulator"]]
    assert len(starts) > 1
    for words in starts:
        settings = command.make_context("emulator", words[2:]).params
        del settings["verbose"], settings["as_json"]
        assert options_of({name: value for name, value in settings.items() if value is not None and name != "debug"})


async def test_the_requests_on_the_page_get_the_answers_below_them(
    started: Emulator, session: aiohttp.ClientSession
) -> None:
    """In their order. An answer that the page shows is the whole one."""
    requests = re.findall(r"```sh\n(curl .*?)```(?:\n\n```json\n(.*?)\n```)?", PAGE, re.DOTALL)
    assert len(requests) >= 4
    for text, shown in requests:
        answer = await curl(started, session, shlex.split(text.replace("\\\n", " ")))
        assert not shown or answer == shown
    assert sum(bool(shown) for _, shown in requests) >= 2


async def curl(started: Emulator, session: aiohttp.ClientSession, words: list[str]) -> str:
    """The answer to a request that is written for curl."""
    url = next(word for word in words if word.startswith(ADDRESS)).replace(ADDRESS, started.url)
    values = {name: [words[at + 1] for at, word in enumerate(words) if word == name]
              for name in ("--header", "--data", "--request")}  # fmt: skip
    headers = dict(header.split(": ") for header in values["--header"])
    params: Any = [tuple(pair.split("=", 1)) for pair in values["--data"]] if "--get" in words else None
    body = None if "--get" in words else "".join(values["--data"]) or None
    method = (values["--request"] or ["GET"])[0]
    async with session.request(method, url, params=params, data=body, headers=headers) as response:
        assert response.status == 200
        return await response.text()


def test_the_program_on_the_page_runs(tmp_path: Path) -> None:
    """It prints the address and the number of rows."""
    (program,) = [text for kind, text in BLOCKS if kind == "python"]
    file = tmp_path / "program.py"
    file.write_text(program)
    done = subprocess.run(  # noqa: S603 - the page's own program
        [sys.executable, str(file)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("http://127.0.0.1:")
    assert "'campaign'" in done.stdout


def test_the_configuration_on_the_page_is_that_of_the_default_seed() -> None:
    """Its credentials are those that the ready line prints."""
    config = next(json.loads(text) for kind, text in BLOCKS if kind == "json" and "credentials" in text)
    emulator = Emulator(Options())
    assert (config["credentials"]["app_id"], config["credentials"]["secret"]) == (emulator.app_id, emulator.secret)
    assert config["credentials"]["access_token"] == emulator.access_token
