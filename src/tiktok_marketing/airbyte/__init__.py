"""The Airbyte protocol face: spec, check, discover and read over stdin and stdout.

stdout belongs to the protocol: nothing here, or below it, prints anything else there.
"""
