"""The few things that DuckDB and Postgres write in different ways, as macros, and the types of columns."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_DECODED = {
    "+": " ",
    "%20": " ",
    "%7C": "|",
    "%7c": "|",
    "%2C": ",",
    "%2c": ",",
    "%3A": ":",
    "%3a": ":",
    "%2F": "/",
    "%2f": "/",
    "%26": "&",
    "%3D": "=",
    "%3d": "=",
    "%5B": "[",
    "%5b": "[",
    "%5D": "]",
    "%5d": "]",
    "%28": "(",
    "%29": ")",
    "%25": "%",
}
"""Escapes of an address that a campaign's name is likely to have. The percent sign comes last."""

_FILLED = {
    "__CAMPAIGN_ID__": "r.campaign_id",
    "__CAMPAIGN_NAME__": "r.campaign_name",
    "__AID__": "r.adgroup_id",
    "__AID_NAME__": "r.adgroup_name",
    "__CID__": "r.ad_id",
    "__CID_NAME__": "r.ad_name",
}
"""TikTok's macros in addresses, and the columns with what they stand for."""


def _decoded(text: str) -> str:
    for escape, character in _DECODED.items():
        text = f"replace({text}, '{escape}', '{character}')"
    return text


def _filled(text: str) -> str:
    """Fill in the macros that TikTok replaces when somebody clicks the ad."""
    for macro, column in _FILLED.items():
        text = f"replace({text}, '{macro}', COALESCE(CAST({column} AS VARCHAR), '{macro}'))"
    return text


_SHARED: Mapping[str, str] = {
    # a ratio; null if the divisor is 0 or null
    "ratio": "(CAST({0} AS DOUBLE PRECISION) / NULLIF(CAST({1} AS DOUBLE PRECISION), 0))",
    "percent": "(100 * CAST({0} AS DOUBLE PRECISION) / NULLIF(CAST({1} AS DOUBLE PRECISION), 0))",
    # the sum of three figures of which some may be missing; null if all are
    "together": "(CASE WHEN COALESCE({0}, {1}, {2}) IS NOT NULL"
    " THEN COALESCE({0}, 0) + COALESCE({1}, 0) + COALESCE({2}, 0) END)",
    "decoded": _decoded("{0}"),
    "filled": _filled("{0}"),
    "text": "CAST({0} AS VARCHAR)",
    "flag": "(CASE {0} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END)",
}

DUCKDB_MACROS: Mapping[str, str] = {
    **_SHARED,
    "utc_now": "make_timestamp(epoch_us(now()))",
    "from_seconds": "make_timestamp(CAST(TRY_CAST({0} AS DOUBLE) * 1000000 AS BIGINT))",
    "minutes_later": "({0} + to_minutes(CAST({1} AS BIGINT)))",
    "hours_between": "((epoch_us({1}) - epoch_us({0})) / 3600000000)",
    "matched": "NULLIF(regexp_extract({0}, '{1}', 1), '')",
    "first_of_list": "NULLIF({0} ->> '$[0]', '')",
    "json_member": "({0} ->> '$.{1}')",
    "json_path": "({0} ->> '$[{1}].{2}')",
    "json_nested": "({0} ->> '$.{1}.{2}')",
    # the values of one field of the objects in a list, as a JSON list
    "texts_of": "CAST(to_json({0} ->> '$[*].{1}') AS VARCHAR)",
    "number_text": "TRY_CAST({0} AS BIGINT)",
    "pair": "({0} ->> '$[*].value')[list_position({0} ->> '$[*].key', '{1}')]",
    "lowest_of_list": "list_min({0} ->> '$[*]')",
}
POSTGRES_MACROS: Mapping[str, str] = {
    **_SHARED,
    "utc_now": "(now() AT TIME ZONE 'UTC')",
    "from_seconds": "(CASE WHEN CAST({0} AS TEXT) ~ '^[0-9]+([.][0-9]+)?$' AND"
    " length(split_part(CAST({0} AS TEXT), '.', 1)) < 12"
    " THEN to_timestamp(CAST(CAST({0} AS TEXT) AS DOUBLE PRECISION)) AT TIME ZONE 'UTC' END)",
    "minutes_later": "({0} + {1} * INTERVAL '1 minute')",
    "hours_between": "(EXTRACT(EPOCH FROM ({1} - {0})) / 3600)",
    "matched": "NULLIF(substring({0} FROM '{1}'), '')",
    "first_of_list": "NULLIF(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} ->> 0 END, '')",
    "json_member": "({0} ->> '{1}')",
    "json_path": "({0} -> {1} ->> '{2}')",
    "json_nested": "({0} -> '{1}' ->> '{2}')",
    "texts_of": "(SELECT CAST(jsonb_agg(item ->> '{1}') AS TEXT)"
    " FROM jsonb_array_elements(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} END) AS item)",
    "number_text": "(CASE WHEN {0} ~ '^[0-9]+$' AND length({0}) < 18 THEN CAST({0} AS BIGINT) END)",
    "pair": "(SELECT pair ->> 'value' FROM jsonb_array_elements(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} END)"
    " AS pair WHERE pair ->> 'key' = '{1}' LIMIT 1)",
    "lowest_of_list": "(SELECT min(item)"
    " FROM jsonb_array_elements_text(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} END) AS item)",
}


class Dialect(msgspec.Struct, frozen=True):
    """The SQL of a kind of database.

    Args:
        name: The name of the kind.
        macros: What a macro becomes; `{0}` is its first argument.
        types: Types that it spells in another way than the files.
        relations: A query for the tables and views of a schema: name, whether it is a view, and its comment.
        columns: A query for the columns of a schema's tables and views: table, column, type.
        schemas: A query for the schemas that have a table of a name.
    """

    name: str
    macros: Mapping[str, str]
    types: Mapping[str, str]
    relations: str
    columns: str
    schemas: str

    def type_of(self, name: str) -> str:
        """Return how the database spells a type of the files."""
        return self.types.get(name, name)


DIALECTS: Mapping[str, Dialect] = {
    "duckdb": Dialect(
        "DuckDB",
        DUCKDB_MACROS,
        {},
        "SELECT table_name, FALSE, comment FROM duckdb_tables() WHERE schema_name = ? AND database_name = {database}"
        " UNION ALL SELECT view_name, TRUE, comment FROM duckdb_views() WHERE schema_name = ?"
        " AND database_name = {database}",
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = ?"
        " AND database_name = {database} ORDER BY table_name, column_index",
        "SELECT schema_name FROM duckdb_tables() WHERE table_name = ? AND database_name = {database} ORDER BY 1",
    ),
    "postgres": Dialect(
        "Postgres",
        POSTGRES_MACROS,
        {"DOUBLE": "DOUBLE PRECISION", "JSON": "JSONB"},
        "SELECT c.relname, c.relkind = 'v', obj_description(c.oid, 'pg_class') FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN (?, ?) AND c.relkind IN"
        " ('r', 'p', 'v', 'm', 'f')",
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = ?"
        " AND c.relkind = 'r' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
        " ORDER BY 1",
    ),
}
"""The kinds of database that can have the views, by `Destination.sql_dialect`."""
