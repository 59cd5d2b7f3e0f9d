"""Calls TikTokMarketing: the arguments of `get_data`, and `token`, are an object on standard input."""

import json
import sys

from TikTokMarketing import TikTokAPI

arguments = json.load(sys.stdin)
print(json.dumps(TikTokAPI(arguments.pop("token")).get_data(**arguments)))
