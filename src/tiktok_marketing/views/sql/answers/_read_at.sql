{{from_seconds r._dlt_load_id}} AS read_at
