"""Records as Arrow tables: the columns of each stream, and the conversion of values. No database is known here."""
