"""The command `tiktok-marketing`. It may use every other package; only this one imports click and rich.

Heavy imports (aiohttp, pyarrow, dlt, DuckDB) stay inside the commands that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import sys

from tiktok_marketing import interrupts

_NEEDED = {"click", "rich"}


def main() -> None:
    """Run the command and end the program with its exit code."""
    interrupts.begin()
    from tiktok_marketing.stdout import run_program

    run_program(_run)


def _run() -> int:
    try:
        from tiktok_marketing.cli.main import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        from tiktok_marketing.extras import install_hint

        sys.stderr.write(f"tiktok-marketing needs {error.name}, which is not installed. {install_hint('load')}\n")
        return 2
    return interrupts.interruptible(lambda: run(sys.argv[1:]))
