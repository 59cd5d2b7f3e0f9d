"""One sync: what it reads (`plan`), how it reads (`read`) and decodes it (`decode`), and in which order (`run`).

The caller of a sync receives events (`events`). Nothing here knows what happens to the records afterwards.
"""
