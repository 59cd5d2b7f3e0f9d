"""Reading lists from TikTok to their end: accounts, reports, objects. Nothing here knows about states or sinks."""
