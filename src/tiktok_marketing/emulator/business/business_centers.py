"""Business Centers: who owns the accounts."""

from collections.abc import Sequence

import msgspec

from tiktok_marketing.emulator.business.business import Account
from tiktok_marketing.emulator.randomness import keyed

_FIRST = 4
_OTHERS = 40
_NAMES = ("Harbor Media Group", "Northern Lights Agency", "Blue Lagoon Partners", "Cedar Street Digital")
CURRENCY = "USD"
"""The currency in which Business Centers sum the figures of their accounts."""


class BusinessCenter(msgspec.Struct, frozen=True):
    """A Business Center.

    Attributes:
        id: bc_id.
        index: Its place among the Business Centers.
        name: Its name.
        accounts: The ad accounts that it owns, and that the token reaches.
        shared: Accounts of other Business Centers that are shared with it.
    """

    id: str
    index: int
    name: str
    accounts: tuple[Account, ...]
    shared: tuple[Account, ...] = ()


def business_center_id(account: Account) -> str:
    """The id of the Business Center that owns an account. The first owns four accounts, and the others forty each."""
    return _id(account.business_key, _index(account))


def business_centers(accounts: Sequence[Account], shared: int = 0) -> list[BusinessCenter]:
    """The Business Centers that own some accounts.

    Args:
        accounts: The accounts.
        shared: How many accounts of the other Business Centers are shared with the first.
    """
    owned: dict[int, list[Account]] = {}
    for account in accounts:
        owned.setdefault(_index(account), []).append(account)
    return [
        BusinessCenter(
            _id(members[0].business_key, index),
            index,
            _name(index),
            tuple(members),
            tuple(account for account in accounts if _index(account))[:shared] if index == 0 else (),
        )
        for index, members in sorted(owned.items())
    ]


def _index(account: Account) -> int:
    return 0 if account.index < _FIRST else 1 + (account.index - _FIRST) // _OTHERS


def _id(business_key: int, index: int) -> str:
    return str(7_000_000_000_000_000_000 + keyed(business_key, index, 38) % 10**15)


def _name(index: int) -> str:
    uses = index // len(_NAMES)
    return _NAMES[index % len(_NAMES)] + (f" {uses + 1}" if uses else "")
