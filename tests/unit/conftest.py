"""Makes the builders importable, and keeps hypothesis from timing a busy machine."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("unit", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
settings.load_profile("unit")
