"""How fast TikTok may be asked: tiers, and the pace of each endpoint and account.

The arithmetic takes the time as an argument; only `limiters` waits. No request is made here.
"""
