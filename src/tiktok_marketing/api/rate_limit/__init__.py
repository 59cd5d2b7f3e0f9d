"""How fast requests may be sent: tiers, and the rate limits of each endpoint and account.

The arithmetic takes the time as an argument; only `limiters` waits. Nothing here sends a request.
"""
