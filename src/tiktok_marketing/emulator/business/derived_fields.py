"""Names, texts and ids of objects: fields that both records and reports show."""

from datetime import UTC, datetime

from tiktok_marketing.emulator.business.business import Account, Ad, AdGroup, Campaign
from tiktok_marketing.emulator.business.vocabulary import (
    ANGLES,
    AUDIENCES,
    HANDWRITING,
    HOOKS,
    PROFILES,
    SEASONS,
    TEXTS,
    Profile,
)
from tiktok_marketing.emulator.randomness import Dice, keyed


def profile_of(campaign: Campaign) -> Profile:
    """The kind of a campaign."""
    return PROFILES[campaign.profile]


def objective_type(campaign: Campaign) -> str:
    """The campaign's objective_type. Reservation campaigns have their own."""
    return {"RESERVATION_RF": "RF_REACH", "RESERVATION_TOP_VIEW": "TOPVIEW_REACH"}.get(
        campaign.buying_type, profile_of(campaign).objective
    )


def automation_type(campaign: Campaign) -> str:
    """MANUAL, SMART_PLUS for Smart+ campaigns of the old kind, or UPGRADED_SMART_PLUS."""
    if campaign.smart:
        return "UPGRADED_SMART_PLUS"
    return "SMART_PLUS" if campaign.legacy_smart else "MANUAL"


def creative_mode(campaign: Campaign) -> str:
    """The creative_material_mode of its ad groups: DYNAMIC if TikTok combines the creatives, otherwise CUSTOM."""
    return "DYNAMIC" if campaign.smart or campaign.legacy_smart else "CUSTOM"


def rf_campaign_type(campaign: Campaign) -> str:
    """STANDARD or TOPVIEW."""
    return "TOPVIEW" if campaign.buying_type == "RESERVATION_TOP_VIEW" else "STANDARD"


def app_id(account: Account) -> str:
    """The id of the account's app, as text. Empty if it has none."""
    return str(7_100_000_000_000_000_000 + account.key % 10**15) if account.template.app else ""


def campaign_name(campaign: Campaign) -> str:
    """A name such as a marketer gives. Some contain what breaks careless readers: quotes, slashes, emoji."""
    dice = Dice(campaign.key, 31)
    product = dice.pick(campaign.account.template.products)
    if campaign.serial == 0 and campaign.account.life == "active":
        return f"Always on | {product}"
    return _written(_campaign_name(campaign, dice, product), campaign.key)


def _campaign_name(campaign: Campaign, dice: Dice, product: str) -> str:
    created = datetime.fromtimestamp(campaign.created, UTC)
    season = SEASONS[created.month - 1]
    style = dice.below(5)
    objective = PROFILES[campaign.profile].objective_label
    if style == 0:
        return f"{season} {created.year} \N{EN DASH} {product} \N{EN DASH} {dice.pick(ANGLES)}"
    if style == 1:
        country = campaign.account.template.country
        return f"{country}_{objective.replace(' ', '')}_{product.replace(' ', '')}_{created:%Y%m%d}"
    if style == 2:
        return f"[{dice.pick(ANGLES)}] {product} / {objective}"
    if style == 3:
        return f'{product} "{season}" #{campaign.serial} 🎯'
    return f"{product} {created:%b %y} (copy 1)"


def adgroup_name(group: AdGroup) -> str:
    """The ad group's name: usually its audience."""
    dice = Dice(group.key, 31)
    return _written(f"{dice.pick(AUDIENCES)} | {group.serial + 1}", group.key)


def ad_name(ad: Ad) -> str:
    """The ad's name: usually its creative."""
    dice = Dice(ad.key, 31)
    return _written(f"{dice.pick(HOOKS)} v{1 + dice.below(4)}_{ad.serial}", ad.key)


def ad_text(ad: Ad) -> str:
    """The text under the video."""
    dice = Dice(ad.key, 33)
    text = dice.pick(TEXTS).format(product=dice.pick(ad.group.campaign.account.template.products))
    return _written(text, keyed(ad.key, 34))


def _written(name: str, key: int) -> str:
    """A name as it was typed: one in six has what careless readers stumble over."""
    dice = Dice(key, 37)
    return dice.pick(HANDWRITING).format(name=name) if dice.below(6) == 0 else name
