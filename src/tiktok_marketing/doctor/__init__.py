"""Finds what is wrong with an access or with a database, before anybody relies on it.

The checks take values (what the database holds, what TikTok returns, the configuration, the time) and return findings.
Only the edges open the database and send requests. Nothing here writes anything, and nothing here knows a terminal.
"""

from __future__ import annotations

from tiktok_marketing.doctor.findings import Examination, Finding, Fix, Severity
from tiktok_marketing.doctor.options import DoctorOptions
from tiktok_marketing.doctor.run import examine, unconfigured

__all__ = ["DoctorOptions", "Examination", "Finding", "Fix", "Severity", "examine", "unconfigured"]
