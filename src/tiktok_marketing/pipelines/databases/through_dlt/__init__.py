"""Databases that dlt knows and that have no load jobs of our own: one way for all of them."""
