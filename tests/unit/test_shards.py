"""Which accounts a process reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.shards import Shard, parse_shard, shard_in

counts = st.integers(1, 50)
OWNERS = [0, 0, 1, 0, 1, 3, 2, 0, 3, 0, 1, 2]
ids = st.integers(7 * 10**18, 8 * 10**18).map(str)


@given(ids, counts)
def test_exactly_one_shard_owns_an_account(advertiser_id: str, count: int) -> None:
    """No account is read twice, and none is left out."""
    assert sum(Shard(index, count).owns(advertiser_id) for index in range(count)) == 1


def test_the_choice_never_changes() -> None:
    """A new version, another Python or another machine must not move an account to another shard."""
    accounts = [str(7000000000000000001 + number) for number in range(12)]
    owners = [next(index for index in range(4) if Shard(index, 4).owns(account)) for account in accounts]
    assert owners == OWNERS


def test_accounts_are_spread() -> None:
    """Of thousands, each shard has about as many."""
    accounts = [str(7000000000000000001 + 17 * number) for number in range(8000)]
    sizes = [sum(Shard(index, 8).owns(account) for account in accounts) for index in range(8)]
    assert 900 < min(sizes) <= max(sizes) < 1100


@pytest.mark.parametrize(
    "text", ["", "4", "4/4", "-1/4", "0/0", "1/2/3", "a/b", "0/10001", "0/99999999", "\u0660/\u0664"]
)
def test_what_is_not_a_shard_is_refused(text: str) -> None:
    """With the form that it must have."""
    with pytest.raises(ConfigurationError, match="shard") as caught:
        parse_shard(text, "--shard")
    assert "0/4" in caught.value.remedy


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"JOB_COMPLETION_INDEX": "2"}, None),
        ({"TIKTOK_SHARD": " 1/4 "}, Shard(1, 4)),
        ({"TIKTOK_SHARD": ""}, None),
        ({"TIKTOK_SHARDS": "4", "JOB_COMPLETION_INDEX": "0"}, Shard(0, 4)),
        ({"TIKTOK_SHARD": "3/4", "TIKTOK_SHARDS": "2", "JOB_COMPLETION_INDEX": "0"}, Shard(3, 4)),
    ],
)
def test_the_environment_names_a_shard(environment: dict[str, str], expected: Shard | None) -> None:
    """By itself, or with the number that Kubernetes gives the pod. That number alone is another program's."""
    assert shard_in(environment) == expected


def test_an_option_has_the_number_of_shards() -> None:
    """It outranks the environment, and still needs to know which shard this is."""
    environment = {"TIKTOK_SHARDS": "8", "JOB_COMPLETION_INDEX": "1"}
    assert shard_in(environment, "2") == Shard(1, 2)
    with pytest.raises(ConfigurationError, match="JOB_COMPLETION_INDEX"):
        shard_in({}, "2")
    with pytest.raises(ConfigurationError, match="There is no shard 5/2"):
        shard_in({"JOB_COMPLETION_INDEX": "5"}, "2")
