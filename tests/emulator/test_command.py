"""The help of `tiktok-marketing emulator`."""

import re

import click
import msgspec
from click.testing import CliRunner

from tiktok_marketing.cli.emulator import emulator
from tiktok_marketing.emulator import Options


def test_the_help_begins_with_an_example() -> None:
    """The first lines below the usage show a command that can be copied."""
    lines = CliRunner().invoke(emulator, ["--help"], prog_name="tiktok-marketing emulator").output.splitlines()
    assert lines[2].strip().startswith("Example:")
    assert lines[4].strip() == "tiktok-marketing emulator --port 8080 --now 2026-03-10T15:00"


def test_the_help_groups_every_option_under_a_heading() -> None:
    """Each section has a heading of its own, and no option is left under a general one."""
    output = CliRunner().invoke(emulator, ["--help"]).output
    headings = re.findall(r"^(\w.*):$", output, re.MULTILINE)
    assert headings[:3] == ["Server", "Business", "Quota"]
    assert "Options" not in headings
    assert len(headings) == len(set(headings)) == 7
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
