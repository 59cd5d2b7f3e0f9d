"""A piece of a sync as data: it travels as JSON or pickle, and reading it needs nothing else but credentials. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from tiktok_marketing.config import AdvertiserId, Config
from tiktok_marketing.errors import ConfigurationError
from tiktok_marketing.settings import OPTIONS

_OF_THE_PARTITION = frozenset({"advertiser_ids", "exclude_advertiser_ids", "start_date", "end_date"})
"""Settings that a partition has in fields of its own."""
_SETTINGS = tuple(setting.name for setting in OPTIONS if setting.name not in _OF_THE_PARTITION)


class PartitionAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account of a partition.

    Args:
        advertiser_id: Its id.
        begins: The first day that the whole plan reads of it; None for a stream without days.
        reaches: The day that its state reaches once the whole plan is read; None if it reaches none.
    """

    advertiser_id: AdvertiserId
    begins: date | None = None
    reaches: date | None = None


class ReadPartition(msgspec.Struct, frozen=True, kw_only=True):
    """Some accounts of one stream, and the days to read of them. It holds no secret.

    Args:
        stream: The stream's name.
        accounts: The accounts to read.
        first: The first day, or `start_date` if the state decides.
        last: The last day; None for the account's today.
        settings: The settings that decide what is read, by name.
        state: The state of these accounts before; None to read the days as they are given.
        share: The fraction of the application's quota that this partition may use.
        sandbox: Whether the accounts are sandbox accounts.
        objects_since_start_date: Whether `first` limits objects, too.
    """

    stream: str
    accounts: tuple[PartitionAccount, ...]
    first: date
    last: date | None = None
    settings: dict[str, Any] = {}
    state: dict[str, Any] | None = None
    share: float = 1.0
    sandbox: bool = False
    objects_since_start_date: bool = False

    @property
    def advertiser_ids(self) -> tuple[AdvertiserId, ...]:
        """The ids of its accounts."""
        return tuple(account.advertiser_id for account in self.accounts)

    def to_json(self) -> str:
        """The partition as a line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> ReadPartition:
        """The partition that `to_json` wrote.

        Raises:
            ConfigurationError: If it is not one.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise ConfigurationError(
                f"The partition cannot be read: {error}.", remedy="Pass a partition as the plan wrote it."
            ) from None

    def config(self, credentials: Config) -> Config:
        """The configuration that reads this partition.

        Args:
            credentials: A configuration with the access token, and with the application for the list of accounts.
        """
        ids = self.advertiser_ids
        return Config(
            access_token=credentials.access_token,
            app_id=credentials.app_id,
            secret=credentials.secret,
            sandbox=self.sandbox,
            advertiser_id=ids[0] if len(ids) == 1 else None,
            advertiser_ids=ids,
            start_date=self.first,
            end_date=self.last,
            objects_since_start_date=self.objects_since_start_date,
            **self.settings,
        )


def settings_of(config: Config) -> dict[str, Any]:
    """The settings of a configuration that its partitions have in common, as JSON has them."""
    settings: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode({name: getattr(config, name) for name in _SETTINGS})
    )
    return settings
