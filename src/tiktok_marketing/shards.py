"""Which accounts one of several processes reads, without a coordinator. Pure.

The choice depends on the account's id alone, so every process makes the same one, on any machine and at any time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from tiktok_marketing.errors import ConfigurationError

SHARD_VARIABLE = "TIKTOK_SHARD"
"""The variable that says which shard a process is: `0/4`."""
COUNT_VARIABLE = "TIKTOK_SHARDS"
"""The variable that says how many shards there are, where the number of this one is in `INDEX_VARIABLE`."""
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
"""The variable in which Kubernetes tells a pod of an indexed Job its number, from 0 on."""
_MOST = 10_000
_SHARD = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")


class Shard(msgspec.Struct, frozen=True):
    """One of several processes that share the accounts and the quota.

    Args:
        index: Its number, from 0 on.
        count: How many there are.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        """Refuse a shard that does not exist.

        Raises:
            ConfigurationError: If there is no such shard.
        """
        if not 1 <= self.count <= _MOST or not 0 <= self.index < self.count:
            raise ConfigurationError(
                f"There is no shard {self.index}/{self.count}.",
                remedy=f"Number the shards from 0 on, for example 0/4, 1/4, 2/4 and 3/4; at most {_MOST:,}.",
            )

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def owns(self, advertiser_id: str) -> bool:
        """Whether this shard reads an account. Exactly one shard of a count does."""
        digest = hashlib.blake2b(advertiser_id.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.index


def parse_shard(text: str, name: str) -> Shard:
    """The shard that a text names.

    Args:
        text: Its number and how many there are: `0/4`.
        name: The option or variable, for errors.

    Raises:
        ConfigurationError: If it names none.
    """
    match = _SHARD.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{name} is {text[:40]!r}, which is not a shard.",
            remedy="Write its number, counted from 0, and how many there are: 0/4.",
        )
    return Shard(int(match[1]), int(match[2]))


def shard_in(environment: Mapping[str, str], count: str | None = None) -> Shard | None:
    """The shard that the environment names; None if it names none.

    Args:
        environment: The environment. `TIKTOK_SHARD` has a shard. Otherwise `TIKTOK_SHARDS` says how many there are, and
            Kubernetes which one this is.
        count: How many there are, from an option; it outranks the environment.

    Raises:
        ConfigurationError: If it is not one, or its number is missing.
    """
    whole = environment.get(SHARD_VARIABLE, "").strip()
    if whole and count is None:
        return parse_shard(whole, SHARD_VARIABLE)
    number = (environment.get(COUNT_VARIABLE, "") if count is None else count).strip()
    name = COUNT_VARIABLE if count is None else "--shards"
    if not number:
        return None
    index = environment.get(INDEX_VARIABLE, "").strip()
    if not index:
        raise ConfigurationError(
            f"{name} is {number[:40]}, but {INDEX_VARIABLE} does not say which of them this process is.",
            remedy=f"Run it as an indexed Job of Kubernetes, or name the shard, for example {SHARD_VARIABLE}=0/4.",
        )
    return parse_shard(f"{index}/{number}", f"{INDEX_VARIABLE}/{name}")
