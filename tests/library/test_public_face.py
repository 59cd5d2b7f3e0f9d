"""What `import tiktok_marketing` offers: the names that are documented, lazily, and nothing else."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.pretty import pretty_repr

import tiktok_marketing as tiktok
from tiktok_marketing import errors

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
SECRETS = {"access_token": "token-4d1f", "app_id": "7000000000001", "secret": "secret-9a3c"}


def test_the_exported_names_are_the_documented_ones() -> None:
    """`docs/python.md` names each of them in backquotes, and no others in its last section."""
    text = PAGE.read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", text))
    assert set(tiktok.__all__) <= documented
    listed = set(re.findall(r"`(\w+)`", text.rpartition("## What is public")[2]))
    assert listed == {name for name in tiktok.__all__ if not name.endswith("Error")}


def test_every_exported_name_exists_and_is_described() -> None:
    """Each can be imported and has a docstring; `dir` lists them."""
    for name in tiktok.__all__:
        assert name == "__version__" or inspect.getdoc(getattr(tiktok, name)), name
    assert dir(tiktok) == sorted(tiktok.__all__)


def test_every_error_is_exported() -> None:
    """Whatever can be raised can be caught by its public name."""
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, tiktok.ConnectorError)
    }
    assert classes == {name for name in tiktok.__all__ if name.endswith("Error")}


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As for any module."""
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        tiktok.nothing_of_the_kind  # noqa: B018 - looking it up is the test


def test_importing_it_loads_nothing_heavy() -> None:
    """It costs no more than `spec`, also once its functions were looked up."""
    program = (
        "import sys, tiktok_marketing as t; t.read, t.load, t.Config, t.AuthError\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603
    assert not set(done.stdout.split()) & {"aiohttp", "dlt", "pyarrow", "duckdb", "click", "rich", "pandas"}


@pytest.mark.parametrize("show", [repr, str, pretty_repr, "{}".format])
def test_a_configuration_never_shows_its_secrets(show: Any) -> None:
    """Nor does a traceback or a notebook that prints one."""
    text = show(tiktok.Config(**SECRETS))
    assert not [secret for secret in SECRETS.values() if secret in text]
    assert "***" in text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"access_token": ""}, "access_token"),
        ({"start_date": "2026-02-30"}, "start_date"),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, "after end_date"),
        ({"attribution_window": 400}, "attribution_window"),
        ({"advertiser_ids": ["x"]}, "advertiser_ids"),
        ({"report_granularity": 31}, "report_granularity"),
        ({"requests_per_second": 0}, "requests_per_second"),
        ({"include_deleted": "maybe"}, "include_deleted"),
    ],
)
def test_a_configuration_made_in_code_is_checked(fields: dict[str, Any], message: str) -> None:
    """A wrong field is named before anything is read."""
    with pytest.raises(tiktok.ConfigurationError, match=message):
        tiktok.Config(**(SECRETS | fields))


def test_a_configuration_made_in_code_takes_texts_and_lists() -> None:
    """As a file has them."""
    config = tiktok.Config(**SECRETS, start_date="2026-01-31", advertiser_ids=[7000000000000000001])  # type: ignore[arg-type]
    assert str(config.start_date) == "2026-01-31"
    assert config.advertiser_ids == ("7000000000000000001",)


def test_an_unknown_stream_is_named_with_the_nearest() -> None:
    """One typing error costs no look into the documentation."""
    with pytest.raises(tiktok.ConfigurationError, match="campaigns"):
        tiktok.stream("campaing")
