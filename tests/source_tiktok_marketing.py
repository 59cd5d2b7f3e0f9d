"""This connector as the tests of Airbyte's CDK look for it: a class in a module, both named after the connector.

It runs the executable, and passes on what that writes. Unless `TIKTOK_API_URL` is set, an emulator answers it, whose
accounts and tokens are those of `airbyte/acceptance`. The module is on the tests' path only, because Airbyte's own
connector has the same import name.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConnectorSpecification,
    Type,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from emulator_process import emulator_process

ADDRESS = "TIKTOK_API_URL"
EMULATOR = ("--now", "2026-03-10T15:00", "--days", "10", "--ads-per-account", "8", "--advertisers", "3")
"""Its clock stands still, because ids contain the time. Every stream has records."""


class SourceTiktokMarketing(Source):
    """Runs each command in a process of its own, as the platform does."""

    def spec(self, _logger: logging.Logger) -> ConnectorSpecification:
        """What `spec` prints."""
        return _only(_messages("spec"), Type.SPEC).spec

    def check(self, _logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """What `check` prints."""
        return _only(_messages("check", config=config), Type.CONNECTION_STATUS).connectionStatus

    def discover(self, _logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        """What `discover` prints."""
        return _only(_messages("discover", config=config), Type.CATALOG).catalog

    def read(
        self,
        _logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterable[AirbyteMessage]:
        """What `read` prints, as it comes."""
        files = {"config": config, "catalog": ConfiguredAirbyteCatalogSerializer.dump(catalog)}
        if state:
            files["state"] = [AirbyteStateMessageSerializer.dump(message) for message in state]
        return _messages("read", **files)


def _messages(command: str, **files: Any) -> Iterator[AirbyteMessage]:
    """The messages that a command writes. The files become its options.

    Raises:
        RuntimeError: If it fails without an error message.
    """
    with tempfile.TemporaryDirectory() as folder:
        arguments = [sys.executable, "-m", "tiktok_marketing.airbyte", command]
        for name, content in files.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(content))
            arguments += [f"--{name}", str(path)]
        has_error = False
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=_environment()) as process:  # noqa: S603 - ours
            assert process.stdout is not None
            for line in process.stdout:
                message = AirbyteMessageSerializer.load(json.loads(line))
                has_error = has_error or bool(message.trace and message.trace.error)
                yield message
        if process.returncode and not has_error:
            raise RuntimeError(f"`{command}` ended with exit code {process.returncode} and no error message.")


def _only(messages: Iterable[AirbyteMessage], kind: Type) -> AirbyteMessage:
    """The single message of a kind.

    Raises:
        AirbyteTracedException: If the command reports an error instead.
    """
    written = list(messages)
    for message in written:
        if message.trace and message.trace.error:
            error = message.trace.error
            raise AirbyteTracedException(
                message=error.message, internal_message=error.internal_message, failure_type=error.failure_type
            )
    (wanted,) = [message for message in written if message.type == kind]
    return wanted


@functools.cache
def _environment() -> dict[str, str]:
    """The commands' environment variables. Starts the emulator if none names an address."""
    variables = dict(os.environ)
    if ADDRESS not in variables:
        running = contextlib.ExitStack()
        atexit.register(running.close)
        variables[ADDRESS] = running.enter_context(emulator_process(*EMULATOR)).url
    return variables
