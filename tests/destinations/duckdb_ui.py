"""Opens a DuckDB file in DuckDB's own interface: run by the Python of an environment that has its extension.

The extension comes from a package. The pages of the interface come from DuckDB's server, but what they show comes from
the server that the extension starts. Arguments: the file and the port. Ends when stdin does.
"""

from __future__ import annotations

import sys

import duckdb
from duckdb_extensions import import_extension

path, port = sys.argv[1:]
import_extension("ui")
connection = duckdb.connect(path)
connection.execute("LOAD ui")
connection.execute(f"SET ui_local_port = {int(port)}")
connection.execute("CALL start_ui_server()")
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.read()
connection.execute("CALL stop_ui_server()")
