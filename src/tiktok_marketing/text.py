r"""Text of others, made fit for terminals and logs: names of accounts, TikTok's messages, names of files, values.

Whoever writes such a text must not be able to move the cursor, clear the screen, fill the clipboard (OSC 52), turn
other text around, or forge a line of a log. And no text may leave a secret behind, in whatever spelling.

Data are not concerned: records and states stay as TikTok wrote them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
"""What ends a line, for one program or another, or moves the cursor as blanks do."""
_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: whatever a terminal might obey
    "\xad\u061c\u180e"  # characters that are not shown, and the marks that change the direction of text
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
    "\ud800-\udfff"  # halves of characters, which no stream can encode
    "]"
)
"""The joiners U+200C and U+200D are not among them: Persian words and many emoji contain them."""
_UNSAFE_IN_LINES = re.compile(r"(?!\n)" + _UNSAFE.pattern)
_UNSAFE_ON_DISPLAY = re.compile(r"(\x1b\[(?:[\d;]*m|\?25[hl]|\d*[AK])|\r)|(?!\n)" + _UNSAFE.pattern)
"""Its group holds what rich uses: colours, the cursor hidden, shown and moved up or to the left, lines cleared."""


def one_line(text: str) -> str:
    r"""Return a text of others so that a terminal or a log shows all of it on one line, and obeys none of it.

    Line ends and tabs become a blank. Other characters that are not shown become visible escapes.

    Example:
        >>> one_line("My\nshop \x1b[2J")
        'My shop \\x1b[2J'
    """
    return text if text.isprintable() else _UNSAFE.sub(_escaped, _BREAKS.sub(" ", text))


def several_lines(text: str) -> str:
    r"""Return a text that has lines of its own, for example a traceback, so that none of them can pass for another's.

    Every line but the first is indented, so a line that begins at the margin is always the program's own.

    Example:
        >>> several_lines("refused:\nERROR all is lost\x07")
        'refused:\n  ERROR all is lost\\x07'
    """
    return "\n  ".join(one_line(line) if line.strip() else "" for line in _lines(text))


def without_controls(text: str, *, display: bool = False) -> str:
    """Return what a program prints with its line ends, and with everything else escaped that a terminal might obey.

    The streams of the executables apply it to whatever arrives there, so that no library can print more than lines.

    Args:
        text: What is printed.
        display: Whether colours and the cursor movements of a progress display are left as they are.
    """
    if text.isprintable():
        return text
    return (_UNSAFE_ON_DISPLAY if display else _UNSAFE_IN_LINES).sub(_escaped, text.replace("\t", "    "))


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\t", "    ").rstrip("\n").split("\n")


def _escaped(match: re.Match[str]) -> str:
    if match.lastindex:
        return match[0]
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_MASK = "***"
_LONG = 8
"""Characters from which a secret is masked wherever it stands. A shorter one may be part of a usual word or number."""
_SHORTEST = 4
"""Characters from which a secret is masked wherever a value stands. A shorter one is masked only as a password.

One that is neither a word nor a figure is masked also between the words of a sentence."""
_MOST = 64
"""Secrets that are remembered. A program has a few; a server that reads for many users remembers the latest."""


class Mask:
    """Masks secrets in texts, in every spelling in which programs write them.

    That is: as they are, URL-encoded (wholly or in part, in capitals or not), escaped as in JSON, Python or HTML, and
    in base64, as the header of a basic authorization has it, whatever stands before or behind.

    Args:
        secrets: The secrets. Those that are empty are ignored.
    """

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._patterns: dict[str, tuple[re.Pattern[str], ...]] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[str | None]) -> None:
        """Mask these secrets as well."""
        new = {secret: _patterns(secret) for secret in secrets if secret and secret not in self._patterns}
        if new:
            latest = [*self._patterns.items(), *new.items()][-_MOST:]
            self._patterns = dict(sorted(latest, key=lambda item: -len(item[0])))  # the longest first

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        for patterns in self._patterns.values():
            for pattern in patterns:
                text = pattern.sub(_MASK, text)
        return text


def _patterns(secret: str) -> tuple[re.Pattern[str], ...]:
    spelled = "".join(map(_spellings, secret))
    if len(secret) < _SHORTEST:
        return (re.compile(rf"(?:(?<=:){spelled}(?=@)|(?i:(?<=pass=)|(?<=password=)|(?<=password=')){spelled}(?!\w))"),)
    if len(secret) < _LONG and not secret.isalpha() and not secret.isdigit():  # neither a word nor a figure
        spelled = rf"(?<!\w){spelled}(?!\w)"
    elif len(secret) < _LONG:
        spelled = rf"(?:(?<=[=:/\"'`(\[{{])|(?<=[=:]\s)|^){spelled}(?=[\s@&;:,.!?\"'`)\]}}|/]|$)"
    return tuple(re.compile(pattern) for pattern in (spelled, *_in_base64(secret)))


def _spellings(character: str) -> str:
    """A pattern for one character, as it is and as the usual encodings write it."""
    forms = [re.escape(character)]
    encoded = character.encode("utf-8", "surrogatepass")
    # %25 once more: an address inside of an address is encoded twice.
    forms.append("".join(f"%(?:25)*(?i:{byte:02x})" for byte in encoded))
    forms.append("".join(rf"\\+u(?i:{unit:04x})" for unit in _utf16_units(character)))
    if len(encoded) == 1 and not character.isalnum():
        forms += [rf"\\+{re.escape(character)}", rf"\\+x{encoded[0]:02x}", rf"&#0*{ord(character)};"]
        forms += [re.escape(name) for name in _HTML.get(character, ())]
    elif len(encoded) > 1:
        forms.append("".join(rf"\\+x{byte:02x}" for byte in encoded))
        forms.append(rf"\\+x(?i:{ord(character):02x})|\\+U(?i:{ord(character):08x})")
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


_HTML = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;",), "'": ("&#x27;", "&apos;")}


def _utf16_units(character: str) -> list[int]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2)]


def _in_base64(secret: str) -> Iterator[str]:
    """Patterns for the secret in base64, for each of the three ways in which it can lie across its groups."""
    data = secret.encode("utf-8", "surrogatepass")
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        sure = encoded[skipped : (before + len(data)) * 8 // 6]  # what no neighbour has a bit in
        if len(sure) >= _SHORTEST:
            yield "".join(_in_either_alphabet(character) for character in sure) + "[A-Za-z0-9+/_-]?(?:=|%3[Dd]){0,2}"


def _in_either_alphabet(character: str) -> str:
    return {"+": r"(?:[+-]|%2[Bb])", "/": r"(?:[/_]|%2[Ff])"}.get(character, character)


mask_known = Mask()
"""Masks every secret that a configuration or an address in this process has had."""


def shown_line(text: str) -> str:
    """Return a text as a message can show it: on one line, without anything that a terminal obeys, without secrets."""
    return one_line(mask_known(text))


def shown_lines(text: str) -> str:
    """Return a text that has several lines, for example a traceback, as a message can show it."""
    return several_lines(mask_known(text))
