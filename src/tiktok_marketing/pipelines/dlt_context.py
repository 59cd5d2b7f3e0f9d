"""dlt without its surroundings: no telemetry, no log, no settings from folders or the environment.

dlt looks for `.dlt/config.toml` and `secrets.toml` in the current and the home folder and in environment variables, and
writes there too. A command that loads one source into one file must not depend on any of them, so dlt gets a context of
its own while it works. dlt keeps that context for the whole process; whatever was there before is put back afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

_SETTINGS: dict[str, Any] = {
    # `_dlt_load_id` says which package a row came with: that is how rows of earlier syncs are told from this one's.
    "normalize": {"workers": 1, "parquet_normalizer": {"add_dlt_load_id": True}},
    # One job at a time: DuckDB uses all cores for each by itself. No retries: nothing about a local file is fleeting
    # but its lock, which is waited for elsewhere.
    "load": {
        "workers": 1,
        "raise_on_max_retries": 1,
        "delete_completed_jobs": True,
    },
}
_one_at_a_time = threading.Lock()


class _OwnContext(RunContext):  # type: ignore[misc]
    """A place of dlt's own that knows no settings but ours."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._global_dir = str(folder)

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
        return [CustomLoaderDocProvider("tiktok-marketing", lambda: _SETTINGS, False)]

    def initialize_runtime(self, runtime_config: Any = None) -> None:
        del runtime_config
        super().initialize_runtime(RuntimeConfiguration(dlthub_telemetry=False, log_level="CRITICAL"))


@contextmanager
def isolated_dlt(folder: Path) -> Iterator[None]:
    """Let dlt work in `folder` alone.

    Syncs of one process that load at the same time would share dlt's context: the second one waits for the first.
    """
    with _one_at_a_time:
        container = Container()
        own = _OwnContext(folder)
        if PluggableRunContext not in container:
            container[PluggableRunContext] = PluggableRunContext(own)
            try:
                yield
            finally:
                del container[PluggableRunContext]
            return
        plugged = container[PluggableRunContext]
        cookie = plugged.push_context()
        plugged.reload(own)
        try:
            yield
        finally:
            plugged.pop_context(cookie)
