"""The endpoints of GMV Max: stores, campaigns and sessions, lookups, and the report."""
