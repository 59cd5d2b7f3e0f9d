"""Bytes of pages become records of the catalog's types. Nothing is asked for here, and nothing is awaited."""
