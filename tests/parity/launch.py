"""Starts Airbyte's connector as of a moment: `python launch.py 2026-06-15T12:00:00+00:00 read …`.

It is run by the peer's Python, with the copy of its package that `peer.py` made on the path.
"""

import sys
from datetime import datetime

import time_machine

if __name__ == "__main__":
    with time_machine.travel(datetime.fromisoformat(sys.argv.pop(1)), tick=True):
        from source_tiktok_marketing.run import run

        run()
