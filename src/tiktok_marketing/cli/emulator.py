"""`tiktok-marketing emulator`: a local Business API with a believable ad business in it."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import debug_option, log_to_stderr
from tiktok_marketing.errors import ConfigurationError

if TYPE_CHECKING:
    from tiktok_marketing.emulator import Options


@click.command(short_help="Run a local TikTok API with an ad business in it.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The interface to listen on.")
@click.option("--seed", type=int, help="Decides every name, id and figure. [default: 7]")
@click.option("--advertisers", type=int, help="Ad accounts that the token reaches. [default: 6]")
@click.option("--active", type=int, metavar="N", help="Let all accounts but the first N be idle or unused.")
@click.option("--days", type=int, help="Days of history of the oldest account. [default: 90]")
@click.option("--ads-per-account", type=int, help="Ads of the largest account. [default: 90]")
@click.option("--now", metavar="TIME", help="Let its clock stand at 2026-03-10T15:00 (UTC), say.")
@click.option("--anchor", metavar="DAY", help="The day on which the history is --days long. [default: today]")
@click.option("--tier", help="Quota: basic, advanced, premium, ultimate or unlimited. [default: basic]")
@click.option("--requests-per-second", type=int, help="Replaces the tier's requests a second, per endpoint.")
@click.option("--requests-per-minute", type=int, help="Replaces the tier's requests a minute, per endpoint.")
@click.option("--requests-per-day", type=int, help="Replaces the tier's requests a day, per endpoint.")
@click.option("--minute-window", type=float, help="Seconds in the throttle's minute. [default: 60]")
@click.option("--minute-suspension", type=float, help="Seconds an endpoint is closed after it. [default: 300]")
@click.option("--advertiser-requests-per-second", type=int, help="Answer one account beyond it with 40133.")
@click.option("--sandbox-throttle/--no-sandbox-throttle", default=None, help="The sandbox's own, lower quota.")
@click.option("--sandbox-accounts-endpoints/--no-sandbox-accounts-endpoints", default=None, help="Let the sandbox ask.")
@click.option("--sandbox-report-dates/--no-sandbox-report-dates", default=None, help="The sandbox's few days of data.")
@click.option("--ad-report-limit", type=int, help="Ads that an ad-level report considers. [default: 20000]")
@click.option(
    "--ad-report-limit-lifted-by-filter/--no-ad-report-limit-lifted-by-filter",
    default=None,
    help="Whether filters by id lift that limit.",
)
@click.option("--zero-rows/--no-zero-rows", default=None, help="Rows of zeros in reports without a time dimension.")
@click.option("--country-hourly/--no-country-hourly", default=None, help="Whether country_code goes with hours.")
@click.option("--country-wide-metrics/--no-country-wide-metrics", default=None, help="Any metric by country.")
@click.option("--audience-wide-metrics/--no-audience-wide-metrics", default=None, help="Reach by audience, too.")
@click.option("--audience-hourly/--no-audience-hourly", default=None, help="Audience reports by the hour.")
@click.option("--asset-search-limit", type=int, help="Images and videos that a search reaches. [default: 10000]")
@click.option("--sandbox-asset-endpoints/--no-sandbox-asset-endpoints", default=None, help="Assets in the sandbox.")
@click.option("--default-buying-types", metavar="A,B", help="What lists hold without a buying_types filter.")
@click.option("--taken-back", type=int, help="Of a hundred days of ads, how many lose their figures. [default: 0]")
@click.option("--null-modify-time/--no-null-modify-time", default=None, help="Smart+ ads without a modify_time.")
@click.option(
    "--modified-after-lists-timeless/--no-modified-after-lists-timeless",
    default=None,
    help="Whether modified_after lists those, too.",
)
@click.option("--not-granted", type=int, help="Further accounts that answer 40001. [default: 1]")
@click.option("--gzip/--no-gzip", default=None, help="Compress answers for clients that accept it.")
@click.option("--cache-mb", type=int, help="Megabytes of answers to keep. [default: 256]")
@click.option("--record-requests", type=int, help="Requests to remember one by one. [default: 10000]")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong, for which requests: path=ad/get/,nth=3,code=50000 or share=0.1,http=502 or latency=0.8. "
    "Can be given several times.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every request.")
@debug_option
def emulator(verbose: bool, **given: Any) -> int:
    """Run a local TikTok Business API with a believable ad business in it.

    When it is ready it prints one line of JSON on stdout: its address, the app's id and secret, tokens and accounts.
    Put the address into TIKTOK_API_URL and the token into a configuration. Its log goes to stderr; Ctrl-C ends it.
    """
    options = options_of({name: value for name, value in given.items() if value is not None})
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        raise ConfigurationError(
            _why_not(error, options), remedy="Give another --port (0 takes any) or --host."
        ) from error
    return 0


def options_of(given: dict[str, Any]) -> Options:
    """Make the emulator's options of what was given on the command line.

    Raises:
        ConfigurationError: In one sentence, what is wrong.
    """
    from tiktok_marketing.emulator import Fault, Options

    if "now" in given:
        given["now"] = _moment(given["now"])
    if "anchor" in given:
        given["anchor"] = _day(given["anchor"])
    if "default_buying_types" in given:
        given["default_buying_types"] = tuple(part.strip() for part in given["default_buying_types"].split(","))
    try:
        given["faults"] = tuple(Fault.parse(text) for text in given.get("faults", ()))
    except ValueError as error:
        raise ConfigurationError(
            f"--fault: {error}", remedy="Write it as path=ad/get/,nth=3,code=50000, say."
        ) from None
    try:
        return Options(**given)
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        raise ConfigurationError(f"--{name.replace('_', '-')} {rest}") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(
            f"--now is {text!r}, which is no time.", remedy="Write it as 2026-03-10T15:00."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(f"--anchor is {text!r}, which is no day.", remedy="Write it as 2026-03-10.") from None


def _why_not(error: OSError, options: Options) -> str:
    place = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        return f"The port {options.port} is in use already."
    if error.errno == errno.EACCES:
        return f"The port {options.port} needs more rights than this user has."
    return f"The emulator cannot listen on {place}: {error.strerror or error}."


async def _serve(options: Options) -> None:
    from tiktok_marketing.emulator import Emulator

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Emulator(options) as running:
        click.echo(running.ready_line())
        await ended.wait()
