"""The example for dbt, which `make dbt` runs with the environment in `DBT`; without it there are no tests here."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("DBT") else ["test_example.py"]
