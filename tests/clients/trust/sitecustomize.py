"""Lets a client trust the tests' certificate where it asks certifi instead of the environment.

Python imports this by itself if the folder is in `PYTHONPATH`.
"""

import os

import certifi

certifi.where = lambda: os.environ["SSL_CERT_FILE"]
