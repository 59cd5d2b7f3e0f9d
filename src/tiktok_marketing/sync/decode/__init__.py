"""Decodes the bytes of pages to records with the catalog's types. Nothing here sends a request or waits."""
