"""Calls the official SDK: `{"host": …, "token": …, "calls": [[path, arguments], …]}` on standard input.

It prints for each call `{"data": …}` or `{"error": …}`, or null where the SDK has no method for the path.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from typing import Any

import business_api_client
from business_api_client import api

PATH = re.compile(r"'/open_api/v1.3/([a-z_0-9/]+)', 'GET'")


def methods() -> dict[str, tuple[type, str]]:
    """The SDK's method for each path that it reads, by path."""
    found: dict[str, tuple[type, str]] = {}
    for module in pkgutil.iter_modules(api.__path__):
        for _, kind in inspect.getmembers(importlib.import_module(f"{api.__name__}.{module.name}"), inspect.isclass):
            for name, method in inspect.getmembers(kind, inspect.isfunction):
                match = name.endswith("_with_http_info") and PATH.search(inspect.getsource(method))
                if match:
                    found[match[1]] = (kind, name.removesuffix("_with_http_info"))
    return found


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    configuration = business_api_client.Configuration()
    configuration.host = request["host"]
    client = business_api_client.ApiClient(configuration)
    known = methods()
    answers: list[Any] = []
    for path, arguments in request["calls"]:
        if path not in known:
            answers.append(None)
            continue
        kind, name = known[path]
        try:
            answers.append({"data": getattr(kind(client), name)(access_token=request["token"], **arguments)})
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            answers.append({"error": f"{type(error).__name__}: {error}"})
    print(json.dumps(answers))


main()
