"""The ways out other than Airbyte: records as Arrow tables, loaded by dlt.

Heavy libraries (dlt, pyarrow) are imported here and nowhere else.
"""
