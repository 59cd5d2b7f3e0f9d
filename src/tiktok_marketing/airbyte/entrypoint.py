"""The executable `source-tiktok-marketing`: spec, check, discover and read, as the platform calls them.

Each command imports what it needs, so that `spec` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tiktok_marketing._version import __version__
from tiktok_marketing.errors import ConfigurationError, ConnectorError, OutputError
from tiktok_marketing.machine import refusal_of
from tiktok_marketing.stdout import run_program
from tiktok_marketing.text import shown_line

if TYPE_CHECKING:
    from tiktok_marketing.access_check import CheckResult
    from tiktok_marketing.airbyte.heartbeat import Heartbeat
    from tiktok_marketing.api.client import Announcement, Client
    from tiktok_marketing.config import Config

T = TypeVar("T")


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    run_program(lambda: run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run a command.

    Returns:
        0 if everything was done; 1 if not; 2 for a wrong command line.

    Raises:
        OutputError: If standard output cannot be written.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(_COMMANDS[arguments.command](arguments))
    except OutputError as error:
        if error.reader_has_gone and arguments.command == "read":
            sys.stderr.write("The reader of standard output has gone, so it did not get every record.\n")
        raise
    except ConnectorError as error:
        return _report(str(error), _failure_type(error), error.detail)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - a user gets a sentence, the platform's log the rest
        return _report_unexpected(error)


def _report_unexpected(error: Exception) -> int:
    refusal = refusal_of(error)
    if refusal is not None:
        return _report(str(refusal), _failure_type(refusal), "")
    text = (
        f"The connector failed: {type(error).__name__}. This is a fault of source-tiktok-marketing {__version__}. "
        "Report it, with the log, where you got the connector from."
    )
    return _report(text, "system_error", traceback.format_exc())


def _report(text: str, failure: str, detail: str) -> int:
    from tiktok_marketing.airbyte.messages import error_line

    _write(error_line(text, failure, detail=detail))
    return 1


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.flush()


def _failure_type(error: ConnectorError) -> str:
    if isinstance(error, ConfigurationError):
        return "config_error"
    from tiktok_marketing.airbyte.read import failure_type

    return failure_type(error)


_DEBUG = "log each request, without secrets"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="source-tiktok-marketing",
        description="Read TikTok Ads as an Airbyte source. To read without Airbyte, use `tiktok-marketing`.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--debug", action="store_true", help=_DEBUG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "spec": "Print the specification of the configuration.",
        "check": "Check whether a configuration works.",
        "discover": "Print the streams and their schemas.",
        "read": "Read the streams of a catalog and print their records.",
    }
    for name, description in helps.items():
        command = commands.add_parser(name, help=description, description=description)
        # Without a default of its own, so that it leaves alone what was read before the command.
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=_DEBUG)
        if name != "spec":
            command.add_argument("--config", required=True, metavar="FILE", help="the configuration (JSON)")
        if name == "read":
            command.add_argument("--catalog", required=True, metavar="FILE", help="the configured catalog (JSON)")
            command.add_argument("--state", metavar="FILE", help="the state of an earlier sync (JSON)")
    return parser


def _spec(_arguments: argparse.Namespace) -> int:
    import os

    from tiktok_marketing.airbyte.spec import DOCUMENTATION_VARIABLE, specification

    _print({"type": "SPEC", "spec": specification(os.environ.get(DOCUMENTATION_VARIABLE, "").strip())})
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import asyncio

    from tiktok_marketing.access_check import check_access
    from tiktok_marketing.airbyte.heartbeat import HEARTBEAT, Heartbeat
    from tiktok_marketing.airbyte.messages import log_line
    from tiktok_marketing.api.retry_policy import INTERACTIVE_RETRIES
    from tiktok_marketing.clock import SystemClock
    from tiktok_marketing.connect import connect

    async def results() -> list[CheckResult]:
        config, clock = _load_config(arguments), SystemClock()
        heartbeat = Heartbeat(HEARTBEAT, clock.monotonic)

        def log_wait(waiting: Announcement) -> None:
            if not heartbeat.has_said(waiting):
                _write(log_line("INFO", str(waiting)))
                heartbeat.wrote()

        async with connect(
            config,
            clock=clock,
            policy=INTERACTIVE_RETRIES,
            on_wait=log_wait,
            log_request=(lambda text: _write(log_line("DEBUG", text))) if arguments.debug else None,
        ) as api:
            alive = asyncio.create_task(_report_alive(api, heartbeat))
            try:
                return await check_access(config, api, clock)
            finally:
                alive.cancel()

    limited: list[str] = []
    try:
        checked = _run(results())
        failed = [_sentence(result) for result in checked if not result.ok and not result.streams]
        limited = [_sentence(result) for result in checked if result.streams]
    except ConfigurationError as error:
        failed = [str(error)]
    for text in limited:  # everything else works, so the connection can be used
        _write(log_line("WARN", text))
    status = {"status": "FAILED" if failed else "SUCCEEDED"}
    if failed or limited:
        status["message"] = "\n".join(map(shown_line, failed + limited))
    _print({"type": "CONNECTION_STATUS", "connectionStatus": status})
    return 0  # the message has the answer; the exit code says that the check could be made


async def _report_alive(api: Client, heartbeat: Heartbeat) -> None:
    """Log again and again that the check goes on, and what it waits for. Never returns."""
    import asyncio

    from tiktok_marketing.airbyte.messages import log_line

    while True:
        rest = heartbeat.rest()
        if rest > 0:
            await asyncio.sleep(rest)
            continue
        _write(log_line("INFO", heartbeat.line("Still checking.", api.waits_for())))
        heartbeat.wrote()


def _sentence(result: CheckResult) -> str:
    return f"{result.name}: {result.message} {result.remedy}".strip()


def _discover(arguments: argparse.Namespace) -> int:
    from tiktok_marketing.airbyte.inputs import discovered

    _print({"type": "CATALOG", "catalog": discovered(_load_config(arguments))})
    return 0


def _read(arguments: argparse.Namespace) -> int:
    from tiktok_marketing.airbyte.inputs import load_states, selected_streams
    from tiktok_marketing.airbyte.read import read
    from tiktok_marketing.json_files import read_json
    from tiktok_marketing.sync.plan.selection import streams_of

    config = _load_config(arguments)
    selected = selected_streams(config, read_json(arguments.catalog, "catalog"))
    return _run(read(config, selected, load_states(arguments.state, streams_of(config)), debug=arguments.debug))


def _load_config(arguments: argparse.Namespace) -> Config:
    """Read the configuration with Airbyte's defaults. A key that means nothing is a warning in the log."""
    from tiktok_marketing.airbyte.messages import log_line
    from tiktok_marketing.config import AIRBYTE, load_file
    from tiktok_marketing.shards import shard_in

    config = load_file(arguments.config, AIRBYTE, on_warning=lambda text: _write(log_line("WARN", text)))
    return msgspec.structs.replace(config, shard=shard_in(os.environ))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine, once everything that it needs is imported.

    The garbage collector then ignores what was imported. To traverse that again, and once more on the way out, costs a
    sixth of the CPU time of a small sync.
    """
    import asyncio
    import gc

    gc.freeze()
    return asyncio.run(work)


_COMMANDS = {"spec": _spec, "check": _check, "discover": _discover, "read": _read}


def _print(message: object) -> None:
    _write(msgspec.json.encode(message) + b"\n")
