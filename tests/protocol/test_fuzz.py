"""Configurations, catalogs and states that nobody would write lead to a message and an exit code, never a traceback.

`FUZZ=20000 pytest tests/protocol/test_fuzz.py` draws 20,000 new examples instead of the same few.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

import programs
from support import catalog_of, config_for
from tiktok_marketing.catalog import STREAMS
from tiktok_marketing.emulator import Options

_DRAWN = os.environ.get("FUZZ")
drawing = settings(
    max_examples=int(_DRAWN or 150),
    derandomize=_DRAWN is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\ud800", "\x00", "2026-13-45", "0001-01-01", "9999-12-31", "7" * 40, "true", "NaN", "٣"]
    ),
    st.dates().map(str),
)
numbers = st.one_of(
    st.integers(), st.sampled_from([10**30, -(10**30), 2**63, 0, -1]), st.floats(), st.sampled_from([1e308, -0.0])
)
wild = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
ids = st.integers(1, 10**19).map(str)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with some of these fields, each right or wrong, and perhaps another field."""
    known = st.fixed_dictionaries({}, optional={name: value | wild for name, value in fields.items()})
    return st.builds(lambda fields, others: others | fields, known, st.dictionaries(texts, wild, max_size=1))


credentials = some(
    auth_type=st.sampled_from(["oauth2.0", "sandbox_access_token"]),
    app_id=ids,
    secret=st.just("secret-of-nobody"),
    access_token=st.just("token-of-nobody"),
    advertiser_id=ids,
)
full_credentials = st.fixed_dictionaries(
    {
        "auth_type": st.just("oauth2.0"),
        "app_id": ids,
        "secret": st.just("secret-of-nobody"),
        "access_token": st.just("token-of-nobody"),
    }
)
configurations = st.builds(
    lambda fields, complete: fields | complete,
    some(
        credentials=credentials,
        environment=credentials,
        access_token=st.just("token-of-nobody"),
        start_date=st.dates().map(str),
        end_date=st.dates().map(str),
        attribution_window=st.integers(0, 364),
        report_granularity=st.integers(1, 30),
        include_deleted=st.booleans(),
        advertiser_ids=st.lists(ids, max_size=2),
        exclude_advertiser_ids=st.lists(ids, max_size=2),
        skip_inaccessible_advertisers=st.booleans(),
        requests_per_second=st.integers(1, 50),
        refresh_objects=st.sampled_from(["daily", "always"]),
    ),
    st.just({}) | st.fixed_dictionaries({"credentials": full_credentials}),
)
names = st.sampled_from([stream.name for stream in STREAMS])
entries = some(
    stream=some(name=names, json_schema=st.just({}), namespace=texts),
    sync_mode=st.sampled_from(["full_refresh", "incremental"]),
    destination_sync_mode=st.just("append"),
    cursor_field=st.lists(texts, max_size=1),
)
catalogs = some(streams=st.lists(entries, max_size=3))
moments = st.dates().map(str) | st.datetimes().map(str)
cursors = st.sampled_from(["modify_time", "stat_time_day", "stat_time_hour"])
partitions = some(partition=some(advertiser_id=ids), cursor=st.dictionaries(cursors, moments | wild, max_size=2))
stream_states = some(
    states=st.lists(partitions, max_size=3),
    use_global_cursor=st.booleans(),
    lookback_window=st.integers(0, 10**9),
    state=st.dictionaries(cursors, moments | wild, max_size=1),
    modify_time=moments,
    stat_time_day=moments,
    stat_time_hour=moments,
    dimensions=st.dictionaries(cursors, moments | wild, max_size=1),
)
described = some(stream_descriptor=some(name=names), stream_state=stream_states)
messages = some(
    type=st.sampled_from(["STREAM", "GLOBAL", "LEGACY", "STATE"]),
    stream=described,
    data=st.dictionaries(names, stream_states, max_size=2),
    state=some(type=st.just("STREAM"), stream=described),
)
states = st.lists(messages, max_size=3) | messages | st.dictionaries(names, stream_states, max_size=2)


