"""What a sync will read, and when a state may move. Pure: takes values and a time, returns values; no I/O, no clock."""
