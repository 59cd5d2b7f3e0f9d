"""Reads complete lists from TikTok: accounts, reports and objects. Nothing here knows about states or databases."""
