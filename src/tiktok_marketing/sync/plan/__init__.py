"""What a sync will read, and when a state may move. Pure: values and a moment in, values out; no I/O, no clock."""
