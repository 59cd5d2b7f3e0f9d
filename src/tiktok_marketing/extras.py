"""What the extras of this distribution add, and how to install it."""

from __future__ import annotations

import re
import shlex
import sys

DISTRIBUTION = "tiktok-marketing"

_OF_EXTRA = re.compile(r"(?P<requirement>[^;]+?) *; *extra == ['\"](?P<extra>\w+)['\"]")
_OWN_EXTRAS = re.compile(rf"{DISTRIBUTION}\[(?P<extras>[\w,]+)\]")


def install_hint(extra: str) -> str:
    """Say which extra is missing and give the command that adds it to the Python that is running.

    Several extras are separated by commas. The command names the packages of the extra. It cannot name this
    distribution, because an index may have another project under the name; nor where it was installed from, because a
    checkout or a wheel may be gone by now.
    """
    names = extra.split(",")
    packages = list(dict.fromkeys(package for name in names for package in requirements_of(name)))
    belongs = f"It belongs to the extra{'s' * (len(names) > 1)} '{extra}'."
    command = f"{shlex.quote(sys.executable)} -m pip install"
    if not packages:  # a source tree that was never installed has no metadata
        return f"{belongs} In the checkout, run: {command} '.[{extra}]'"
    return f"{belongs} To install that, run: {command} {shlex.join(packages)}"


def requirements_of(extra: str) -> list[str]:
    """List the packages that an extra adds, and those of the extras that it includes.

    Returns:
        Requirements such as `duckdb>=1.1`; none if this distribution is not installed.
    """
    from importlib.metadata import PackageNotFoundError, requires  # takes as long as a third of `spec`

    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    packages: list[str] = []
    for match in filter(None, map(_OF_EXTRA.fullmatch, lines)):
        if match["extra"] != extra:
            continue
        if included := _OWN_EXTRAS.fullmatch(match["requirement"]):
            packages += [package for name in included["extras"].split(",") for package in requirements_of(name)]
        else:
            packages.append(match["requirement"])
    return list(dict.fromkeys(packages))
