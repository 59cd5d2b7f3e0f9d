"""The addresses of folders and buckets. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.paths import absolute_path
from tiktok_marketing.text import mask_known

FORMATS = ("parquet", "delta", "iceberg")
"""The formats of tables; each is also a scheme."""

EXAMPLE = (
    "parquet:folder, delta:folder or iceberg:folder (or an s3://, gs:// or az:// address after the colon), "
    "s3://bucket/prefix?format=delta"
)
_LIBRARIES: Mapping[str, tuple[str, ...]] = {"parquet": (), "delta": ("deltalake",), "iceberg": ("pyiceberg",)}
_CLOUDS: Mapping[str, tuple[str, str]] = {
    "s3": ("s3", "s3fs"),
    "s3a": ("s3", "s3fs"),
    "gs": ("gs", "gcsfs"),
    "gcs": ("gs", "gcsfs"),
    "az": ("az", "adlfs"),
    "abfs": ("az", "adlfs"),
    "abfss": ("az", "adlfs"),
}
"""The scheme of a bucket: the extra that it needs, and the module."""
SCHEMES = (*FORMATS, *_CLOUDS, "file")
_PARAMETERS = frozenset({"format", "endpoint_url", "region"})
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][\w+-]+):(?P<rest>.*)", re.DOTALL)


class FilesAddress(msgspec.Struct, frozen=True):
    """Where files go.

    Args:
        url: An absolute path of this machine, or `s3://bucket/prefix` and the like, without a slash at the end.
        format: "parquet", "delta" or "iceberg".
        endpoint_url: The address of an S3 service other than Amazon's; empty for Amazon's.
        region: The region of the bucket; empty for the usual one.
    """

    url: str
    format: str = "parquet"
    endpoint_url: str = ""
    region: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "://" not in self.url

    @property
    def cloud(self) -> str:
        """The extra that the bucket needs; empty for a folder."""
        return "" if self.is_local else _CLOUDS[self.url.partition("://")[0]][0]

    @property
    def extra(self) -> str:
        """The extras that the destination needs, separated by commas."""
        extras = [self.format] if self.format != "parquet" else []
        return ",".join([*extras, *([self.cloud] if self.cloud else [])]) or "load"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The modules that the destination needs."""
        cloud = () if self.is_local else (_CLOUDS[self.url.partition("://")[0]][1],)
        return ("dlt", "pyarrow", "fsspec", *_LIBRARIES[self.format], *cloud)

    def __str__(self) -> str:
        return f"{self.format}:{self.url}"


def parse(address: str) -> FilesAddress:
    """Read an address.

    Raises:
        ConfigurationError: It cannot be read, or holds a secret.
    """
    match = _SCHEME.fullmatch(address)
    scheme, rest = (match["scheme"].lower(), match["rest"]) if match else ("", address)
    chosen = scheme if scheme in FORMATS else ""
    inner = rest if chosen else address
    path, _, query = inner.partition("?")
    parameters = _parameters(query)
    format_ = chosen or parameters.get("format", "parquet")
    if format_ not in FORMATS or parameters.get("format", format_) != format_:
        raise ConfigurationError(
            f"The format {parameters.get('format', format_)!r} is not one of {', '.join(FORMATS)}, or there are two.",
            remedy=f"Write it as {EXAMPLE}.",
        )
    cloud = path.partition("://")[0].lower() if "://" in path else ""
    if cloud in _CLOUDS:
        url = _bucket(cloud, path)
    else:
        url = _folder(path, cloud, is_text=format_ != "parquet")
        parameters.pop("format", None)
        if parameters:
            raise ConfigurationError(
                f"A folder takes no parameter {next(iter(parameters))}.", remedy=f"Write it as {EXAMPLE}."
            )
    return FilesAddress(url, format_, parameters.get("endpoint_url", ""), parameters.get("region", ""))


def _parameters(query: str) -> dict[str, str]:
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in parameters if name not in _PARAMETERS]
    if unknown:
        mask_known.add({value for name, value in parameters.items() if name in unknown and value})
        raise ConfigurationError(
            f"The address has the parameter {unknown[0]}, which is not one of {', '.join(sorted(_PARAMETERS))}.",
            remedy="Give keys and secrets with the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "GOOGLE_APPLICATION_CREDENTIALS and the like) or in dlt's secrets.toml.",
        )
    return parameters


def _bucket(cloud: str, path: str) -> str:
    parts = urlsplit(path)
    if parts.password or ("@" in parts.netloc and cloud not in {"abfs", "abfss"}):
        mask_known.add({parts.password or "", unquote(parts.password or ""), parts.username or ""} - {""})
        raise ConfigurationError(
            f"The address of the {cloud}:// bucket holds a key or a password.",
            remedy="Leave it out, and give it with the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for "
            "example) or in dlt's secrets.toml.",
        )
    if not parts.netloc:
        raise ConfigurationError(f"The address {path!r} names no bucket.", remedy=f"Write it as {EXAMPLE}.")
    if parts.path.lower().endswith((".duckdb", ".db", ".ddb")):
        raise ConfigurationError(
            f"{parts.path.rpartition('/')[2]} would be a DuckDB file in a bucket, which DuckDB cannot write to.",
            remedy=f"Give a prefix for tables, written as {EXAMPLE}.",
        )
    return f"{cloud}://{parts.netloc}{parts.path}".rstrip("/")


def _folder(path: str, scheme: str, *, is_text: bool) -> str:
    """Return the absolute path of a folder; `file:///data` and `parquet:///data` name an absolute path, too."""
    if scheme and scheme != "file":
        raise ConfigurationError(f"{scheme}:// is not a place for files.", remedy=f"Write it as {EXAMPLE}.")
    name = unquote(urlsplit(path).path) if scheme else path
    name = name.removeprefix("//")
    if not name or "\0" in name:
        raise ConfigurationError("The address names no folder.", remedy=f"Write it as {EXAMPLE}.")
    return absolute_path(name, is_text=is_text)
