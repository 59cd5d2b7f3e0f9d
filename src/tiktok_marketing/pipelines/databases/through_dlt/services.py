"""The databases that dlt knows, as a table: their addresses, what they need, and what can be promised. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of database.

    Args:
        name: dlt's name of it.
        schemes: What its addresses may begin with; the first is the usual one.
        extra: The extra of this distribution that it needs.
        libraries: The modules that it needs.
        example: An address.
        atomic: Whether the rows of a table are replaced in one transaction. Otherwise, readers may see a moment in
            which old rows are gone and the new ones are not there yet.
        typed_literals: Whether a literal of a day must name its type.
        password_variable: The environment variable that usually holds the password or token; empty for none.
        file_format: The format of the files that dlt loads; empty for the one that dlt prefers.
        one_by_one: Whether statements are sent one by one, in a transaction all the same.
    """

    name: str
    schemes: tuple[str, ...]
    extra: str
    libraries: tuple[str, ...]
    example: str
    atomic: bool
    typed_literals: bool = False
    password_variable: str = ""
    file_format: str = ""
    one_by_one: bool = False


SERVICES: tuple[Service, ...] = (
    Service(
        name="motherduck",
        schemes=("motherduck", "md"),
        extra="motherduck",
        libraries=("duckdb",),
        example="motherduck:database",
        atomic=True,
        password_variable="MOTHERDUCK_TOKEN",  # noqa: S106 - the name of a variable
        file_format="parquet",
    ),
    Service(
        name="ducklake",
        schemes=("ducklake",),
        extra="ducklake",
        libraries=("duckdb",),
        example="ducklake:catalog.ducklake?data=folder",
        atomic=True,
        file_format="parquet",
    ),
    Service(
        name="snowflake",
        schemes=("snowflake",),
        extra="snowflake",
        libraries=("snowflake.connector",),
        example="snowflake://user:password@account/database?warehouse=name&role=name",
        atomic=True,
        password_variable="SNOWFLAKE_PASSWORD",  # noqa: S106
        file_format="parquet",
        one_by_one=True,
    ),
    Service(
        name="bigquery",
        schemes=("bigquery",),
        extra="bigquery",
        libraries=("google.cloud.bigquery",),
        example="bigquery://project?location=EU",
        atomic=True,
        file_format="parquet",
    ),
    Service(
        name="redshift",
        schemes=("redshift",),
        extra="redshift",
        libraries=("psycopg2",),
        example="redshift://user:password@host:5439/database",
        atomic=True,
        password_variable="REDSHIFT_PASSWORD",  # noqa: S106
    ),
    Service(
        name="databricks",
        schemes=("databricks",),
        extra="databricks",
        libraries=("databricks.sql",),
        example="databricks://token:TOKEN@host/catalog?http_path=/sql/1.0/warehouses/id",
        atomic=False,
        password_variable="DATABRICKS_TOKEN",  # noqa: S106
        file_format="parquet",
    ),
    Service(
        name="clickhouse",
        schemes=("clickhouse",),
        extra="clickhouse",
        libraries=("clickhouse_driver", "clickhouse_connect"),
        example="clickhouse://user:password@host:9440/database?http_port=8443&secure=1",
        atomic=False,
        password_variable="CLICKHOUSE_PASSWORD",  # noqa: S106
        file_format="parquet",
    ),
    Service(
        name="mssql",
        schemes=("mssql",),
        extra="mssql",
        libraries=("pyodbc",),
        example="mssql://user:password@host:1433/database",
        atomic=True,
        password_variable="MSSQL_PASSWORD",  # noqa: S106
    ),
    Service(
        name="synapse",
        schemes=("synapse",),
        extra="synapse",
        libraries=("pyodbc",),
        example="synapse://user:password@host:1433/database",
        atomic=False,
        password_variable="SYNAPSE_PASSWORD",  # noqa: S106
    ),
    Service(
        name="athena",
        schemes=("athena",),
        extra="athena",
        libraries=("pyathena", "s3fs"),
        example="athena:?bucket=s3://bucket/prefix&results=s3://bucket/results&region=eu-west-1",
        atomic=False,
        typed_literals=True,
        file_format="parquet",
    ),
    Service(
        name="sqlalchemy",
        schemes=("sqlite", "mysql", "mariadb"),
        extra="sqlalchemy",
        libraries=("sqlalchemy",),
        example="sqlite:///tiktok.sqlite or mysql://user:password@host:3306/database",
        atomic=True,
        password_variable="MYSQL_PWD",  # noqa: S106
        file_format="parquet",
    ),
)
BY_SCHEME: Mapping[str, Service] = {scheme: service for service in SERVICES for scheme in service.schemes}
