"""The part in C; pyproject.toml has all else. Where there is no compiler it is left out, and Python does its work."""

from pathlib import Path

from setuptools import Extension, setup

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
