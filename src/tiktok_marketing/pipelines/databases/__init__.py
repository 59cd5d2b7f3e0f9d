"""Databases as destinations: what all kinds have in common, and a folder for each kind.

A new kind is a folder beside `duckdb` and `postgres`, and a line in `kinds.KINDS`. No other module names a kind.
"""
