"""`tiktok-marketing login`: from a developer application to a configuration that works."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import msgspec

from tiktok_marketing.cli.common import (
    CommandWithSettings,
    announce,
    config_option,
    debug_option,
    error_as_json,
    json_option,
    print_json,
    say,
)
from tiktok_marketing.cli.config import is_interactive, path_to_write
from tiktok_marketing.errors import ConfigurationError, ConnectorError, LoginError
from tiktok_marketing.settings import SETTINGS, variable_of
from tiktok_marketing.text import mask_known, one_line, shown_line

if TYPE_CHECKING:
    from tiktok_marketing.config_sources import ConfigSources
    from tiktok_marketing.login.exchange import Grant

DEFAULT_PORT = 8739
"""The port of the redirect address, which has to be registered, so it may not change from login to login."""
_TIMEOUT = 900
_SHOWN = 20
"""Accounts that are listed; the others are counted."""
_LONGEST_LINE = 16_000


@click.command(
    cls=CommandWithSettings,
    examples=[
        "tiktok-marketing login",
        "tiktok-marketing login --no-browser --redirect-uri https://example.com/callback",
    ],
    short_help="Authorize the application and write a configuration.",
    epilog="Exit codes: 0 the configuration was written. 1 there was no authorization, or TikTok refused it; the "
    "output says why. 2 wrong usage or configuration, for example a port in use or a file that cannot be written. "
    "130 ended by Ctrl-C. In all cases but the first, the configuration file is as it was.",
)
@config_option
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    metavar="N",
    help="The port of this machine on which the redirect arrives.",
)
@click.option(
    "--redirect-uri",
    metavar="ADDRESS",
    help="The redirect address that is registered for the application, if it is another one than "
    "http://localhost:PORT/. If it is not on this machine, paste the address that the browser shows in the end.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser, only print the address.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    default=_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the authorization.",
)
@json_option("Print what was granted as JSON.")
@debug_option
def login(
    sources: ConfigSources, port: int, redirect_uri: str | None, no_browser: bool, timeout: int, as_json: bool
) -> int:
    """Authorize the application on TikTok's page, and write the token into the configuration.

    TikTok wants a developer application first: https://business-api.tiktok.com/portal. To create one, you need a
    company e-mail address, and TikTok reviews it for some days. Register the redirect address http://localhost:8739/
    for it. The application's id and secret come from the environment (TIKTOK_APP_ID, TIKTOK_SECRET), from the
    configuration, or are asked for. The other settings in the configuration stay as they are.
    """
    from tiktok_marketing.config_file import check_place, existing_config, with_credentials, write_config
    from tiktok_marketing.login.authorization import check_redirect

    path = path_to_write(sources)
    check_place(path)
    existing_config(path)  # what cannot be added to is said before anybody authorizes
    address = redirect_uri or f"http://localhost:{port}/"
    check_redirect(address)
    _say_what_is_needed(address)
    app_id, secret = _application(sources)
    with _saying_interrupts():
        grant = asyncio.run(_authorize(app_id, secret, address, opens=not no_browser, seconds=timeout))
    credentials = {"app_id": app_id, "secret": secret, "access_token": grant.access_token}
    write_config(path, with_credentials(existing_config(path), credentials))  # as it is now: a login may take long
    say(f"The token is in {path}. Only you can read it.")
    with _saying_interrupts():
        reach = asyncio.run(_reach_of(grant, app_id, secret))
    _show_accounts(reach)
    _show_streams_out_of_reach(grant)
    _show_variables_that_outrank(sources)
    if reach.rows or reach.error:
        _show_next_steps(sources, path)
    if as_json:
        print_json(_as_json(path, grant, reach))
    return 0


class _Reach(msgspec.Struct, frozen=True):
    """The accounts that a token reaches, or why they are not known."""

    rows: Sequence[Mapping[str, Any]]
    error: ConnectorError | None = None


def _as_json(path: str, grant: Grant, reach: _Reach) -> dict[str, Any]:
    from tiktok_marketing.catalog import ALL_STREAMS
    from tiktok_marketing.catalog.scopes import streams_out_of_reach

    lacking = streams_out_of_reach(grant.scopes, ALL_STREAMS) if grant.scopes else {}
    return {
        "file": path,
        "accounts": [
            {"advertiser_id": str(row.get("advertiser_id")), "name": shown_line(str(row.get("advertiser_name") or ""))}
            for row in reach.rows
        ],
        "accounts_error": None if reach.error is None else error_as_json(reach.error),
        "scopes": sorted(grant.scopes),
        "out_of_reach": [
            {"permission": str(permission), "streams": [stream.name for stream in streams]}
            for permission, streams in lacking.items()
        ],
    }


def _say_what_is_needed(address: str) -> None:
    for line in (
        "What TikTok wants before a login can work:",
        "- A developer application, created at https://business-api.tiktok.com/portal. That takes a company e-mail",
        "  address, and TikTok reviews the application for some days.",
        "- Its permissions: Ad Account Management, Ads Management and Reporting. Some streams also need Audience",
        "  Management, Creative Management or Pixel Management.",
        f"- This redirect address, registered for the application: {address}",
        "",
    ):
        say(line)


def _application(sources: ConfigSources) -> tuple[str, str]:
    """The application's id and secret, from the configuration or from a person.

    Raises:
        ConfigurationError: If they are missing, and nobody can be asked.
    """
    known = sources.collect().values
    values = {name: str(known.get(name) or "").strip() for name in ("app_id", "secret")}
    missing = [name for name, value in values.items() if not value]
    if missing and not is_interactive():
        variables = " and ".join(variable_of(each) for each in SETTINGS if each.name in missing)
        raise ConfigurationError(
            f"{' and '.join(missing)} of the application {'is' if len(missing) == 1 else 'are'} missing, and there is "
            "no terminal to ask on.",
            remedy=f"Set {variables}, or add them to the configuration.",
        )
    questions = {"app_id": "The application's id (app_id)", "secret": "The application's secret (not shown)"}
    for name in missing:
        hidden = name == "secret"
        values[name] = click.prompt(questions[name], hide_input=hidden, err=True).strip()
    if not all(value.isascii() and value.isprintable() and value for value in values.values()):
        raise ConfigurationError(
            "The application's id or secret has characters that are not allowed in it.",
            remedy="Copy both again from the application's page, without line breaks.",
        )
    return values["app_id"], values["secret"]


async def _authorize(app_id: str, secret: str, redirect: str, *, opens: bool, seconds: float) -> Grant:
    """Let the owner of the accounts authorize the application, and exchange the code for a token."""
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.api.transport import HttpTransport
    from tiktok_marketing.connect import announcing_silence, production_address
    from tiktok_marketing.login.authorization import page_address
    from tiktok_marketing.login.exchange import exchange

    host = production_address()
    state = secrets.token_urlsafe(24)
    async with HttpTransport(host) as transport:
        async with _answers(redirect, state) as code:
            _show_address(page_address(host, app_id=app_id, state=state, redirect_uri=redirect), opens=opens)
            try:
                answer = await asyncio.wait_for(code(), seconds)
            except TimeoutError:
                raise LoginError(
                    f"No authorization arrived within {seconds:.0f} seconds.",
                    remedy="Run `tiktok-marketing login` again and confirm on TikTok's page. If the page says that the "
                    f"redirect address is wrong, register {redirect} for the application.",
                ) from None
        mask_known.add((secret, answer))
        say("Exchanging the code for a token ...")
        async with announcing_silence(transport, INTERACTIVE_RETRIES, announce):
            grant = await exchange(transport, app_id=app_id, secret=secret, code=answer)
    mask_known.add((grant.access_token,))
    return grant


@asynccontextmanager
async def _answers(redirect: str, state: str) -> AsyncIterator[Callable[[], asyncio.Future[str]]]:
    """Be ready for the redirect, on the port of this machine and in what a person pastes."""
    from tiktok_marketing.login.authorization import LOOPBACK
    from tiktok_marketing.login.listener import RedirectListener

    parts = urlsplit(redirect)
    listens = parts.scheme == "http" and (parts.hostname or "") in LOOPBACK
    if not listens and not _can_read():
        raise ConfigurationError(
            f"The redirect address {redirect} is not on this machine, and standard input is closed.",
            remedy="Leave out --redirect-uri, or run the login on a terminal, to paste the address there.",
        )
    if not listens:
        yield lambda: asyncio.ensure_future(_pasted(state, only_way=True))
        return
    async with RedirectListener(parts.port or 80, parts.path, state) as listener:
        yield lambda: asyncio.ensure_future(_first(listener.code(), _pasted(state, only_way=False)))


async def _first(*ways: Coroutine[Any, Any, str]) -> str:
    """The code that arrives first, or the error of the way that fails first."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()


