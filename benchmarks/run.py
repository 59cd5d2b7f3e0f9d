"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = ("spec.py", "emulator_speed.py", "read_ads.py", "memory.py", "plan.py", "states.py", "quota.py", "load.py")


def main() -> None:
    """Run each in a process of its own, so that none warms up another."""
    folder = Path(__file__).parent
    for script in SCRIPTS:
        print(f"\n{script}", flush=True)
        subprocess.run([sys.executable, folder / script], check=True)  # noqa: S603 - our own scripts


if __name__ == "__main__":
    main()
