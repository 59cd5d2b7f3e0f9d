"""What can be read: streams, metrics, dimensions and schemas, as data.

Adding a stream is adding a row here (and a schema file for an object). No I/O, and no import from any other room.
"""
