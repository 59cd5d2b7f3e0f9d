"""The C extension; pyproject.toml has all else.

Without a compiler it is left out, and with `TIKTOK_PURE_PYTHON` set it is not even tried: the pure-Python path delivers
the same. Such a wheel fits every machine.
"""

import os
from pathlib import Path

from setuptools import Extension, setup

if os.environ.get("TIKTOK_PURE_PYTHON"):
    setup()
else:
    setup(
        ext_modules=[
            Extension(
                "tiktok_marketing.sync.decode._rows",
                sorted(str(path) for path in Path("native").glob("*.c")),
                depends=["native/rows.h"],
                py_limited_api=True,
                optional=True,
            )
        ],
        options={"bdist_wheel": {"py_limited_api": "cp311"}},
    )
