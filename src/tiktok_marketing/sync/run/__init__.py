"""A sync while it runs: which window is next, what is under way, and what has been delivered."""
