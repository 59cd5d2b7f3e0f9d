"""What the site has besides the pages: `llms.txt`, which lists them for programs that read docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```\n+", re.MULTILINE | re.DOTALL)
_FIRST_PARAGRAPH = re.compile(r"^# .+\n+((?:(?![#|<\-\d]).+\n)+)", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_SENTENCE = re.compile(r".+?[.:](?=\s|$)", re.DOTALL)


def on_post_build(config: Any) -> None:
    """Write `llms.txt` and put each page beside its HTML as Markdown.

    Raises:
        ValueError: If a page has no title or does not begin with a sentence.
    """
    docs, site = Path(config.docs_dir), Path(config.site_dir)
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    for section in config.nav:
        for title, entries in section.items():
            names = [entries] if isinstance(entries, str) else entries
            lines += [f"## {title}", "", *(_line(docs / name, name) for name in names), ""]
            for name in names:
                (site / name).write_text((docs / name).read_text())
    (site / "llms.txt").write_text("\n".join(lines))


def _line(page: Path, name: str) -> str:
    text = _CODE.sub("", page.read_text())
    title, paragraph = _TITLE.search(text), _FIRST_PARAGRAPH.search(text)
    if title is None or paragraph is None:
        message = f"{name} has no title, or does not begin with a sentence that says what it is about."
        raise ValueError(message)
    sentence = _SENTENCE.match(" ".join(paragraph[1].split()))
    about = (sentence[0] if sentence else paragraph[1]).strip("*.: \n")
    without_links = _LINK.sub(r"\1", about)
    return f"- [{title[1]}]({name}): {without_links}."
