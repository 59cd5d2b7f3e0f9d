"""Reading on more than one machine: a plan as data, reading its partitions, and merging how far they got.

Nothing that travels may hold a secret: credentials are where the reading is.
"""
