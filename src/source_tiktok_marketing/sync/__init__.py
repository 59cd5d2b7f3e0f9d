"""How a sync runs: accounts and days become windows, windows become pages, pages become records and states.

The planning half (`windows`, `state`, `plan`) is pure. Nothing here knows what happens to the records.
"""
