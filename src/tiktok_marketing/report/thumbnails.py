"""Small images of creatives, made from the copies that `sync --assets` stores."""

from __future__ import annotations

import base64
import io
from pathlib import Path

WIDTH, HEIGHT = 120, 160
"""The size of the largest thumbnail, in pixels."""
_QUALITY = 62
_MOST_BYTES = 20_000_000
_MOST_PIXELS = 40_000_000
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif"}


def thumbnail(folder: Path | None, path: str | None) -> str:
    """Return a stored image as a `data:` address; empty if there is none or it cannot be read.

    The image is decoded and encoded again, so that nothing but its picture comes into the page.

    Args:
        folder: The folder of the stored copies.
        path: The path below it, as the database has it.
    """
    if folder is None or not path:
        return ""
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()) or file.suffix.lower() not in _SUFFIXES:
        return ""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return ""
        return _encoded(file)
    except (OSError, ValueError, SyntaxError, ArithmeticError, MemoryError):  # what Pillow raises for damaged images
        return ""


def is_supported() -> bool:
    """Whether the library that makes thumbnails is installed."""
    try:
        import PIL  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def _encoded(file: Path) -> str:
    from PIL import Image

    with Image.open(file) as image:
        if image.width * image.height > _MOST_PIXELS:
            return ""
        small = image.convert("RGB")
        small.thumbnail((WIDTH, HEIGHT))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
