"""What a person sees and types on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator_process import EmulatorProcess
from processes import COMMAND, free_port
from terminal import Terminal


@pytest.fixture
def variables(environment: dict[str, str]) -> dict[str, str]:
    """A terminal's environment that does not know the application."""
    unknown = {"TIKTOK_APP_ID", "TIKTOK_SECRET"}
    return {"TERM": "xterm", **{name: value for name, value in environment.items() if name not in unknown}}


def test_the_login_asks_and_takes_what_is_pasted(
    variables: dict[str, str], tmp_path: Path, api: EmulatorProcess
) -> None:
    """The secret does not appear on the screen, and a wrong paste is asked for again."""
    command = [COMMAND, "login", "--no-browser", "--port", str(free_port())]
    with Terminal(command, variables, tmp_path) as terminal:
        terminal.wait_for(r"\(app_id\): ")
        terminal.type(f"{api.info['app_id']}\n")
        terminal.wait_for(r"\(not shown\): ")
        terminal.type(f"{api.info['secret']}\n")
        state = terminal.wait_for(r"[?&]state=([\w-]+)")[1]
        terminal.wait_for("paste its address here")
        terminal.type("what is this\n")
        terminal.wait_for("has no auth_code")
        terminal.type(f"http://localhost:1/?auth_code=demo-auth-code&state={state}\n")
        terminal.wait_for("The token is in tiktok-marketing.json")
        assert terminal.end() == 0
        assert api.info["secret"] not in terminal.screen
    written = json.loads((tmp_path / "tiktok-marketing.json").read_text())
    assert written["credentials"]["access_token"] == api.info["access_token"]


def test_ctrl_c_ends_the_login_at_every_question(variables: dict[str, str], tmp_path: Path) -> None:
    """The exit code is 130, and no file is written."""
    answers = ["7000000000000000001\n", "a-secret-of-ours\n"]
    questions = [r"\(app_id\): ", r"\(not shown\): ", "paste its address here"]
    for answered in range(len(questions)):
        command = [COMMAND, "login", "--no-browser", "--port", str(free_port())]
        with Terminal(command, variables, tmp_path) as terminal:
            for question, answer in zip(questions, answers[:answered], strict=False):
                terminal.wait_for(question)
                terminal.type(answer)
            terminal.wait_for(questions[answered])
            assert terminal.interrupt() == 130
            assert "Traceback" not in terminal.screen
    assert list(tmp_path.glob("*.json")) == []


def test_config_init_asks_and_shows_no_secret(variables: dict[str, str], tmp_path: Path) -> None:
    """A wrong answer is explained, and asked for again."""
    with Terminal([COMMAND, "config", "init"], variables, tmp_path) as terminal:
        for question, answer in (
            (r"\(app_id\): ", "7000000000000000001"),
            (r"secret \(not shown\): ", "a-secret-of-ours"),
            (r"token \(not shown\): ", "tab\x01tab"),
            (r"not allowed in it. Copy it again, without line breaks.(?s:.*)token \(not shown\): ", ""),
            (r"first day of reports[^:]*: ", "1/2/2026"),
            (r"is not a date", "2026-02-01"),
        ):
            terminal.wait_for(question)
            terminal.type(f"{answer}\n")
        assert terminal.end() == 0
        assert "a-secret-of-ours" not in terminal.screen
    written = json.loads((tmp_path / "tiktok-marketing.json").read_text())
    assert (written["start_date"], written["credentials"]["secret"]) == ("2026-02-01", "a-secret-of-ours")
