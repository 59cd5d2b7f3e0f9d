"""`tiktok-marketing emulator`: a local TikTok Business API with a realistic ad business behind it."""

from __future__ import annotations

import asyncio
import errno
import logging
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from tiktok_marketing.cli.common import CommandWithExamples, debug_option, json_option, log_to_stderr
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.interrupts import call_on_signal

if TYPE_CHECKING:
    from tiktok_marketing.emulator import Options

_SECTIONS = {
    "port": "Server",
    "seed": "Business",
    "tier": "Quota",
    "faults": "Faults",
    "ad_report_limit": "Limits, and behaviour that TikTok does not document",
    "sandbox_throttle": "Sandbox",
    "verbose": "Log and help",
}
"""The headings of the help, each at the first option below it."""


class _Command(CommandWithExamples):
    """A command whose help groups its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        heading = "Options"
        for parameter in self.get_params(ctx):
            heading = _SECTIONS.get(parameter.name or "", heading)
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(heading, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


@click.command(
    cls=_Command,
    examples=[
        "tiktok-marketing emulator --port 8080 --now 2026-03-10T15:00",
        "tiktok-marketing emulator --tier unlimited --fault path=ad/get/,nth=3,code=50000",
    ],
    short_help="Run a local TikTok API with an ad business behind it.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on. 0 chooses any free port.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The interface to listen on.")
@click.option("--gzip/--no-gzip", default=None, help="Compress answers for clients that accept it. [default: on]")
@click.option("--latency", type=float, metavar="SECONDS", help="How long each answer takes at least. [default: 0.003]")
@click.option("--cache-mb", type=int, metavar="MB", help="How many megabytes of answers to keep. [default: 256]")
@click.option("--record-requests", type=int, metavar="N", help="How many requests to remember. [default: 10000]")
@click.option("--seed", type=int, metavar="N", help="Decides every name, id and figure. [default: 7]")
@click.option("--advertisers", type=int, metavar="N", help="How many ad accounts the token reaches. [default: 6]")
@click.option("--active", type=int, metavar="N", help="Make all accounts except the first N idle or unused.")
@click.option(
    "--currencies",
    metavar="A,B",
    help="The currencies of the first accounts, for example JPY,IDR. [default: their own]",
)
@click.option("--not-granted", type=int, metavar="N", help="How many more accounts answer 40001. [default: 1]")
@click.option(
    "--finance-centers",
    type=int,
    metavar="N",
    help="Give the user a finance role in the first N Business Centers only.",
)
@click.option(
    "--shared-accounts",
    type=int,
    metavar="N",
    help="Share this many accounts of the other Business Centers with the first. [default: 0]",
)
@click.option("--scopes", metavar="N,N", help="Grant the tokens only these scopes, for example 2,4, in place of all.")
@click.option(
    "--redirect-uris",
    metavar="A,B",
    help="Refuse other redirect addresses on the authorization page. [default: accept all]",
)
@click.option("--code-seconds", type=int, metavar="N", help="How long an auth code is valid. [default: 3600]")
@click.option(
    "--contradictory-page-info",
    metavar="N,N",
    help="Count two records too many for these accounts: 2 is the second.",
)
@click.option("--days", type=int, metavar="N", help="Days of history of the oldest account. [default: 90]")
@click.option("--ads-per-account", type=int, metavar="N", help="How many ads the largest account has. [default: 90]")
@click.option(
    "--now", metavar="TIME", help="Stop the clock at this time, for example 2026-03-10T15:00. It is UTC without a zone."
)
@click.option("--anchor", metavar="DAY", help="The day on which the history is --days long. [default: the clock's day]")
@click.option(
    "--settled/--no-settled",
    default=None,
    help="Switch the next five options off: figures are final once their hour is over. [default: off]",
)
@click.option(
    "--late-hours/--no-late-hours",
    default=None,
    help="Show an hour half an hour to two hours after its end. [default: on]",
)
@click.option(
    "--late-people/--no-late-people",
    default=None,
    help="Show counts of people, cash, vouchers and billed costs 16 hours late. [default: on]",
)
@click.option(
    "--corrections/--no-corrections",
    default=None,
    help="Correct yesterday about noon UTC, spend included. [default: on]",
)
@click.option(
    "--late-conversions/--no-late-conversions",
    default=None,
    help="Let the conversions of a day grow for 7 days, and a few for 28. [default: on]",
)
@click.option("--taken-back", type=int, metavar="PERCENT", help="How many ad days lose their figures. [default: 1]")
@click.option("--tier", help="The app's quota: basic, advanced, premium, ultimate or unlimited. [default: basic]")
@click.option("--requests-per-second", type=int, metavar="N", help="Replaces the tier's requests per second.")
@click.option("--requests-per-minute", type=int, metavar="N", help="Replaces the tier's requests per minute.")
@click.option("--requests-per-day", type=int, metavar="N", help="Replaces the tier's requests per day.")
@click.option("--minute-window", type=float, metavar="SECONDS", help="The length of the quota's minute. [default: 60]")
@click.option(
    "--minute-suspension",
    type=float,
    metavar="SECONDS",
    help="How long an endpoint stays closed after too many requests in a minute. [default: 300]",
)
@click.option(
    "--advertiser-requests-per-second",
    type=int,
    metavar="N",
    help="Answer 40133 to more requests than this about one account. [default: no limit]",
)
@click.option(
    "--gmv-max-report-version",
    metavar="VERSION",
    help="The version of the GMV Max report: 1.3 or 2.0. [default: 1.3]",
)
@click.option(
    "--quota-second",
    metavar="WAY",
    help="How the quota counts a second: first, clock or sliding. [default: first]",
)
@click.option(
    "--arrival-jitter", type=float, metavar="SECONDS", help="Count each request up to this much late. [default: 0]"
)
@click.option(
    "--answer-jitter", type=float, metavar="SECONDS", help="Answer each request up to this much later. [default: 0]"
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="Make requests fail, for example path=ad/get/,nth=3,code=50000 or share=0.1,http=502 or latency=0.8. "
    "You can repeat this option.",
)
@click.option("--ad-report-limit", type=int, metavar="N", help="How many ads a report by ad includes. [default: 20000]")
@click.option(
    "--ad-report-limit-lifted-by-filter/--no-ad-report-limit-lifted-by-filter",
    default=None,
    help="Apply filters by id before this limit. [default: on]",
)
@click.option(
    "--report-size-limit",
    type=int,
    metavar="N",
    help="Answer 40067 to reports with more ids x days x metrics x values than this. [default: 100000000]",
)
@click.option(
    "--strict-slashes/--no-strict-slashes",
    default=None,
    help="Serve only paths that end with exactly one slash. [default: off]",
)
@click.option(
    "--breakdown-id-limits/--no-breakdown-id-limits",
    default=None,
    help="Answer 40067 to reports by behavior on more than 200 ids, and by tiers of interests on 100 to 3,000. "
    "[default: on]",
)
@click.option(
    "--slow-query-penalty/--no-slow-query-penalty",
    default=None,
    help="Hold up clients that repeat report queries that time out. [default: on]",
)
@click.option(
    "--asset-search-limit", type=int, metavar="N", help="How many images or videos a search lists. [default: 10000]"
)
@click.option(
    "--shuffled-rows/--no-shuffled-rows",
    default=None,
    help="Return the rows of a report in no order, which changes when the figures do. [default: on]",
)
@click.option(
    "--unstable-order/--no-unstable-order",
    default=None,
    help="Return the rows of a report in another order in each answer. [default: off]",
)
@click.option(
    "--zero-rows/--no-zero-rows",
    default=None,
    help="List objects without data in reports without a time dimension. [default: on]",
)
@click.option(
    "--country-hourly/--no-country-hourly", default=None, help="Accept country_code with hours. [default: on]"
)
@click.option(
    "--country-wide-metrics/--no-country-wide-metrics",
    default=None,
    help="Accept country_code with every metric in BASIC reports. [default: on]",
)
@click.option(
    "--audience-wide-metrics/--no-audience-wide-metrics",
    default=None,
    help="Accept audience dimensions with reach, all video metrics and conversion_rate_v2. [default: on]",
)
@click.option(
    "--audience-hourly/--no-audience-hourly",
    default=None,
    help="Accept audience dimensions with hours. [default: off]",
)
@click.option(
    "--default-buying-types",
    metavar="A,B",
    help="The buying types of lists without a filter. [default: AUCTION,RESERVATION_RF]",
)
@click.option(
    "--null-modify-time/--no-null-modify-time",
    default=None,
    help="Return Smart+ ads without a modify_time. [default: on]",
)
@click.option(
    "--deleted-ads-vanish-after",
    type=int,
    metavar="DAYS",
    help="Leave out ads that were deleted so long ago, whatever the filter. [default: 60]",
)
@click.option(
    "--daylight-saving/--no-daylight-saving",
    default=None,
    help="Let accounts follow the clocks of their place, with days of 23 and 25 hours. [default: off]",
)
@click.option(
    "--modified-after-lists-timeless/--no-modified-after-lists-timeless",
    default=None,
    help="Let modified_after list ads without a modify_time. [default: off]",
)
@click.option(
    "--playable-reports/--no-playable-reports",
    default=None,
    help="Answer reports of the type PLAYABLE_MATERIAL. [default: off]",
)
@click.option(
    "--catalog-reports/--no-catalog-reports",
    default=None,
    help="Answer reports of the type CATALOG. [default: off]",
)
@click.option(
    "--async-reports/--no-async-reports", default=None, help="Allow asynchronous reports to the app. [default: off]"
)
@click.option(
    "--async-report-checks", type=int, metavar="N", help="Finish such a report after this many checks. [default: 2]"
)
@click.option(
    "--async-report-failures", type=int, metavar="N", help="Let this many of them fail, the first ones. [default: 0]"
)
@click.option(
    "--sandbox-throttle/--no-sandbox-throttle",
    default=None,
    help="Give the sandbox token its own, lower quota. [default: on]",
)
@click.option(
    "--sandbox-report-dates/--no-sandbox-report-dates",
    default=None,
    help="Limit sandbox reports to twelve days of 2020. [default: on]",
)
@click.option(
    "--sandbox-accounts-endpoints/--no-sandbox-accounts-endpoints",
    default=None,
    help="Let the sandbox token list accounts. [default: off]",
)
@click.option(
    "--sandbox-asset-endpoints/--no-sandbox-asset-endpoints",
    default=None,
    help="Let the sandbox token list audiences, images, videos, music and portfolios. [default: off]",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every request.")
@json_option("Print errors as JSON, too. The line at the start always is JSON.")
@debug_option
def emulator(verbose: bool, as_json: bool, **settings: Any) -> int:
    """Run a local TikTok API. The clock of the first example stands still.

    The emulator behaves like TikTok's Business API, with a realistic ad business behind it. When it is ready, it prints
    one line of JSON on stdout: its address, the app's id and secret, tokens and accounts. Put the address into
    TIKTOK_API_URL and the token into a configuration. Its log goes to stderr. Ctrl-C ends it.
    """
    del as_json  # which only errors need
    options = options_of({name: value for name, value in settings.items() if value is not None})
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        raise ConfigurationError(
            _describe_failure(error, options),
            remedy="Choose another --port (0 chooses any free port) or --host.",
        ) from error
    return 0


def options_of(settings: dict[str, Any]) -> Options:
    """Make the emulator's options from the settings of the command line.

    Raises:
        ConfigurationError: A setting is wrong. The message says which, in one sentence.
    """
    from tiktok_marketing.emulator import Fault, Options

    if "now" in settings:
        settings["now"] = _time(settings["now"])
    if "anchor" in settings:
        settings["anchor"] = _day(settings["anchor"])
    for name in {"default_buying_types", "currencies", "redirect_uris"} & settings.keys():
        settings[name] = tuple(item.strip() for item in settings[name].split(","))
    for name in ("scopes", "contradictory_page_info"):
        if name in settings:
            settings[name] = _numbers(name, settings[name])
    try:
        settings["faults"] = tuple(Fault.parse(text) for text in settings.get("faults", ()))
    except ValueError as error:
        raise ConfigurationError(
            f"--fault: {error}", remedy="Write it, for example, as path=ad/get/,nth=3,code=50000."
        ) from None
    try:
        return Options(**settings)
    except ValueError as error:
        name, _, rest = str(error).partition(" ")
        raise ConfigurationError(f"--{name.replace('_', '-')} {rest}") from None


def _numbers(name: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        option = name.replace("_", "-")
        raise ConfigurationError(f"--{option} is {text!r}. It must be whole numbers, separated by commas.") from None


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(
            f"--now is {text!r}, which is not a time.", remedy="Write it as 2026-03-10T15:00."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(
            f"--anchor is {text!r}, which is not a date.", remedy="Write it as 2026-03-10."
        ) from None


def _describe_failure(error: OSError, options: Options) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"The port {options.port} is in use already."
    if error.errno == errno.EACCES:
        return f"This user may not listen on the port {options.port}."
    return f"The emulator cannot listen on {options.host}, port {options.port}: {error.strerror or error}."


async def _serve(options: Options) -> None:
    from tiktok_marketing.emulator import Emulator

    ended = asyncio.Event()
    with call_on_signal(lambda _: ended.set()):
        async with Emulator(options) as running:
            click.echo(running.ready_line())
            await ended.wait()
