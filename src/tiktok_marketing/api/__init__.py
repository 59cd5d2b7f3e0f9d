"""One call to TikTok's Business API, and everything that can go wrong with it.

It knows TikTok's envelope, return codes and quotas. It does not know streams or Airbyte.
"""
