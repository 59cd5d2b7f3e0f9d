"""Files that people write: what is wrong with them, and where."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from unit_builders import APP_ID, OAUTH, SECRET, TOKEN

from tiktok_marketing.config import load_file, parse_config, read_json
from tiktok_marketing.errors import ConfigurationError


def unreadable(path: Path, what: str = "configuration") -> ConfigurationError:
    """The error of reading a file."""
    with pytest.raises(ConfigurationError) as caught:
        read_json(path, what)
    assert str(path) in caught.value.message
    assert what in caught.value.message
    assert caught.value.remedy
    return caught.value


def test_a_file_is_read(tmp_path: Path) -> None:
    """A configuration file is read like its content."""
    path = tmp_path / "config"
    path.write_text(json.dumps({"credentials": OAUTH}), encoding="utf-8")
    assert load_file(path) == load_file(str(path)) == parse_config({"credentials": OAUTH})


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    """The error contains the path, so that a wrong folder is visible."""
    assert "does not exist" in unreadable(tmp_path / "none").message


def test_a_folder_instead_of_a_file_is_reported(tmp_path: Path) -> None:
    """The user sees a sentence, not a traceback."""
    assert "cannot be read" in unreadable(tmp_path, "catalog").message


def test_a_path_through_a_file_is_reported(tmp_path: Path) -> None:
    """The user sees a sentence, not a traceback."""
    (tmp_path / "file").write_text("{}", encoding="utf-8")
    assert "cannot be read" in unreadable(tmp_path / "file" / "config", "state").message


def test_a_file_without_permission_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the system's reason. Root may read every file, so the error is simulated."""

    def refuse(*_: Any, **__: Any) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "Permission denied" in unreadable(tmp_path / "config").message


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"a": "\xe9"}'])
def test_another_encoding_is_reported(tmp_path: Path, content: bytes) -> None:
    """UTF-16 and Latin-1 are not UTF-8."""
    path = tmp_path / "config"
    path.write_bytes(content)
    assert "UTF-8" in unreadable(path).message


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Windows editors write one at the beginning."""
    path = tmp_path / "config"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path, "state") == {"a": 1}


@pytest.mark.parametrize(
    ("content", "where"),
    [("{", "line 1, column 2"), ('{"a": 1,\n}', "line"), ("{'a': 1}", "line 1, column 2"), ("{} {}", "column 4")],
)
def test_bad_json_is_located(tmp_path: Path, content: str, where: str) -> None:
    """The error has line and column; the content, which may contain a secret, is not shown."""
    path = tmp_path / "config"
    path.write_text(content, encoding="utf-8")
    error = unreadable(path)
    assert "not valid JSON" in error.message
    assert where in error.message


def test_the_content_of_a_bad_file_is_not_shown(tmp_path: Path) -> None:
    """A file with a stray comma still contains the token."""
    path = tmp_path / "config"
    path.write_text(json.dumps({"credentials": OAUTH})[:-1] + ",}", encoding="utf-8")
    error = unreadable(path)
    assert not any(secret in f"{error} {error.detail}" for secret in (TOKEN, SECRET, APP_ID))


def test_a_deeply_nested_value_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """However close its nesting is to the interpreter's limit."""
    path = tmp_path / "config"
    for depth in range(850, 1000):
        start = "[" * depth + "]" * depth
        path.write_text(f'{json.dumps({"credentials": OAUTH})[:-1]},"start_date":{start}}}', encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            load_file(path)
        assert caught.value.remedy


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000])
def test_an_extreme_file_is_reported_as_invalid(tmp_path: Path, content: str) -> None:
    """Endless nesting, and numbers of thousands of digits."""
    path = tmp_path / "config"
    path.write_text(content, encoding="utf-8")
    assert "not valid JSON" in unreadable(path).message
