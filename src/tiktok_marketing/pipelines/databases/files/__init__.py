"""A folder, or a bucket in the cloud, as a destination: tables as Parquet, Delta or Iceberg."""
