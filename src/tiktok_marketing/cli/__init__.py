"""The command `tiktok-marketing` for people. It may use every other room; only it knows click and rich.

Heavy imports (aiohttp, pyarrow, dlt, DuckDB) stay inside the commands that need them, so that `--help` answers at once.
"""

from __future__ import annotations

import sys

from tiktok_marketing.extras import install_hint

_NEEDED = {"click", "rich"}


def main() -> None:
    """Run the command and end the program with its exit code."""
    try:
        from tiktok_marketing.cli.main import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        sys.stderr.write(f"tiktok-marketing needs {error.name}, which is not installed. {install_hint('load')}\n")
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))
