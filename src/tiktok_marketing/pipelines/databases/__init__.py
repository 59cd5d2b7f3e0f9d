"""Databases as destinations: what all of them have in common, and a folder for each kind.

A new kind is a folder beside `duckdb` and `postgres` and a line in `destination.KINDS`. Nothing else names a database.
"""
