"""The destinations without load jobs of our own: their addresses, their secrets, and what they need."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest
from rich.console import Console

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.pipelines import destination_of
from tiktok_marketing.pipelines.databases.destination import require_libraries
from tiktok_marketing.pipelines.databases.files.address import FilesAddress
from tiktok_marketing.pipelines.databases.files.destination import FilesDestination
from tiktok_marketing.pipelines.databases.through_dlt.destination import DltDestination
from tiktok_marketing.pipelines.databases.through_dlt.services import BY_SCHEME, SERVICES


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("snowflake://user:secret@account", "names no database"),
        ("snowflake://user:a/secret@account/db", "cannot be read"),
        ("clickhouse://user:secret@host:port/db", "cannot be read"),
        ("mssql://user:a secret@host/db", "contains a blank"),
        ("bigquery://project?secret=x", "has the parameter secret"),
        ("bigquery://project/two/parts", "names another dataset"),
        ("ducklake:", "names no catalog"),
        ("ducklake:postgres://user:secret@host/db", "must say where the data go"),
        ("athena:?region=eu-west-1", "names no bucket"),
        ("parquet:", "names no folder"),
        ("parquet:ftp://host/folder", "is not a place for files"),
        ("delta:folder?format=parquet", "or there are two"),
        ("s3://bucket/prefix?format=avro", "is not one of"),
        ("s3://bucket/prefix?aws_secret_access_key=secret", "has the parameter aws_secret_access_key"),
        ("s3://key:secret@bucket/prefix", "holds a key or a password"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket/x.duckdb", "a DuckDB file in a bucket"),
        ("md:", "names no database"),
        ("motherduck:?motherduck_token=secret", "names no database"),
        ("md:x.duckdb?motherduck_token=secret", "not that of a database"),
        ("sqlite:x.db", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_invalid_address_is_refused_with_a_valid_example(address: str, words: str) -> None:
    """The error shows how an address is written, and never the password."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        destination_of(address)
    assert refused.value.remedy
    assert "secret" not in refused.value.message.replace("parameter secret", "").replace("aws_secret_access_key", "")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("parquet:folder", FilesAddress(str(Path.cwd() / "folder"))),
        ("parquet:///data/folder", FilesAddress("/data/folder")),
        ("file:///data/folder", FilesAddress("/data/folder")),
        ("delta:/data", FilesAddress("/data", "delta")),
        ("iceberg:lake", FilesAddress(str(Path.cwd() / "lake"), "iceberg")),
        ("s3://bucket/a/b/", FilesAddress("s3://bucket/a/b")),
        ("s3://bucket/a?format=delta", FilesAddress("s3://bucket/a", "delta")),
        ("delta:s3://bucket/a", FilesAddress("s3://bucket/a", "delta")),
        ("S3://bucket", FilesAddress("s3://bucket")),
        ("gs://bucket/a?format=iceberg", FilesAddress("gs://bucket/a", "iceberg")),
        ("abfss://container@account.dfs.core.windows.net/a", None),
        (
            "s3://bucket/a?endpoint_url=http://localhost:9000&region=eu-west-1",
            FilesAddress("s3://bucket/a", "parquet", "http://localhost:9000", "eu-west-1"),
        ),
    ],
)
def test_addresses_name_folders_and_buckets(address: str, expected: FilesAddress | None) -> None:
    """A format before the colon or after the question mark, and a folder or a bucket."""
    destination = destination_of(address)
    assert isinstance(destination, FilesDestination)
    if expected is not None:
        assert destination.address == expected


