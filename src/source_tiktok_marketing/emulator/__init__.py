"""A local server that behaves like TikTok's Business API v1.3, with a seeded ad business in it.

It is written from the API's documented behaviour. Nothing of the client (`api`, `sync`) may enter: it must be able to disagree.
"""
