"""The addresses of the databases that dlt knows. Pure but for passwords in environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.paths import absolute_path
from tiktok_marketing.pipelines.databases.destination import DEFAULT_DATASET
from tiktok_marketing.pipelines.databases.through_dlt.services import BY_SCHEME, Service
from tiktok_marketing.text import mask_known

_SECRET = re.compile(r"pass|pwd|token|secret|key", re.IGNORECASE)
_MYSQL = "pymysql"


class DltAddress(msgspec.Struct, frozen=True):
    """Where rows go through dlt.

    Args:
        service: The kind of database.
        shown: The address without secrets and parameters.
        dataset: The schema.
        credentials: What dlt gets as credentials: an address or fields; None for what dlt finds.
        settings: Other settings of dlt's destination.
        bucket: The bucket through which the rows go (Athena); empty for none.
    """

    service: Service
    shown: str
    dataset: str
    credentials: str | Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = {}
    bucket: str = ""

    def __repr__(self) -> str:
        return f"DltAddress({self.shown!r}, {self.dataset!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return what rich prints. msgspec's own method would return every field, and so the password."""
        return [("address", self.shown), ("dataset", self.dataset)]


def parse(address: str, dataset: str) -> DltAddress:
    """Read an address.

    Args:
        address: With its scheme.
        dataset: The schema.

    Raises:
        ConfigurationError: The address cannot be read or names no database.
    """
    scheme = address.partition(":")[0].lower()
    service = BY_SCHEME[scheme]
    _mask(address)
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises an error if it is not a number
    except ValueError:  # its text may quote the password
        raise _unreadable(service, "cannot be read") from None
    if re.search(r"\s", address):
        raise _unreadable(service, "contains a blank, which is written as %20")
    # Usually a character of the password that is not escaped. A DuckLake's path has another address in it.
    if ("@" in parts.path and service.name != "ducklake") or parts.fragment:
        raise _unreadable(service, "cannot be read")
    parser = _PARSERS.get(service.name, _server)
    return parser(service, address, dataset)


def _unreadable(service: Service, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The {service.schemes[0]} address {what}.",
        remedy=f"Write it as {service.example}; write characters like @ and / in a password as %40 and %2F.",
    )


def _mask(address: str) -> None:
    """Let no message show the passwords of an address, as it spells them and as they are."""
    userinfo = address.partition("://")[2].rpartition("@")[0]
    spelled = {userinfo.partition(":")[2]}
    query = address.partition("?")[2]
    spelled |= {part.partition("=")[2] for part in query.split("&") if _SECRET.search(part.partition("=")[0])}
    mask_known.add({*spelled, *map(unquote, spelled)} - {""})


def _shown(address: str) -> str:
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"


def _password_from(variable: str) -> str:
    password = os.environ.get(variable, "") if variable else ""
    if password:
        mask_known.add({password})
    return password


def _server(service: Service, address: str, dataset: str) -> DltAddress:
    parts = urlsplit(address)
    if not parts.hostname:
        raise _unreadable(service, "names no server")
    if not parts.path.strip("/") and service.name != "clickhouse":
        raise _unreadable(service, "names no database")
    netloc = parts.netloc
    password = "" if parts.password else _password_from(service.password_variable)
    if password and parts.username:
        netloc = f"{parts.username}:{quote(password, safe='')}@{netloc.rpartition('@')[2]}"
    native = parts._replace(scheme=service.name, netloc=netloc).geturl()
    return DltAddress(service, _shown(address), dataset, native)


def _sqlalchemy(service: Service, address: str, dataset: str) -> DltAddress:
    scheme = address.partition(":")[0].lower()
    if scheme != "sqlite":
        checked = _server(service, address, dataset)
        assert isinstance(checked.credentials, str)  # noqa: S101 - as _server makes it
        native = checked.credentials.replace("sqlalchemy://", f"{scheme}+{_MYSQL}://", 1)
        return DltAddress(service, checked.shown, dataset, native)
    path = unquote(address.partition("://")[2].partition("?")[0])
    if "://" not in address or not path.startswith("/") or path in {"/", "/:memory:"}:
        raise _unreadable(service, "names no file")
    path = absolute_path(path[1:])
    # A schema of SQLite is a file. Nobody would look for the tables in a second one, unless they ask for it.
    schema = "main" if dataset == DEFAULT_DATASET else dataset
    return DltAddress(service, f"sqlite:///{path}", schema, f"sqlite:///{path}")


def _query(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2], keep_blank_values=True))


