from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator_process import EmulatorProcess, emulator_process
from processes import free_port

CODE = "demo-auth-code"


def visit(port: int, path: str = "/", host: str = "127.0.0.1", **query: str) -> tuple[int, str]:
    """Request an address as a browser does after TikTok's page. Returns the status and the page."""
    address = f"http://{host}:{port}{path}?{urlencode(query)}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def confirm(address: str, decision: str = "confirm", accounts: list[str] | None = None) -> str:
    """Do on the emulator's page what a person does. Returns the address that it redirects to."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    body = urlencode([("decision", decision), *(("advertiser_id", account) for account in accounts or [])]).encode()
    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    try:
        opener.open(address, body, timeout=20)
    except urllib.error.HTTPError as error:
        return error.headers["Location"]
    raise AssertionError("no redirect came")


def exchanges(api: EmulatorProcess) -> int:
    """How many codes were sent to be exchanged."""
    counts = api.control("counters")["counts"]
    return sum(row["count"] for row in counts if row["path"] == "oauth2/access_token/")


def test_the_redirect_becomes_a_configuration(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """Address, consent, redirect, exchange, accounts, file: and only its owner can read it."""
    running = login()
    target = confirm(running.address, accounts=api.info["advertiser_ids"])
    assert target.startswith(f"http://localhost:{running.port}/?auth_code=")
    status, page = visit(running.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
    assert (status, "The authorization has arrived" in page) == (200, True)
    assert running.end() == 0, running.text
    assert running.config["credentials"] == {
        "auth_type": "oauth2.0",
        "app_id": api.info["app_id"],
        "secret": api.info["secret"],
        "access_token": api.info["access_token"],
    }
    assert stat.S_IMODE(running.path.stat().st_mode) == 0o600
    assert "The token reaches 6 ad accounts:" in running.text
    assert all(advertiser_id in running.text for advertiser_id in api.info["advertiser_ids"])
    assert api.info["secret"] not in running.text
    assert api.info["access_token"] not in running.text


def test_what_was_granted_is_printed_as_json(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """On stdout, and nothing else: the address for the browser and the accounts are on stderr, as without `--json`."""
    running = login("--json")
    target = confirm(running.address, accounts=api.info["advertiser_ids"][:2])
    visit(running.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
    assert running.end() == 0, running.text
    printed = running.process.stdout.read()
    granted = json.loads(printed)
    assert granted["file"] == running.path.name
    assert [account["advertiser_id"] for account in granted["accounts"]] == api.info["advertiser_ids"][:2]
    assert all(account["name"] in running.text for account in granted["accounts"])
    assert granted["accounts_error"] is None
    assert granted["scopes"]
    assert granted["out_of_reach"] == []
    assert running.config["credentials"]["access_token"] not in printed


def test_permissions_that_were_not_granted_are_in_the_json(
    login: Callable[..., Any], environment: dict[str, str]
) -> None:
    """With the streams that are out of reach without them."""
    with emulator_process("--scopes", "4", "--days", "3") as narrow:
        environment |= {
            "TIKTOK_API_URL": narrow.url,
            "TIKTOK_APP_ID": narrow.info["app_id"],
            "TIKTOK_SECRET": narrow.info["secret"],
        }
        running = login("--json")
        target = confirm(running.address, accounts=narrow.info["advertiser_ids"])
        visit(running.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
        assert running.end() == 0, running.text
        granted = json.loads(running.process.stdout.read())
    out_of_reach = {each["permission"]: each["streams"] for each in granted["out_of_reach"]}
    assert granted["scopes"] == [4]
    assert any("pixels" in streams for streams in out_of_reach.values())


def test_the_other_settings_stay(login: Callable[..., Any], tmp_path: Path, api: EmulatorProcess) -> None:
    """A login replaces the credentials alone, also if somebody edits the file meanwhile."""
    path = tmp_path / "tiktok-marketing.json"
    path.write_text(json.dumps({"access_token": "old", "environment": {"app_id": "1"}, "start_date": "2026-01-01"}))
    path.chmod(0o644)
    running = login()
    changed = json.loads(path.read_text()) | {"end_date": "2026-02-01", "_comment": "für Größeres 東京"}
    assert running.address
    path.write_text(json.dumps(changed))
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 0, running.text
    assert (running.config["start_date"], running.config["end_date"]) == ("2026-01-01", "2026-02-01")
    assert "für Größeres 東京" in path.read_text(encoding="utf-8")
    assert running.config["credentials"]["access_token"] == api.info["access_token"]
    assert not {"access_token", "environment"} & running.config.keys()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_says_what_tiktok_wants_first(login: Callable[..., Any]) -> None:
    """The application, the company e-mail, the days of review, the permissions and the redirect address."""
    running = login()
    assert running.address
    before = running.text.partition(running.address)[0]
    for words in ("developer application", "company e-mail", "days", "Reporting", f"http://localhost:{running.port}/"):
        assert words in before


@pytest.mark.parametrize(
    "paste",
    [
        "http://localhost:1/?auth_code={code}&state={state}",
        "  http://localhost:1/?auth_code={code}&state={state}  ",
        "http://localhost:1/?auth_code={code} &state= {state}#",
        "http://localhost:1/#auth_code={code}&state={state}",
        "<http://localhost:1/?state={state}&code={code}&auth_code={code}>",
        "?auth_code={code}&state={state}",
        "auth_code={code}&state={state}",
        "{code}",
        " '{code}' ",
    ],
)
def test_an_address_or_a_code_can_be_pasted(login: Callable[..., Any], paste: str) -> None:
    """With blanks, quotes or a fragment, as copying leaves them."""
    running = login("--redirect-uri", "https://example.com/callback", stdin=subprocess.PIPE)
    text = paste.format(code=CODE, state=running.state)
    running.process.stdin.write(f"\n{text}\n")
    running.process.stdin.close()
    assert running.end() == 0, running.text
    assert running.config["credentials"]["access_token"]


@pytest.mark.parametrize(
    ("paste", "sentence"),
    [
        ("http://localhost:1/?auth_code={code}&state=other", "does not have the state that this login sent"),
        ("http://localhost:1/?auth_code={code}", "does not have the state that this login sent"),
        ("http://localhost:1/?error=access_denied&state={state}", "The authorization was refused"),
        ("http://localhost:1/", "has no auth_code"),
        ("no code here", "has no auth_code"),
        ("used-before", "has been used or has expired"),
        ("", "Standard input ended"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(login: Callable[..., Any], paste: str, sentence: str) -> None:
    """The exit code is 1, and no file is written."""
    running = login("--redirect-uri", "https://example.com/callback", "--timeout", "5", stdin=subprocess.PIPE)
    running.process.stdin.write(paste.format(code=CODE, state=running.state))
    running.process.stdin.close()
    assert running.end() == 1
    assert not running.path.exists()
    assert "Traceback" not in running.text
    assert sentence in running.text


def test_a_redirect_of_another_login_is_refused(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """Nothing is exchanged, so the code stays good."""
    running = login()
    status, page = visit(running.port, auth_code=CODE, state=running.state[::-1])
    assert (status, "belongs to another login" in page) == (400, True)
    assert running.end() == 1
    assert "Nothing was exchanged" in running.text
    assert exchanges(api) == 0


def test_a_refusal_on_the_page_is_said(login: Callable[..., Any]) -> None:
    """The emulator's page has a button for it."""
    running = login()
    target = confirm(running.address, decision="cancel")
    visit(running.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
    assert running.end() == 1
    assert "The authorization was refused on TikTok's page" in running.text


def test_only_one_redirect_is_accepted(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """Other paths and requests without an answer are none."""
    api.fault("path=oauth2/access_token/,latency=1")
    running = login()
    assert running.address
    for path, query in (("/favicon.ico", {}), ("/", {}), ("/other", {"auth_code": CODE, "state": running.state})):
        assert visit(running.port, path, **query)[0] == 404
    assert visit(running.port, auth_code=CODE, state=running.state)[0] == 200
    assert running.end() == 0, running.text


def test_a_redirect_arrives_whatever_localhost_means(login: Callable[..., Any]) -> None:
    """It may mean ::1 alone. A machine without IPv6 has 127.0.0.1."""
    host = "[::1]"
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            host = "127.0.0.1"
    running = login()
    assert visit(running.port, host=host, auth_code=CODE, state=running.state)[0] == 200
    assert running.end() == 0, running.text


def test_no_redirect_ends_with_a_sentence(login: Callable[..., Any]) -> None:
    """It names the redirect address, which is the usual reason."""
    running = login("--timeout", "1")
    assert running.end() == 1
    assert "No authorization arrived within 1 seconds." in running.text
    assert f"register http://localhost:{running.port}/" in running.text


def test_a_port_in_use_is_said_before_the_page_opens(login: Callable[..., Any]) -> None:
    """The exit code is that of wrong usage."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        running = login("--port", str(port))
        assert running.end() == 2
    assert f"port {port} of localhost: another program uses it" in running.text
    assert "/portal/auth" not in running.text


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TIKTOK_SECRET": "wrong-secret-1"}, "Check the application's id and secret"),
        ({"TIKTOK_APP_ID": "7000000000000000001"}, "Check the application's id and secret"),
    ],
)
def test_a_wrong_application_is_said(login: Callable[..., Any], variables: dict[str, str], sentence: str) -> None:
    """TikTok's code, message and request_id come with it."""
    running = login(**variables)
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 1
    assert "request_id" in running.text
    assert sentence in running.text
    assert not running.path.exists()


def test_a_code_works_once_and_for_a_time(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """Both have TikTok's code 40110."""
    first = login()
    visit(first.port, auth_code=CODE, state=first.state)
    assert first.end() == 0
    second = login()
    visit(second.port, auth_code=CODE, state=second.state)
    assert (second.end(), "code 40110" in second.text) == (1, True)
    assert "A code works once, and for an hour." in second.text
    third = login()
    target = confirm(third.address, accounts=api.info["advertiser_ids"])
    api.control("clock", {"advance": 3600}, "POST")
    visit(third.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
    assert (third.end(), "code 40110" in third.text) == (1, True)


def test_a_refused_country_is_said(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """TikTok's code for it is -1."""
    fault = {"path": "oauth2/access_token/", "code": -1, "message": "Client IP address is in banned Country list."}
    api.control("faults", fault, "POST")
    running = login()
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 1
    assert "(code -1, request_id" in running.text
    assert "from a network in a country that TikTok serves" in running.text


def test_a_lost_answer_is_not_asked_for_again(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """A code is used up by the first request."""
    api.fault("path=oauth2/access_token/,reset")
    running = login()
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 1
    assert exchanges(api) == 1


def test_ctrl_c_ends_it_with_a_sentence(login: Callable[..., Any]) -> None:
    """The exit code is 130, and nothing is written."""
    running = login()
    assert running.address
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 130
    assert "The login was interrupted." in running.text
    assert "Traceback" not in running.text
    assert not running.path.exists()


def test_without_a_terminal_the_application_must_be_known(login: Callable[..., Any]) -> None:
    """The sentence names the variables."""
    running = login(TIKTOK_SECRET="")
    assert running.end() == 2
    assert "secret of the application is missing, and there is no terminal to ask on." in running.text
    assert "Set TIKTOK_SECRET" in running.text


def test_a_place_that_cannot_be_written_is_said_first(login: Callable[..., Any], tmp_path: Path) -> None:
    """Nobody authorizes for nothing. The same holds for a file to which nothing can be added."""
    (tmp_path / "tiktok-marketing.json").write_bytes("{}".encode("utf-16"))
    running = login()
    assert (running.end(), "UTF-16" in running.text) == (2, True)
    assert "/portal/auth" not in running.text
    other = login("--config", "gone/c.json")
    assert (other.end(), "The folder" in other.text) == (2, True)


def test_narrow_grants_are_said(login: Callable[..., Any]) -> None:
    """The streams that the granted permissions do not reach are named, each with the permission that it lacks."""
    with emulator_process("--now", "2026-06-15T12:00", "--scopes", "1,2,4,802") as narrow:
        running = login(TIKTOK_API_URL=narrow.url, TIKTOK_APP_ID=narrow.info["app_id"],
                        TIKTOK_SECRET=narrow.info["secret"])  # fmt: skip
        visit(running.port, auth_code=CODE, state=running.state)
        assert running.end() == 0, running.text
    assert "Audience Management: read audiences (scope 30): audiences" in running.text
    assert "Pixel Management: read pixels (scope 800): pixels, pixel_instant_page_events, pixel_events_statistics" in (
        running.text
    )
    assert "ads_reports_daily" not in running.text


def test_no_account_is_said(login: Callable[..., Any]) -> None:
    """The owner may tick none."""
    running = login()
    target = confirm(running.address)
    visit(running.port, **dict(pair.split("=", 1) for pair in target.partition("?")[2].split("&")))
    assert running.end() == 0
    assert "The token reaches no ad account" in running.text


def test_a_variable_that_outranks_the_file_is_said(login: Callable[..., Any]) -> None:
    """Otherwise the new token would have no effect."""
    running = login(TIKTOK_ACCESS_TOKEN="an-old-token")
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 0
    assert "TIKTOK_ACCESS_TOKEN in the environment outranks the file." in running.text


def test_the_page_opens_in_the_browser(login: Callable[..., Any], tmp_path: Path) -> None:
    """The address is printed all the same."""
    script = tmp_path / "browse"
    script.write_text(
        f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened.part && mv {tmp_path}/opened.part {tmp_path}/opened\n'
    )
    script.chmod(0o755)
    running = login(browser=True, BROWSER=str(script))
    address = running.address
    for _ in range(200):
        if (tmp_path / "opened").exists():
            break
        running.process.poll()
        visit(running.port)
    assert (tmp_path / "opened").read_text() == address


def test_it_needs_no_home_and_no_terminal(login: Callable[..., Any]) -> None:
    """A container has neither, and may have a proxy for everything else."""
    proxies = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    running = login(HOME="", browser=True, **proxies)
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 0, running.text


def test_a_closed_standard_input_is_no_obstacle(environment: dict[str, str], tmp_path: Path) -> None:
    """The redirect could still come, so the login waits for it."""
    command = f"exec {sys.executable} -m tiktok_marketing.cli login --no-browser --port {free_port()} --timeout 1 <&-"
    ended = subprocess.run(  # noqa: S603 - our own command
        ["/bin/sh", "-c", command],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert "No authorization arrived" in ended.stderr


def test_it_prints_in_every_encoding(login: Callable[..., Any]) -> None:
    """A terminal of Windows's old code page is one."""
    running = login(PYTHONIOENCODING="cp1252")
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 0, running.text


def test_the_written_configuration_works(
    login: Callable[..., Any], environment: dict[str, str], tmp_path: Path
) -> None:
    """`check` finds the file in the working folder, without --config."""
    running = login()
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.end() == 0
    variables = {name: value for name, value in environment.items() if name not in {"TIKTOK_APP_ID", "TIKTOK_SECRET"}}
    ended = subprocess.run(
        [sys.executable, "-m", "tiktok_marketing.cli", "check"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.thorough
def test_a_silence_of_tiktok_is_said(login: Callable[..., Any], api: EmulatorProcess) -> None:
    """Nobody takes the wait for a hang."""
    api.fault("path=oauth2/access_token/,hang=17")
    running = login()
    visit(running.port, auth_code=CODE, state=running.state)
    assert running.process.wait(60) == 0
    assert "Still waiting for" in running.text
