"""One call to TikTok's Business API and everything that can go wrong with it.

Knows TikTok's envelope, codes and quotas. Knows no stream and no Airbyte.
"""
