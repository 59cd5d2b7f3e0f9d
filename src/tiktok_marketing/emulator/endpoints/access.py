"""Access: the app, its tokens, what they may read, and the endpoints about them."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from tiktok_marketing.emulator.business.business import Account, Business
from tiktok_marketing.emulator.endpoints import params as read
from tiktok_marketing.emulator.endpoints.asset_lists import IN_SANDBOX
from tiktok_marketing.emulator.endpoints.envelope import Answer, Refusal, encode, refuse
from tiktok_marketing.emulator.endpoints.field_names import FIELDS
from tiktok_marketing.emulator.endpoints.records import advertiser_record
from tiktok_marketing.emulator.endpoints.scopes import ALL, check_scope
from tiktok_marketing.emulator.randomness import keyed

AUTH_CODE = "demo-auth-code"
"""An auth_code that oauth2/access_token accepts once, without the authorization page."""

SANDBOX_PATHS = frozenset(
    {"campaign/get/", "adgroup/get/", "ad/get/", "report/integrated/get/", "user/info/", "identity/get/"}
)
"""The endpoints that a sandbox token may call."""

_ACCOUNTS_PATHS = frozenset({"advertiser/info/", "oauth2/advertiser/get/"})
OPTIONAL_SANDBOX_PATHS = _ACCOUNTS_PATHS | IN_SANDBOX
"""The endpoints that a sandbox token may call, with the options `sandbox_accounts_endpoints` and
`sandbox_asset_endpoints`."""

_SANDBOX_REPORTS = {
    "report_type": ("BASIC", "AUDIENCE"),
    "data_level": ("AUCTION_CAMPAIGN", "AUCTION_ADGROUP", "AUCTION_AD"),
}
"""What reports of the sandbox can be."""

_MAX_ACCOUNTS = 100


class _Code(msgspec.Struct, frozen=True):
    """An auth_code that the authorization page has issued.

    Args:
        accounts: The accounts that were ticked.
        expires: The time from which it is not accepted, in seconds since 1970.
    """

    accounts: tuple[Account, ...]
    expires: int


class Access:
    """The app and its tokens: for all granted accounts, for the first account only, and for the sandbox.

    Two more tokens are useless: one was revoked, and one has expired. All look like TikTok's. They begin with `fa4e`,
    so that nobody mistakes them for real ones.
    """

    def __init__(self, business: Business) -> None:
        self._business = business
        options = business.options
        self._sandbox_paths = SANDBOX_PATHS.union(
            _ACCOUNTS_PATHS if options.sandbox_accounts_endpoints else (),
            IN_SANDBOX if options.sandbox_asset_endpoints else (),
        )
        seed = options.seed
        self.app_id = f"7000000000000{keyed(seed, 101) % 10**6:06d}"
        self.secret = "fa4e5ec2e7" + _hex(seed, 102)[:30]
        self.access_token = "fa4eacce55" + _hex(seed, 103)[:30]
        self.limited_access_token = "fa4e0071e0" + _hex(seed, 104)[:30]
        self.sandbox_access_token = "fa4e5a4db0" + _hex(seed, 105)[:30]
        self.revoked_access_token = "fa4e4e70ed" + _hex(seed, 106)[:30]
        self.expired_access_token = "fa4ee791ed" + _hex(seed, 107)[:30]
        self._scopes = options.scopes or ALL
        self._code_seconds = options.code_seconds
        self._codes: dict[str, _Code] = {}
        self._issued = 0
        self._granted: dict[str, tuple[Account, ...]] = {}
        self._used_codes: set[str] = set()
        self._revoked: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Make the auth code and all tokens valid again. What the authorization page has issued is forgotten."""
        self._codes.clear()
        self._granted.clear()
        self._used_codes.clear()
        self._revoked.clear()
        self._revoked.add(self.revoked_access_token)
        self._expired = {self.expired_access_token}

    def expire(self, token: str) -> None:
        """Let a token expire."""
        self._expired.add(token)

    def check_token(self, token: str | None, path: str) -> None:
        """Refuse a missing or wrong token, and endpoints that a sandbox token may not call.

        Raises:
            Refusal: The token is missing (40104), has expired (40102) or is wrong (40105), or the endpoint is about
                accounts (40014) or otherwise unknown to the sandbox (40008).
        """
        if not token:
            raise Refusal(40104, "Access token is null, you should set it in http header with key Access-Token.")
        if token in self._expired:
            raise Refusal(40102, "Access token has expired.")
        tokens = {self.access_token, self.limited_access_token, self.sandbox_access_token, *self._granted}
        if token not in tokens or token in self._revoked:
            raise Refusal(40105, "Access token is incorrect or has been revoked.")
        if token == self.sandbox_access_token and path not in self._sandbox_paths:
            if path in _ACCOUNTS_PATHS:
                raise Refusal(40014, "This function is not supported in the sandbox environment.")
            raise Refusal(40008, "This endpoint is not implemented in the sandbox environment.")

    def check_scope(self, token: str | None, path: str, advertiser_id: str) -> None:
        """Refuse an endpoint whose scope the token lacks, unless the account is refused anyway.

        Raises:
            Refusal: The token lacks the scope (40001).
        """
        reached = {str(account.id) for account in self.accounts(token)}
        if not self.is_sandbox(token) and (not advertiser_id or advertiser_id in reached):
            check_scope(self._scopes, path, advertiser_id)

    def check_sandbox_report(self, token: str | None, params: Mapping[str, str]) -> None:
        """Refuse reports that the sandbox lacks: those on accounts, of other types, and with totals.

        Raises:
            Refusal: The sandbox does not support a parameter (40009).
        """
        if not self.is_sandbox(token):
            return
        unsupported = [name for name, values in _SANDBOX_REPORTS.items() if params.get(name, values[0]) not in values]
        if read.boolean(params, "enable_total_metrics"):
            unsupported.append("enable_total_metrics")
        if unsupported:
            raise Refusal(40009, f"The parameter {unsupported[0]} is not supported in the sandbox environment.")

    def is_sandbox(self, token: str | None) -> bool:
        """Whether a token is the sandbox token."""
        return token == self.sandbox_access_token

    def accounts(self, token: str | None) -> list[Account]:
        """The accounts that a token reaches."""
        if self.is_sandbox(token):
            return [self._business.sandbox]
        if token in self._granted:
            return list(self._granted[token])
        granted = self._business.granted
        return granted[:1] if token == self.limited_access_token else granted

    def account(self, token: str | None, advertiser_id: str) -> Account:
        """An account by its id.

        Raises:
            Refusal: There is no such account (40300), or the token does not reach it (40001).
        """
        account = self._business.by_id.get(advertiser_id)
        if account is None:
            raise Refusal(40300, f"Advertiser {advertiser_id} doesn't exist or has been deleted.")
        if account not in self.accounts(token):
            raise Refusal(40001, f"No permission to operate advertiser: {advertiser_id}")
        return account

    # -- the authorization page

    @property
    def offered(self) -> list[Account]:
        """The accounts that the owner may tick on the authorization page."""
        return list(self._business.granted)

    @property
    def scopes(self) -> tuple[int, ...]:
        """The scopes that tokens get."""
        return tuple(self._scopes)

    def grant(self, advertiser_ids: Collection[str], now: int) -> str:
        """Let the app read these accounts. Returns an auth_code, which is valid once and for a limited time."""
        self._issued += 1
        code = _hex(self._business.options.seed, 108, self._issued)
        accounts = tuple(account for account in self.offered if str(account.id) in set(advertiser_ids))
        self._codes[code] = _Code(accounts, now + self._code_seconds)
        return code

    # -- endpoints

    def exchange(self, body: Mapping[str, Any], now: int) -> Answer:
        """oauth2/access_token: exchange an auth_code for a token, once."""
        fields = {name: str(body.get(name) or "") for name in ("app_id", "secret", "auth_code")}
        missing = [name for name, value in fields.items() if not value]
        if missing:
            refuse(f"Missing required field(s): {', '.join(missing)}.")
        self._check_app(fields["app_id"], fields["secret"])
        token, accounts = self._exchanged(fields["auth_code"], now)
        ids = [str(account.id) for account in accounts]
        return encode({"access_token": token, "advertiser_ids": ids, "scope": self._scopes})

    def _exchanged(self, code: str, now: int) -> tuple[str, list[Account]]:
        """The token that a code is exchanged for, and the accounts that it reaches.

        Raises:
            Refusal: The code is unknown, has been used or has expired (40110).
        """
        known = self._codes.get(code)
        valid = now < known.expires if known is not None else code == AUTH_CODE
        if not valid or code in self._used_codes:
            raise Refusal(40110, "Auth_code is invalid, has been used or has expired.")
        self._used_codes.add(code)
        everything = self._business.granted
        if known is None or len(known.accounts) == len(everything):
            return self.access_token, everything
        token = "fa4e9a47ed" + _hex(self._business.options.seed, 109, self._issued)[:30]
        self._granted[token] = known.accounts
        return token, list(known.accounts)

    def revoke(self, body: Mapping[str, Any]) -> Answer:
        """oauth2/revoke_token: revoke a token."""
        self._check_app(str(body.get("app_id") or ""), str(body.get("secret") or ""))
        token = str(body.get("access_token") or "")
        self.check_token(token, "user/info/")
        self._revoked.add(token)
        ids = [str(account.id) for account in self.accounts(token)]
        return encode({"app_id": self.app_id, "advertiser_ids": ids})

    def advertisers(self, token: str | None, params: Mapping[str, str]) -> Answer:
        """oauth2/advertiser/get: the accounts that the token reaches."""
        missing = [name for name in ("app_id", "secret") if not params.get(name)]
        if missing:
            refuse(f"Missing required field(s): {', '.join(missing)}.")
        self._check_app(params["app_id"], params["secret"])
        records = [{"advertiser_id": str(item.id), "advertiser_name": item.name} for item in self.accounts(token)]
        return encode({"list": records})

    def advertiser_info(self, token: str | None, params: Mapping[str, str], now: int) -> Answer:
        """advertiser/info: the requested accounts, with all fields or the requested ones."""
        ids = read.json_value(params, "advertiser_ids")
        if not ids:
            refuse("Missing required field(s): advertiser_ids.")
        read.ids(ids, "advertiser_ids", _MAX_ACCOUNTS)
        fields = read.fields(params, FIELDS["advertiser/info/"])
        records = [
            advertiser_record(self.account(token, advertiser_id), now) for advertiser_id in dict.fromkeys(map(str, ids))
        ]
        if fields is not None:
            wanted = ["advertiser_id", *(name for name in fields if name != "advertiser_id")]
            records = [
                {name: (record | {"company_name_editable": True})[name] for name in wanted
                 if name in record or name == "company_name_editable"}
                for record in records
            ]  # fmt: skip
        return encode({"list": records})

    def user_info(self) -> Answer:
        """user/info: the user that the token belongs to."""
        key = self._business.accounts[0].key
        return encode(
            {
                "core_user_id": str(6_900_000_000_000_000_000 + key % 10**15),
                "display_name": "Demo Marketer",
                "email": "d***@***",
                "avatar_url": "",
                "create_time": self._business.accounts[0].created,
            }
        )

    def _check_app(self, app_id: str, secret: str) -> None:
        if app_id != self.app_id:
            raise Refusal(40113, "The app does not exist, or app_id is inconsistent with the token's app information.")
        if secret != self.secret:
            raise Refusal(40101, "App_id, secret or auth_code do not match.")


def _hex(*keys: int) -> str:
    return f"{keyed(*keys, 1):016x}{keyed(*keys, 2):016x}"