def as_file(content: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """As JSON (with NaN and halves of characters, which Python's own encoder writes), or as anything at all."""
    written = content.map(lambda value: json.dumps(value).encode())
    cut = st.builds(lambda text, share: text[: int(len(text) * share)], written, st.floats(0, 1))
    return st.one_of(written, written, written, wild.map(lambda value: json.dumps(value).encode()), cut, st.binary())


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder for files, and an emulator that the programs call."""
    options = Options(tier="unlimited", days=3, advertisers=1, ads_per_account=2)
    with (
        tempfile.TemporaryDirectory() as name,
        programs.emulator_beside(options) as emulator,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TIKTOK_API_URL", emulator.url)
        patch.setenv("HOME", name)
        path = Path(name)
        write(path, "good-config.json", config_for(emulator))
        write(path, "good-catalog.json", catalog_of(["campaigns"]))
        yield path


def write(folder: Path, name: str, content: Any) -> str:
    """Write a file; returns its path."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


def is_json(content: bytes) -> bool:
    """Whether Python's own decoder accepts it."""
    try:
        json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def assert_clear_ending(ended: programs.StreamEnded, *, file: str, content: bytes) -> None:
    """The program succeeded, or printed an error that a person can act upon. It named a file that is not JSON."""
    note(f"{ended.code} {ended.out[-2000:]} {ended.err[-2000:]}")
    assert "Traceback" not in ended.out + ended.err
    assert "fault of the" not in ended.out + ended.err
    if ended.code == 0:
        statuses = [item["connectionStatus"] for item in ended.messages if item["type"] == "CONNECTION_STATUS"]
        errors = [status.get("message", "") for status in statuses if status["status"] == "FAILED"]
    else:
        assert ended.code == 1
        (error,) = ended.errors
        assert error["failure_type"] == "config_error"
        errors = [error["message"]]
    assert all(len(text) > 10 for text in errors)
    if not is_json(content):
        assert errors
        assert file in errors[0]


@drawing
@given(as_file(configurations))
@example(b"\xff\xfe")
@example(b"[" * 100_000)
@example(b"\xef\xbb\xbf{}")
@example(b'{"start_date": NaN}')
def test_any_configuration_works_or_is_refused_with_a_message(folder: Path, content: bytes) -> None:
    """By every command of both programs that reads one."""
    path = write(folder, "config.json", content)
    catalog = str(folder / "good-catalog.json")
    assert_clear_ending(programs.source("check", "--config", path), file=path, content=content)
    assert_clear_ending(programs.source("discover", "--config", path), file=path, content=content)
    assert_clear_ending(programs.source("read", "--config", path, "--catalog", catalog), file=path, content=content)
    for arguments in (
        ("check", "--config", path),
        ("streams", "--config", path),
        ("plan", "--config", path),
        ("sync", "--config", path, "--to", str(folder / "nowhere" / "x.duckdb")),
    ):
        ended = programs.command(*arguments)
        note(f"{ended}")
        assert ended.code in {0, 1, 2}
        assert "Traceback" not in ended.out + ended.err
        assert "fault of the program" not in ended.err
        if not is_json(content):
            assert ended.code == 2
            assert path in ended.err.replace("\n", "")


@drawing
@given(as_file(catalogs))
@example(b'{"streams": [{"stream": {"name": "\\ud800"}}]}')
def test_any_catalog_is_read_or_refused_with_a_config_error(folder: Path, content: bytes) -> None:
    """Here with a good configuration."""
    path = write(folder, "catalog.json", content)
    config = str(folder / "good-config.json")
    assert_clear_ending(programs.source("read", "--config", config, "--catalog", path), file=path, content=content)


@drawing
@given(as_file(states))
@example(b"")
@example(b'[{"type": "STREAM", "stream": {"stream_descriptor": {"name": "campaigns"}, "stream_state": {"states": 1}}}]')
def test_any_state_is_accepted_or_refused_with_a_config_error(folder: Path, content: bytes) -> None:
    """Here with a good configuration and a good catalog."""
    path = write(folder, "state.json", content)
    config, catalog = str(folder / "good-config.json"), str(folder / "good-catalog.json")
    ended = programs.source("read", "--config", config, "--catalog", catalog, "--state", path)
    assert_clear_ending(ended, file=path, content=content)


def test_the_good_files_can_be_read(folder: Path) -> None:
    """So that the other tests fail only for what they change."""
    config, catalog = str(folder / "good-config.json"), str(folder / "good-catalog.json")
    ended = programs.source("read", "--config", config, "--catalog", catalog)
    assert ended.code == 0
