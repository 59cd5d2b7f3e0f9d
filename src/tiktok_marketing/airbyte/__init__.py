"""The Airbyte source: spec, check, discover and read, with files as input and messages on stdout.

stdout belongs to the protocol. Nothing here, and no package below, prints anything else there.
"""
