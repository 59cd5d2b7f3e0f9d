"""Working folders for destinations that are not on this machine."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from tiktok_marketing.errors import DestinationError


def working_folder_of(destination: str, dataset: str) -> Path:
    """Return the folder where packages are prepared. The next sync clears what a killed sync leaves there.

    Args:
        destination: The destination's name, without secrets.
        dataset: The schema.
    """
    name = hashlib.sha256(f"{destination}\n{dataset}".encode()).hexdigest()[:16]
    return temporary_folder() / f"tiktok-marketing-{os.geteuid()}-{name}"


def temporary_folder() -> Path:
    """The folder for temporary files: that of TMPDIR, or the system's.

    Raises:
        DestinationError: There is none that can be written to.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        raise DestinationError(
            "No folder for temporary files can be written to, so packages cannot be prepared.",
            remedy="Free some space in /tmp, or name another folder with the environment variable TMPDIR.",
        ) from None
