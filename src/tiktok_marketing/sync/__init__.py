"""How a sync works: what is planned (`plan`), read (`read`), decoded (`decode`), and in which order it happens (`run`).

Whoever runs a sync receives events (`events`). Nothing here knows what happens to the records afterwards.
"""
