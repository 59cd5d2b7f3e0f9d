"""No command fails because a terminal's encoding lacks a character; Airbyte's messages are UTF-8 in any case."""

from __future__ import annotations

import json

import pytest

from processes import COMMAND, SOURCE, Folder
from tiktok_marketing.emulator.faults import Fault

pytestmark = pytest.mark.thorough

NAME = "店 ✓ Ünï → 😀"
ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "cp936": {"PYTHONIOENCODING": "cp936"},
    "cp437": {"PYTHONIOENCODING": "cp437:strict"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:replace"},
    "no locale": {"LANG": None, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "no coercion": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
}
COMMANDS = [
    (COMMAND, "check", "--config", "c.json"),
    (COMMAND, "plan", "--config", "c.json"),
    (COMMAND, "streams"),
    (COMMAND, "doctor", "--config", "c.json"),
    (COMMAND, "sync", "--config", "c.json", "--to", "店 é.duckdb", "--streams", "campaigns"),
    (COMMAND, "sync", "--config", "c.json", "--to", "店 é.csv"),
    (COMMAND, "check", "--config", "店 é.json"),
    (COMMAND, "店 é"),
    (COMMAND, "--help"),
    (SOURCE, "--help"),
    (SOURCE, "店 é"),
]
JSON = [
    (COMMAND, "streams", "--json"),
    (COMMAND, "plan", "--config", "c.json", "--json"),
    (COMMAND, "doctor", "--config", "c.json", "--json"),
]


@pytest.fixture
def odd_names(folder: Folder) -> Folder:
    """A folder whose emulator's account has a name with characters from everywhere."""
    folder.emulator.faults.add(Fault(path="advertiser/info/", edit="name", value=NAME))
    folder.emulator.faults.add(Fault(path="campaign/get/", edit="campaign_name", value=NAME))
    return folder


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_command_has_an_encoding_error(odd_names: Folder, encoding: str) -> None:
    """What an encoding lacks is written in ASCII. Every byte belongs to the encoding, and marks have a meaning."""
    variables = ENCODINGS[encoding]
    codec = (variables.get("PYTHONIOENCODING") or "utf-8").partition(":")[0]
    for line in COMMANDS:
        ended = odd_names.run(*line, **variables)
        assert ended.code in {0, 1, 2}
        for printed in (ended.out, ended.err):
            assert b"Traceback" not in printed
            assert b"fault of the program" not in printed
            assert b"UnicodeEncodeError" not in printed
            shown = printed.decode("utf-8" if line[-1] == "--help" and codec == "ascii" else codec)
            if printed and line[:2] == (COMMAND, "check") and line[-1] == "c.json":
                assert any(mark in shown for mark in ("✓ Reports: ", "OK Reports: "))
                assert any(name in shown for name in (NAME, r"\u5e97", "店 OK", "?"))


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "no locale"])
def test_json_is_the_same_in_every_encoding(odd_names: Folder, encoding: str) -> None:
    """It is ASCII, so that whatever reads it need not know the encoding, and it is valid."""
    for line in JSON:
        ended = odd_names.run(*line, **ENCODINGS[encoding])
        text = ended.out.decode("utf-16" if encoding == "utf-16" else "ascii")
        assert json.loads(text)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "no locale"])
def test_messages_of_the_protocol_are_utf_8_in_every_encoding(odd_names: Folder, encoding: str) -> None:
    """Spec, check, discover and read, with names that other encodings lack."""
    for line in (
        ("spec",),
        ("check", "--config", "c.json"),
        ("discover", "--config", "c.json"),
        ("read", "--config", "c.json", "--catalog", "catalog.json"),
    ):
        ended = odd_names.run(SOURCE, *line, **ENCODINGS[encoding])
        messages = [json.loads(message) for message in ended.out.decode("utf-8").split("\n") if message]
        assert ended.code == 0
        if line[0] == "read":
            records = [message["record"]["data"] for message in messages if message["type"] == "RECORD"]
            assert {record["campaign_name"] for record in records if "campaign_name" in record} == {NAME}
