"""DuckDB files as a destination."""
