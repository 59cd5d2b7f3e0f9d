"""A network on which answers are changed on their way."""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulation.faults import Network
from tiktok_marketing.api.transport import Reply


def rewriting(pattern: bytes, becomes: bytes) -> type[Network]:
    """A network that puts something else wherever a regular expression matches in a body."""

    class Rewriting(Network):
        """Changes bodies, and nothing else."""

        async def _reply(self, endpoint: str, params: Mapping[str, str], token: str, account: str | None) -> Reply:
            reply = await super()._reply(endpoint, params, token, account)
            return Reply(reply.status, reply.headers, re.sub(pattern, becomes, reply.body))

    return Rewriting