def _can_read() -> bool:
    """Whether standard input is open, so that somebody can paste something."""
    try:
        os.fstat(0)
    except OSError:
        return False
    return sys.stdin is not None


async def _pasted(state: str, *, only_way: bool) -> str:
    """The code in what a person pastes. If a redirect can come instead, the end of standard input does not matter.

    Raises:
        LoginError: If standard input ends without a code, or has one of another login.
    """
    from tiktok_marketing.login.authorization import pasted_code

    lines: asyncio.Queue[str] = asyncio.Queue()
    if _can_read():
        loop = asyncio.get_running_loop()
        # Not sys.stdin: a thread that waits in it would keep its lock when the program ends.
        threading.Thread(target=_read_lines, args=(loop, lines), daemon=True).start()
    while True:
        line = await lines.get()
        if not line:
            if not only_way:
                await asyncio.Event().wait()
            raise LoginError(
                "Standard input ended before an address or a code was pasted.", remedy="Run the login on a terminal."
            )
        if not line.strip():
            continue
        try:
            return pasted_code(line, state)
        except LoginError as error:
            if not is_interactive() or "auth_code" not in error.message:
                raise
            say(f"{error.message} {error.remedy}")


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[str]) -> None:
    """Put each line of standard input into the queue, and an empty text at its end."""
    pending = b""
    with suppress(RuntimeError):  # the loop has ended
        while True:
            try:
                piece = os.read(0, _LONGEST_LINE)
            except OSError:
                piece = b""
            *whole, pending = (pending + piece).split(b"\n")
            if not piece and pending.strip():
                whole, pending = [pending], b""
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode("utf-8", "replace") + "\n")
            if not piece:
                loop.call_soon_threadsafe(lines.put_nowait, "")
                return


