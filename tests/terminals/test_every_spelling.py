"""Secrets are masked in whatever spelling a program writes them, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import re
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgres_server import server
from processes import BIN, COMMAND, Folder
from tiktok_marketing.text import Mask

pytestmark = pytest.mark.thorough

PASSWORD = "p@ss w/ö\"rd'+=&<1%41"
TOKEN = "4f/ab+cd==ef123456789"


def spellings(secret: str) -> dict[str, str]:
    """A secret as different programs write it."""
    data = secret.encode()
    plain = {
        "plain": secret,
        "quote": quote(secret),
        "quote all": quote(secret, safe=""),
        "quote_plus": quote_plus(secret),
        "small": re.sub("%..", lambda match: match[0].lower(), quote(secret, safe="")),
        "twice": quote(quote(secret, safe=""), safe=""),
        "everything": "".join(f"%{byte:02X}" for byte in data),
        "json": json.dumps(secret)[1:-1],
        "json in utf-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json in json": json.dumps(json.dumps(secret))[3:-3],
        "repr": repr(secret)[1:-1],
        "ascii": ascii(secret)[1:-1],
        "repr of repr": repr(repr(secret))[2:-2],
        "html": html.escape(secret),
        "libpq": secret.replace("\\", "\\\\").replace("'", "\\'"),
    }
    if len(secret) >= 8:
        encoded = {}
        for count in range(4):
            for suffix in (b"", b"@", b"&x", b"xyz"):
                text = b"user:"[:count] + data + suffix
                encoded[f"base64 {count} {suffix!r}"] = base64.b64encode(text).decode()
                encoded[f"base64url {count} {suffix!r}"] = base64.urlsafe_b64encode(text).decode()
        encoded["quoted base64"] = quote_plus(encoded["base64 2 b'@'"])
        plain |= encoded
    return plain


def remains(secret: str, text: str) -> bool:
    """Whether five characters of the secret, or of its base64, are still to be seen."""
    parts = {form[at : at + 8] for form in spellings(secret).values() for at in range(len(form) - 7)}
    return any(part in text for part in parts)


@pytest.mark.parametrize(
    "secret", [PASSWORD, TOKEN, "0123456789abcdef" * 3, "пароль-店-😀", "~!@#$%^&*()_+`-={}|[]\\:;<>?,./"]
)
def test_every_spelling_of_a_secret_is_masked(secret: str) -> None:
    """URL-encoded wholly or in part, escaped as JSON, Python, HTML and libpq do, in base64 at any offset."""
    mask = Mask([secret])
    for name, spelling in spellings(secret).items():
        for text in (spelling, f"password={spelling}&x=1", f"a {spelling}.", f'{{"a": "{spelling}"}}'):
            masked = mask(text)
            assert "***" in masked, name
            assert not remains(secret, masked), (name, masked)


@given(st.text(min_size=8, max_size=40), st.binary(max_size=5), st.binary(max_size=5))
def test_no_base64_shows_a_secret(secret: str, before: bytes, after: bytes) -> None:
    """Whatever stands before and behind it."""
    try:
        data = secret.encode()
    except UnicodeEncodeError:
        return
    masked = Mask([secret])(base64.b64encode(before + data + after).decode())
    assert "***" in masked


@pytest.mark.parametrize("secret", ["a", "1", "db", "abc"])
def test_a_short_secret_is_masked_only_as_a_password(secret: str) -> None:
    """A message in which each "a" were three stars would help nobody."""
    mask = Mask([secret])
    sentence = "12,311 abc rows of db a in 1 s: /a/b?1=db (a, abc), 'a' \"1\" db.example.com:1 code 1."
    assert mask(sentence) == sentence
    assert mask(f"postgresql://user:{secret}@host/db") == "postgresql://user:***@host/db"
    assert mask(f"host=h password={secret} dbname=x") == "host=h password=*** dbname=x"
    assert mask(f"password='{secret}'") == "password='***'"


@pytest.mark.parametrize("secret", ["s3cret/", "p4ss", "a-b-c", "x_1!"])
def test_a_secret_that_is_no_word_is_masked_anywhere(secret: str) -> None:
    """It stands in a sentence by no accident."""
    assert secret not in Mask([secret])(f"An unknown error with {secret} and {secret}.")


@pytest.mark.parametrize("secret", ["1234", "test", "rows"])
def test_a_secret_of_a_few_characters_is_masked_where_a_value_stands(secret: str) -> None:
    """Behind an equals sign, a colon or a quote; not as a word or figure of a sentence."""
    mask = Mask([secret])
    for sentence in (f"It has {secret} rows.", f"un{secret}ed {secret}s", f"/{secret}ing/get/", f"x{secret}@host"):
        assert mask(sentence) == sentence
    for text in (
        *(f"password={secret}", f"token: {secret}", f'"{secret}"', f"'{secret}'", f"u:{secret}@h", f"({secret})"),
        *(f"?a={secret}&b", f"x=%{ord(secret[0]):02x}{secret[1:]}"),
    ):
        assert secret not in mask(text)
        assert "***" in mask(text)


@given(st.text(string.ascii_letters + string.digits + " .,:/%=&'\"\n", max_size=200))
def test_a_text_without_the_secret_stays_as_it_is(text: str) -> None:
    """Nothing but the secret is masked."""
    mask = Mask([PASSWORD, "~secret~of~tildes~"])
    assert mask(text) == text


def test_the_longer_of_two_secrets_is_masked_first() -> None:
    """Otherwise the rest of the longer one would be left."""
    assert Mask(["secret-1", "secret-1-and-more"])("secret-1-and-more secret-1") == "*** ***"


def test_a_server_remembers_the_latest_secrets_only() -> None:
    """A program that reads for thousands of users does not keep all their tokens."""
    mask = Mask()
    mask.add(f"secret-number-{number}" for number in range(1000))
    assert mask("secret-number-999") == "***"
    assert mask("secret-number-1 ") == "secret-number-1 "


def test_no_error_of_a_database_shows_its_password(folder: Folder) -> None:
    """With --debug, whatever is wrong with the address or the server, in every spelling."""
    encoded = quote(PASSWORD, safe="")
    with server() as running:
        place = running.address("postgres").rpartition("@")[2].partition("/")[0]
        addresses = [
            f"postgresql://loader:{encoded}@{place}/postgres",
            f"postgresql://nobody:{encoded}@{place}/postgres",
            f"postgresql+psycopg2://loader:{encoded}@{place}/missing",
            f"postgresql://loader:{encoded}@127.0.0.1:1/postgres",
            f"postgresql://loader:{encoded}@nowhere.invalid/postgres",
            f"postgresql://loader:{encoded}@{place}/postgres?sslmode=require",
            f"postgresql://loader:{encoded}@{place}/postgres?sslmode=nonsense",
            f"postgresql://loader:{encoded}@{place}/postgres?{encoded}=1",
            f"postgresql://loader@{place}/postgres?password={encoded}&port=0",
            f"postgresql://loader:{encoded}%zz@{place}/postgres",
            f"postgresql://loader:{encoded}@{place}/postgres?options=-c%20nonsense",
            f"postgresql://loader:{encoded}@{place}/a/b",
            f"postgresql://loader:{encoded}@{place}:x/b",
            f"mysql://loader:{encoded}@{place}/b",
        ]
        for address in addresses:
            lines = [(COMMAND, "--debug", "sync", "--config", "c.json", "--to", address)]
            if address in addresses[:2]:
                lines.append((COMMAND, "--debug", "doctor", "--config", "c.json", "--offline", "--database", address))
            for line in lines:
                ended = folder.run(*line)
                assert ended.code in {1, 2, 3}
                assert not remains(PASSWORD, ended.text), (address, ended.text)


def test_whatever_a_library_prints_has_no_secret(folder: Folder) -> None:
    """A warning, a log line or a traceback of some library goes through the same streams."""
    header = base64.b64encode(b"me:" + folder.emulator.secret.encode()).decode()
    code = (
        "import sys, warnings; from tiktok_marketing.stdout import run_program\n"
        "from tiktok_marketing.config import load_file\n"
        "def run():\n"
        "  config = load_file('c.json'); print('a', config.access_token); warnings.warn(config.secret)\n"
        f"  sys.stderr.write('Authorization: Basic {header}'); raise SystemExit(config.secret)\n"
        "run_program(run)"
    )
    ended = folder.run(str(BIN / "python"), "-c", code)
    for secret in (folder.emulator.secret, folder.emulator.access_token):
        assert not remains(secret, ended.text)
    assert "a ***" in ended.text
