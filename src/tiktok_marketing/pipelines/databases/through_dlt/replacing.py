"""dlt's own destinations, with what they lack: whole days are replaced, and a state counts once its rows are there.

dlt's merge deletes the rows whose keys come again and inserts the new ones, in one script, and so in one transaction if
the database has any. This module puts the deletion of whole days at the head of that script.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol


class Changes(Protocol):
    """What a package does to the tables."""

    def statements(self, table: str, client: Any) -> Sequence[str]:
        """Return the statements that delete what a table's new rows replace, but for equal keys."""
        ...

    def must_compare(self, tables: Collection[str]) -> bool:
        """Whether dlt must look at the tables themselves: once per sync, because the user may have changed them."""
        ...

    def verify(self, client: Any, load_id: str) -> None:
        """Raise an error unless the rows of a package are there, and nobody else has loaded a package meanwhile."""
        ...


def replacing(kind: type, changes: Changes) -> type:
    """Return a class of destinations like one of dlt's, which changes tables in this way.

    Args:
        kind: dlt's class of destinations.
        changes: What happens to the tables. Read when a package is loaded.
    """

    class Replacing(kind):  # type: ignore[misc]
        @property
        def client_class(self) -> type:
            return _client_class(super().client_class, changes)

    # dlt finds settings, and names the destination in the state, by the name of the class.
    Replacing.__module__, Replacing.__qualname__, Replacing.__name__ = kind.__module__, kind.__qualname__, kind.__name__
    Replacing.__orig_base__ = kind
    return Replacing


def _client_class(base: type, changes: Changes) -> type:
    class Client(base):  # type: ignore[misc]
        def _create_merge_followup_jobs(self, table_chain: Any) -> Any:
            jobs = super()._create_merge_followup_jobs(table_chain)
            statements = changes.statements(table_chain[0]["name"], self.sql_client)
            for job in jobs:
                path = Path(job.new_file_path())
                if path.suffix == ".sql":
                    ours = "".join(f"{statement};\n" for statement in statements)
                    path.write_text(ours + path.read_text(encoding="utf-8"), encoding="utf-8")
            return jobs

        def update_stored_schema(
            self, only_tables: Any = None, expected_update: Any = None, force: bool = False
        ) -> Any:
            # dlt calls this for the tables, and again for those of the staging dataset, which have the same names.
            dataset = self.sql_client.dataset_name
            force = changes.must_compare({f"{dataset}.{table}" for table in only_tables or ()}) or force
            return super().update_stored_schema(only_tables, expected_update, force)

        def complete_load(self, load_id: str) -> None:
            changes.verify(self, load_id)
            super().complete_load(load_id)

    Client.__name__ = base.__name__  # dlt recognizes some clients by it
    return Client
