"""A network that changes answers in transit."""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulation.faults import Network
from tiktok_marketing.api.transport import Reply


def rewriting(pattern: bytes, becomes: bytes) -> type[Network]:
    """A network that replaces every match of a regular expression in a body."""

    class Rewriting(Network):
        """Changes bodies, and nothing else."""

        async def _reply(self, endpoint: str, params: Mapping[str, str], token: str, account: str | None) -> Reply:
            reply = await super()._reply(endpoint, params, token, account)
            return Reply(reply.status, reply.headers, re.sub(pattern, becomes, reply.body))

    return Rewriting
