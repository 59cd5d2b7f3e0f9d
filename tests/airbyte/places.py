"""Where things are that the tests of this folder use."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CDK = ROOT / ".venv-cdk"
PYAIRBYTE = ROOT / ".venv-pyairbyte"
PARITY = ROOT / ".venv-parity"
READ_ONLY = ROOT / "tests" / "read_only"
ACCEPTANCE = ROOT / "tests" / "airbyte" / "acceptance"
DOCS = "https://docs.example.com/tiktok"
"""The address of the docs that the image is built with."""
EMULATOR = ("--now", "2026-03-10T15:00", "--days", "10", "--ads-per-account", "8", "--advertisers", "3")
"""The emulator that the configurations in `acceptance` are of, as `source_tiktok_marketing.py` starts it."""
