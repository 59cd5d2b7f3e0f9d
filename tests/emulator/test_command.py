"""The help of `tiktok-marketing emulator`."""

import re
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner

from tiktok_marketing.cli.emulator import emulator
from tiktok_marketing.cli.main import run
from tiktok_marketing.emulator import Emulator, Options


def test_the_help_begins_with_an_example() -> None:
    """The first lines show commands that can be copied."""
    lines = CliRunner().invoke(emulator, ["--help"], prog_name="tiktok-marketing emulator").output.splitlines()
    assert lines[0] == "Examples:"
    assert lines[1].strip() == "tiktok-marketing emulator --port 8080 --now 2026-03-10T15:00"


def test_the_help_groups_every_option_under_a_heading() -> None:
    """Each section has a heading of its own, and no option is left under a general one."""
    output = CliRunner().invoke(emulator, ["--help"]).output
    headings = re.findall(r"^(\w.*):$", output, re.MULTILINE)
    assert headings[:4] == ["Examples", "Server", "Business", "Quota"]
    assert "Options" not in headings
    assert len(headings) == len(set(headings)) == 8
    flags = [parameter.opts[-1] for parameter in emulator.params]
    assert [flag for flag in flags if f"{flag} " not in output] == []


def test_the_help_states_the_real_defaults() -> None:
    """A default in the text of an option is the default of the emulator's options."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(Options)}
    stated = {
        parameter.name: match[1]
        for parameter in emulator.params
        if isinstance(parameter, click.Option) and (match := re.search(r"\[default: ([\w,]+)\]", parameter.help or ""))
    }
    assert len(stated) > 20
    for name, text in stated.items():
        default = defaults[str(name)]
        if isinstance(default, bool):
            assert text == ("on" if default else "off"), name
        elif isinstance(default, tuple):
            assert text == ",".join(default), name
        else:
            assert float(text) == default if text.isdigit() else text == default, name


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--minute-window", "0"), ("--minute-suspension", "-5"), ("--requests-per-second", "-1"),
        ("--requests-per-minute", "0"), ("--days", "-3"), ("--taken-back", "-1"), ("--answer-jitter", "-0.1"),
        ("--default-buying-types", "AUCTION,OTHER"), ("--tier", "gold"), ("--advertisers", "0"), ("--active", "-1"),
        ("--now", "1999-01-01"), ("--anchor", "2999-01-01"), ("--cache-mb", "-1"), ("--fault", "latency=-1"),
    ],
)  # fmt: skip
def test_an_option_without_meaning_ends_the_command(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with exit code 2 and a message that names the option, before anything listens."""
    assert run(["emulator", "--port", "0", option, value]) == 2
    printed = capsys.readouterr()
    assert option in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("host", "begin"),
    [("::1", "http://[::1]:"), ("fe80::1%eth0", "http://[fe80::1%25eth0]:"), ("127.0.0.1", "http://127.0.0.1:")],
)
def test_the_address_can_be_used_as_it_is_printed(host: str, begin: str) -> None:
    """An IPv6 address stands in brackets."""
    options: dict[str, Any] = {"host": host, "port": 8080}
    assert Emulator(Options(**options)).url == f"{begin}8080"