def _bigquery(service: Service, address: str, dataset: str) -> DltAddress:
    parts = urlsplit(address)
    project, path, query = parts.netloc, parts.path.strip("/"), _query(address)
    if "/" in path or (path and dataset not in {DEFAULT_DATASET, path}):
        raise _unreadable(service, "names another dataset than --dataset")
    unknown = query.keys() - {"location", "project_id"}
    if unknown:
        raise _unreadable(service, f"has the parameter {min(unknown)}, which is neither location nor project_id")
    settings: dict[str, Any] = {"project_id": project or query.get("project_id")}
    if "location" in query:
        settings["location"] = query["location"]
    settings = {name: value for name, value in settings.items() if value}
    return DltAddress(service, f"bigquery://{project}", path or dataset, None, settings)


def _databricks(service: Service, address: str, dataset: str) -> DltAddress:
    parts, query = urlsplit(address), _query(address)
    token = unquote(parts.password or "") or _password_from(service.password_variable)
    fields = {
        "server_hostname": parts.hostname or os.environ.get("DATABRICKS_HOST", "").removeprefix("https://"),
        "http_path": query.get("http_path") or os.environ.get("DATABRICKS_HTTP_PATH"),
        "catalog": parts.path.strip("/") or query.get("catalog"),
        "access_token": token,
    }
    return DltAddress(service, _shown(address), dataset, {name: value for name, value in fields.items() if value})


def _motherduck(service: Service, address: str, dataset: str) -> DltAddress:
    name = address.partition(":")[2].removeprefix("//").partition("?")[0]
    token = _query(address).get("motherduck_token", "") or _password_from(service.password_variable)
    name = name.strip("/")
    if not name:
        raise _unreadable(service, "names no database")
    if not re.fullmatch(r"[\w-]+", name):
        raise _unreadable(service, "has a name that is not that of a database")
    native = f"md:{name}" + (f"?{urlencode({'motherduck_token': token})}" if token else "")
    return DltAddress(service, f"motherduck:{name}", dataset, native)


def _ducklake(service: Service, address: str, dataset: str) -> DltAddress:
    catalog = address.partition(":")[2].partition("?")[0]
    parameters = _query(address)
    unknown = parameters.keys() - {"data"}
    if unknown:
        raise _unreadable(service, f"has the parameter {min(unknown)}, which is not data")
    if not catalog.strip("/"):
        raise _unreadable(service, "names no catalog")
    data = parameters.get("data", "")
    if "://" in catalog and not catalog.startswith(("sqlite://", "duckdb://")):
        if not data:
            raise _unreadable(service, "has a catalog on a server, and so must say where the data go (data=)")
        shown = _shown(catalog)
        native = catalog
    else:
        driver, separator, path = catalog.partition("://")
        path = absolute_path(path[1:] if separator else catalog)
        shown = path
        native = f"{driver if separator else 'duckdb'}:///{path}"
        data = data or f"{path}.files"
    if "://" not in data:
        data = absolute_path(data)
    credentials = {"ducklake_name": "tiktok_lake", "catalog": native, "storage": data}
    return DltAddress(service, f"ducklake:{shown}", dataset, credentials)


def _athena(service: Service, address: str, dataset: str) -> DltAddress:
    query = _query(address)
    unknown = query.keys() - {"bucket", "results", "region", "work_group", "catalog"}
    if unknown:
        raise _unreadable(service, f"has the parameter {min(unknown)}, which is not known")
    if not query.get("bucket", "").startswith("s3://"):
        raise _unreadable(service, "names no bucket for the tables (bucket=s3://…)")
    bucket = query["bucket"].rstrip("/")
    settings: dict[str, Any] = {
        "query_result_bucket": query.get("results") or f"{bucket}/query_results",
        "force_iceberg": True,
    }
    if "work_group" in query:
        settings["athena_work_group"] = query["work_group"]
    if "catalog" in query:
        settings["aws_data_catalog"] = query["catalog"]
    credentials = {"region_name": query["region"]} if "region" in query else None
    return DltAddress(service, f"athena:{bucket}", dataset, credentials, settings, bucket)


_PARSERS: Mapping[str, Callable[[Service, str, str], DltAddress]] = {
    "bigquery": _bigquery,
    "databricks": _databricks,
    "ducklake": _ducklake,
    "motherduck": _motherduck,
    "athena": _athena,
    "sqlalchemy": _sqlalchemy,
}
"""dlt's name of a database to what reads its addresses; the others have the usual form of a server's."""
