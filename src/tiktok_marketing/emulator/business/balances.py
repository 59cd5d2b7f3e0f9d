"""Balances: what an account was charged, what it paid in, and what is left."""

import msgspec

from tiktok_marketing.emulator.business.business import DAY, Account
from tiktok_marketing.emulator.business.days import local_ordinal
from tiktok_marketing.emulator.business.delivery import VECTOR_INDEX, Figures
from tiktok_marketing.emulator.randomness import keyed

_SPEND = VECTOR_INDEX["spend"]
_VOUCHER = VECTOR_INDEX["voucher"]
_DAYS_PER_RECHARGE = 9


class Balance(msgspec.Struct, frozen=True):
    """The money of an account at one time, in minor units of its currency.

    Attributes:
        spent: What all its ads have cost, by the figures of the time.
        voucher: What of it was paid by vouchers.
        cash: The cash that is left.
        grant: The vouchers that are left.
        frozen: What of the cash is reserved, for example for a campaign with a fixed price.
    """

    spent: int
    voucher: int
    cash: int
    grant: int
    frozen: int

    @property
    def total(self) -> int:
        """All that is left."""
        return self.cash + self.grant

    @property
    def recharged(self) -> int:
        """What was paid in: what was spent in cash, and what is left of it."""
        return self.spent - self.voucher + self.cash


def cash_of(account: Account, now: int) -> int:
    """The cash that an account has left, in minor units of its currency."""
    return keyed(account.key, now // DAY) % 900_000 // 100 * 100


def grant_of(account: Account) -> int:
    """The vouchers that an account has left, in minor units of its currency."""
    return keyed(account.key, 39) % 20_000 // 100 * 100 if account.index % 2 else 0


def balance_of(account: Account, figures: Figures, shop_spend: int) -> Balance:
    """The money of an account at the time of its figures.

    Args:
        account: The account.
        figures: Its figures.
        shop_spend: What its campaigns of GMV Max have spent at that time, in minor units of the currency.
    """
    first = local_ordinal(account.zone, account.created)
    spent = voucher = 0
    for ad in account.ads(figures.now):
        for _, vector in figures.series(ad, first, figures.last_day):
            spent += vector[_SPEND]
            voucher += vector[_VOUCHER]
    spent += shop_spend
    cash = cash_of(account, figures.now)
    return Balance(spent, voucher, cash, grant_of(account), cash // 10 if account.index % 3 == 0 else 0)


def recharges(account: Account, now: int) -> int:
    """How often money was paid in."""
    return 1 + max(0, now - account.created) // (_DAYS_PER_RECHARGE * DAY)


def recharged_at(account: Account, number: int) -> int:
    """When money was paid in for the n-th time, counted from 0, in seconds since 1970."""
    return account.created + 3600 + number * _DAYS_PER_RECHARGE * DAY
