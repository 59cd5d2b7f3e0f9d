"""What is wrong with an access or with a database, found before somebody relies on it.

The checks take values (what the database holds, what TikTok says, the configuration, the time) and give findings; the
database is opened and TikTok is asked at the edges. Nothing here writes anything, and nothing here knows a terminal.
"""

from __future__ import annotations

from tiktok_marketing.doctor.database import states_in
from tiktok_marketing.doctor.findings import Examination, Finding, Fix, Severity
from tiktok_marketing.doctor.run import Scope, examine

__all__ = ["Examination", "Finding", "Fix", "Scope", "Severity", "examine", "states_in"]
