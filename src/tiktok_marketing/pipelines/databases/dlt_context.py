"""dlt isolated from its surroundings: no telemetry, no log, and settings of others only where they are wanted.

dlt looks for `.dlt/config.toml` and `secrets.toml` in the current folder and the home folder, and for environment
variables. It writes to these folders too. A command that loads one source into one database must not depend on them, so
dlt gets a context of its own while it works. Databases in the cloud are the exception: their credentials are in these
settings. dlt keeps a context for the whole process, so the previous context is restored afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import (
    ConfigTomlProvider,
    CustomLoaderDocProvider,
    EnvironProvider,
    SecretsTomlProvider,
)
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

_SETTINGS: dict[str, Any] = {
    # `_dlt_load_id` says which package brought a row. It distinguishes rows of earlier syncs from those of this one.
    "normalize": {"workers": 1, "parquet_normalizer": {"add_dlt_load_id": True}},
    # One job at a time, because DuckDB uses all cores for each job. No retries, because nothing about a local file is
    # transient but its lock, which the loader waits for.
    "load": {
        "workers": 1,
        "raise_on_max_retries": 1,
        "delete_completed_jobs": True,
    },
}
_RETRIED: dict[str, Any] = {**_SETTINGS, "load": {**_SETTINGS["load"], "raise_on_max_retries": 5}}
"""For databases elsewhere, to which a connection may fail for a moment."""
_one_at_a_time = threading.Lock()


class _OwnContext(RunContext):  # type: ignore[misc]
    """A context for dlt with a folder of its own, and with our settings before those of the user, if these count."""

    def __init__(self, folder: Path, *, user_settings: bool) -> None:
        super().__init__(str(folder))
        self._global_dir = str(folder)
        self._user_settings = user_settings

    @property
    def data_dir(self) -> str:
        return self._global_dir

    @property
    def run_dir(self) -> str:
        return self._global_dir

    @property
    def local_dir(self) -> str:
        return self._global_dir

    @property
    def module(self) -> ModuleType | None:
        return None

    def initial_providers(self) -> list[Any]:
        settings = _RETRIED if self._user_settings else _SETTINGS
        ours = CustomLoaderDocProvider("tiktok-marketing", lambda: settings, False)
        if not self._user_settings:
            return [ours]
        folders = [str(Path("~/.dlt").expanduser())]
        with suppress(OSError):  # the working folder may be gone
            folders.insert(0, str(Path.cwd() / ".dlt"))
        return [ours, EnvironProvider(), SecretsTomlProvider(*folders), ConfigTomlProvider(*folders)]

    def initialize_runtime(self, runtime_config: Any = None) -> None:
        del runtime_config
        super().initialize_runtime(RuntimeConfiguration(dlthub_telemetry=False, log_level="CRITICAL"))


@contextmanager
def isolated_dlt(folder: Path, *, user_settings: bool = False) -> Iterator[None]:
    """Let dlt work in `folder` alone.

    Two syncs that load at the same time in one process would share dlt's context, so the second waits for the first.

    Args:
        folder: The folder.
        user_settings: Whether dlt also looks where it usually does: in the environment and in `.dlt` folders.
    """
    with _one_at_a_time:
        container = Container()
        isolated = _OwnContext(folder, user_settings=user_settings)
        if PluggableRunContext not in container:
            container[PluggableRunContext] = PluggableRunContext(isolated)
            try:
                yield
            finally:
                del container[PluggableRunContext]
            return
        plugged = container[PluggableRunContext]
        cookie = plugged.push_context()
        plugged.reload(isolated)
        try:
            yield
        finally:
            plugged.pop_context(cookie)
