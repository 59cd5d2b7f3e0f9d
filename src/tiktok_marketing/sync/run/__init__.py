"""A running sync: which window is next, what is in flight, and what has been delivered."""
