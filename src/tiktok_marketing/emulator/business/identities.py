"""Identities: the names under which an account's ads appear."""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from tiktok_marketing.emulator.business.business import Account, Ad
from tiktok_marketing.emulator.business.business_centers import business_center_id
from tiktok_marketing.emulator.business.creatives import post_of
from tiktok_marketing.emulator.business.library import Collection, posts
from tiktok_marketing.emulator.randomness import keyed

_OWN_TYPES = ("CUSTOMIZED_USER", "TT_USER", "BC_AUTH_TT")


class Identity(msgspec.Struct, frozen=True):
    """One identity.

    Attributes:
        id: identity_id.
        type: CUSTOMIZED_USER, TT_USER, BC_AUTH_TT, or AUTH_CODE for the creator of a post.
        name: The name that people see.
        username: The handle of the TikTok account. Empty if there is no such account.
        business_center: The Business Center that shares the TikTok account. Empty for the other types.
        created: Since when the account has it, in seconds since 1970.
        key: The number from which everything else about it follows.
    """

    id: str
    type: str
    name: str
    username: str
    business_center: str
    created: int
    key: int


def identities(account: Account, now: int) -> list[Identity]:
    """The identities of an account at a time, the newest first."""
    known = [identity for identity in (*_own(account), *_creators(account, now)) if identity.created <= now]
    return sorted(known, key=lambda identity: (-identity.created, identity.id))


def identity_of(ad: Ad) -> Identity:
    """The identity of an ad: the creator of its post, or one of the account's own."""
    account = ad.group.campaign.account
    post = post_of(ad)
    if post is not None:
        return _creator(posts(account), post)
    own = _own(account)
    return own[keyed(ad.key, 36) % len(own)]


def creator_id(key: int) -> str:
    """The identity_id of the creator of a post, from the post's key."""
    return f"{keyed(key, 1):016x}{keyed(key, 2):016x}"


def creator_name(key: int) -> str:
    """The name of the creator of a post."""
    return f"creator{key % 900 + 100}"


@lru_cache(maxsize=1_000)
def _own(account: Account) -> tuple[Identity, ...]:
    return tuple(_own_identities(account))


def _own_identities(account: Account) -> Iterator[Identity]:
    name = account.template.name
    handle = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
    for position, kind in enumerate(_OWN_TYPES):
        custom = kind == "CUSTOMIZED_USER"
        yield Identity(
            id=str((account.created << 32) + (account.key & 0xFFFF) + position),
            type=kind,
            name=name,
            username="" if custom else f"{handle}{'.official' if kind == 'BC_AUTH_TT' else ''}",
            business_center=business_center_id(account) if kind == "BC_AUTH_TT" else "",
            created=account.created + 60 * position,
            key=keyed(account.key, position, 37),
        )


def _creators(account: Account, now: int) -> Iterator[Identity]:
    collection = posts(account)
    return (_creator(collection, index) for index in range(collection.count(now)))


def _creator(collection: Collection, index: int) -> Identity:
    key = collection.key(index)
    name = creator_name(key)
    return Identity(creator_id(key), "AUTH_CODE", name, name, "", collection.created(index), key)
