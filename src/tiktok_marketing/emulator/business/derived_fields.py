"""What an object is called, and what follows from what it is for: words and ids that records and reports share."""

from datetime import UTC, datetime

from tiktok_marketing.emulator.business.business import Account, Ad, AdGroup, Campaign
from tiktok_marketing.emulator.business.vocabulary import (
    ANGLES,
    AUDIENCES,
    HOOKS,
    PROFILES,
    SEASONS,
    TEXTS,
    Profile,
)
from tiktok_marketing.emulator.randomness import Dice


def profile_of(campaign: Campaign) -> Profile:
    """What a campaign is for."""
    return PROFILES[campaign.profile]


def objective_type(campaign: Campaign) -> str:
    """The campaign's objective_type; reservation buying has its own."""
    return {"RESERVATION_RF": "RF_REACH", "RESERVATION_TOP_VIEW": "TOPVIEW_REACH"}.get(
        campaign.buying_type, profile_of(campaign).objective
    )


def automation_type(campaign: Campaign) -> str:
    """MANUAL or UPGRADED_SMART_PLUS."""
    return "UPGRADED_SMART_PLUS" if campaign.smart else "MANUAL"


def app_id(account: Account) -> str:
    """The id of the account's app, as text; empty if it has none."""
    return str(7_100_000_000_000_000_000 + account.key % 10**15) if account.template.app else ""


def campaign_name(campaign: Campaign) -> str:
    """A name that a marketer would give; some hold what breaks careless readers: quotes, slashes, emoji."""
    dice = Dice(campaign.key, 31)
    thing = dice.pick(campaign.account.template.things)
    if campaign.serial == 0 and campaign.account.life == "active":
        return f"Always on | {thing}"
    born = datetime.fromtimestamp(campaign.created, UTC)
    season = SEASONS[born.month - 1]
    style = dice.below(5)
    kind = PROFILES[campaign.profile].objective_label
    if style == 0:
        return f"{season} {born.year} \N{EN DASH} {thing} \N{EN DASH} {dice.pick(ANGLES)}"
    if style == 1:
        return f"{campaign.account.template.country}_{kind.replace(' ', '')}_{thing.replace(' ', '')}_{born:%Y%m%d}"
    if style == 2:
        return f"[{dice.pick(ANGLES)}] {thing} / {kind}"
    if style == 3:
        return f'{thing} "{season}" #{campaign.serial} 🎯'
    return f"{thing} {born:%b %y} (copy 1)"


def adgroup_name(group: AdGroup) -> str:
    """Usually the audience."""
    dice = Dice(group.key, 31)
    return f"{dice.pick(AUDIENCES)} | {group.serial + 1}"


def places_automatically(group: AdGroup) -> bool:
    """Whether TikTok chooses the ad group's placements."""
    return group.key % 10 < 6


def ad_name(ad: Ad) -> str:
    """Usually the creative."""
    dice = Dice(ad.key, 31)
    return f"{dice.pick(HOOKS)} v{1 + dice.below(4)}_{ad.serial}"


def ad_text(ad: Ad) -> str:
    """The text under the video."""
    dice = Dice(ad.key, 33)
    return dice.pick(TEXTS).format(thing=dice.pick(ad.group.campaign.account.template.things))