@pytest.mark.parametrize(
    ("address", "shown", "credentials"),
    [
        (
            "snowflake://user:p%40ss@account/db?warehouse=w&role=r",
            "snowflake://user@account/db",
            "snowflake://user:p%40ss@account/db?warehouse=w&role=r",
        ),
        ("clickhouse://user:s3cr3t@host:9000/db?secure=0", "clickhouse://user@host:9000/db", None),
        ("mssql://user:s3cr3t@host:1433/db", "mssql://user@host:1433/db", None),
        ("mysql://user:s3cr3t@host/db", "mysql://user@host/db", "mysql+pymysql://user:s3cr3t@host/db"),
        ("md:my_db", "motherduck:my_db", "md:my_db"),
        ("motherduck:my_db?motherduck_token=s3cr3t", "motherduck:my_db", "md:my_db?motherduck_token=s3cr3t"),
        ("motherduck://my_db", "motherduck:my_db", "md:my_db"),
        ("sqlite:////data/t.sqlite", "sqlite:////data/t.sqlite", "sqlite:////data/t.sqlite"),
        ("bigquery://project?location=EU", "bigquery://project", None),
        ("databricks://token:s3cr3t@host/catalog?http_path=/sql", "databricks://token@host/catalog", None),
        ("athena:?bucket=s3://b/tables&region=eu-west-1", "athena:s3://b/tables", None),
        ("ducklake:/data/cat.ducklake", "ducklake:/data/cat.ducklake", None),
        ("ducklake:postgres://u:s3cr3t@h/db?data=s3://b/lake", "ducklake:postgres://u@h/db", None),
    ],
)
def test_addresses_name_databases_and_hide_their_secrets(address: str, shown: str, credentials: str | None) -> None:
    """No form of text shows a password or a token."""
    destination = destination_of(address)
    assert isinstance(destination, DltDestination)
    assert destination.display_name == shown
    if credentials is not None:
        assert destination.address.credentials == credentials
    out = io.StringIO()
    Console(file=out, width=200).print(destination)
    error = destination.describe_error(RuntimeError(f"cannot connect to {address}"))
    for text in (repr(destination), str(destination), out.getvalue(), str(error), error.detail):
        assert "s3cr3t" not in text
        assert "p@ss" not in text
        assert "p%40ss" not in text


def test_a_dataset_in_the_address_of_bigquery_counts() -> None:
    """`bigquery://project/dataset` is the usual form."""
    assert destination_of("bigquery://project/ads").dataset == "ads"
    with pytest.raises(ConfigurationError, match="another dataset"):
        destination_of("bigquery://project/ads", "other")


def test_sqlite_has_the_tables_in_the_file_itself() -> None:
    """Another schema would be another file, which nobody would look for."""
    assert destination_of("sqlite:///t.sqlite").dataset == "main"
    assert destination_of("sqlite:///t.sqlite", "ads").dataset == "ads"


def test_a_password_may_come_from_the_usual_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a password takes the variable's, with the characters that an address escapes."""
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "p@ss/word")
    destination = destination_of("snowflake://user@account/db")
    assert isinstance(destination, DltDestination)
    assert destination.address.credentials == "snowflake://user:p%40ss%2Fword@account/db"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_what_is_missing_is_named_with_its_extra(service: object) -> None:
    """Every database that dlt knows has a valid example, and says which extra it needs if a driver is missing."""
    assert service in SERVICES
    named = next(each for each in SERVICES if each is service)
    # The word "password" would be masked in the messages of all later tests.
    destination = destination_of(named.example.split(" or ")[0].replace("password", "s3cr3t"))
    if all(_is_installed(name) for name in destination.libraries):
        require_libraries(destination, "Loading into")
        return
    with pytest.raises(ConfigurationError, match="which is not installed") as refused:
        require_libraries(destination, "Loading into")
    assert f"extra '{named.extra}'" in refused.value.remedy


def test_a_bucket_and_a_format_need_both_extras() -> None:
    """The hint names all that is missing at once."""
    destination = destination_of("delta:s3://bucket/prefix")
    assert destination.extra == "delta,s3"
    with pytest.raises(ConfigurationError, match="is not installed") as refused:
        require_libraries(destination, "Loading into")
    assert "the extras 'delta,s3'" in refused.value.remedy


def test_every_extra_exists() -> None:
    """A remedy that names an extra works."""
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    for extra in ("s3", "gs", "az", "delta", "iceberg", *(service.extra for service in SERVICES)):
        assert f"\n{extra} = [" in pyproject
    assert set(BY_SCHEME) == {scheme for service in SERVICES for scheme in service.schemes}


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
