"""Turns records into Arrow tables: the columns of each stream, and the conversion of values. It knows no database."""