def _show_address(address: str, *, opens: bool) -> None:
    """Print the address of the page, and open it in a browser."""
    opened = opens and _has_browser()
    say("TikTok's page opens in the browser. If it does not, open this address:" if opened else "Open this address:")
    sys.stderr.write(f"\n{address}\n\n")
    sys.stderr.flush()
    say("Sign in as an admin of the ad accounts, tick all accounts that may be read, and confirm.")
    if is_interactive():
        say("If the browser then shows an error instead of a page of this program, paste its address here.")
    if opened:
        threading.Thread(target=_open, args=(address,), daemon=True).start()


def _has_browser() -> bool:
    """Whether there is a browser with a window. One in the terminal would take it away from the login."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    in_terminal = type(browser) is webbrowser.GenericBrowser
    return bool(os.environ.get("BROWSER")) or not in_terminal


def _open(address: str) -> None:
    with suppress(Exception):  # the address is printed, too
        webbrowser.open(address)


async def _reach_of(grant: Grant, app_id: str, secret: str) -> _Reach:
    """Ask which accounts the token reaches."""
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.config import Config
    from tiktok_marketing.connect import connect
    from tiktok_marketing.sync.read.accounts import list_accounts

    config = Config(access_token=grant.access_token, app_id=app_id, secret=secret)
    try:
        async with connect(config, policy=INTERACTIVE_RETRIES, on_wait=announce) as api:
            return _Reach((await list_accounts(config, api)).rows)
    except ConnectorError as error:
        return _Reach((), error)


def _show_accounts(reach: _Reach) -> None:
    """Print the accounts that the token reaches."""
    rows, error = reach.rows, reach.error
    if error is not None:
        say(f"The accounts cannot be listed now: {error.message} {error.remedy}", is_error=True)
        return
    if not rows:
        say(
            "The token reaches no ad account: none was ticked on TikTok's page, or this user is an admin of none. "
            "Run `tiktok-marketing login` again and tick them.",
            is_error=True,
        )
        return
    say(f"The token reaches {len(rows):,} ad account{'' if len(rows) == 1 else 's'}:")
    for row in rows[:_SHOWN]:
        say(f"  {row.get('advertiser_id')}  {one_line(str(row.get('advertiser_name') or ''))}")
    if len(rows) > _SHOWN:
        say(f"  and {len(rows) - _SHOWN:,} more. `tiktok-marketing accounts` lists all.")


def _show_streams_out_of_reach(grant: Grant) -> None:
    """Print which streams the granted permissions do not reach."""
    from tiktok_marketing.catalog import ALL_STREAMS
    from tiktok_marketing.catalog.scopes import streams_out_of_reach

    if not grant.scopes:
        say("TikTok did not say which permissions it granted. `tiktok-marketing doctor` tries them.")
        return
    lacking = streams_out_of_reach(grant.scopes, ALL_STREAMS)
    if not lacking:
        say("The granted permissions reach every stream.")
        return
    say("TikTok granted fewer permissions than every stream needs. Out of reach are:", is_error=True)
    for permission, streams in lacking.items():
        say(f"  {permission}: {', '.join(stream.name for stream in streams)}")
    say("To read them, request these permissions for the application, wait for the review, and log in again.")


def _show_variables_that_outrank(sources: ConfigSources) -> None:
    set_ones = [
        variable_of(setting)
        for setting in SETTINGS
        if setting.name in {"access_token", "auth_type"} and sources.environment.get(variable_of(setting), "").strip()
    ]
    if set_ones:
        say(f"{' and '.join(set_ones)} in the environment outrank{'s' * (len(set_ones) == 1)} the file. Unset them.")


def _show_next_steps(sources: ConfigSources, path: str) -> None:
    from tiktok_marketing.config_sources import DEFAULT_FILE

    named = "" if path == DEFAULT_FILE or sources.path is None else f" --config {path}"
    say(f"Next: tiktok-marketing check{named}, then tiktok-marketing sync{named} --to duckdb:///tiktok.duckdb")


@contextmanager
def _saying_interrupts() -> Iterator[None]:
    """Say that Ctrl-C has ended the login: the browser may still show TikTok's page."""
    try:
        yield
    except KeyboardInterrupt:
        say("")
        say("The login was interrupted.")
        raise
