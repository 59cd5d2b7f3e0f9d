"""The Airbyte source: spec, check, discover and read, with files as input and messages on stdout.

stdout belongs to the protocol. Nothing here, and no package below, prints anything else there.
"""

from __future__ import annotations

import sys

from tiktok_marketing import interrupts


def main() -> None:
    """Run `source-tiktok-marketing` and end the program with its exit code."""
    interrupts.begin()
    from tiktok_marketing.stdout import run_program

    run_program(_run)


def _run() -> int:
    from tiktok_marketing.airbyte.entrypoint import run

    return interrupts.interruptible(lambda: run(sys.argv[1:]))
