"""The state of a campaign, ad group or ad at a given time: statuses, edits and the time of the last change."""

from tiktok_marketing.emulator.business.business import DAY, FOREVER, Ad, AdGroup, Campaign, Item

NOT_DELETED, DELETED, ALL = "STATUS_NOT_DELETE", "STATUS_DELETE", "STATUS_ALL"
PRIMARY = (
    ALL, NOT_DELETED, DELETED, "STATUS_DELIVERY_OK", "STATUS_DISABLE", "STATUS_NOT_DELIVERY", "STATUS_TIME_DONE",
    "STATUS_RF_CLOSED", "STATUS_FROZEN", "STATUS_DELIVERY_PARTIAL", "STATUS_DELIVERY_CATALOG",
)  # fmt: skip


def is_deleted(item: Item, now: int) -> bool:
    """Whether an object, its ad group or its campaign is deleted at `now`."""
    if item.deleted_at <= now:
        return True
    if isinstance(item, Ad):
        return is_deleted(item.group, now)
    return isinstance(item, AdGroup) and item.campaign.deleted_at <= now


def deleted_at(item: Item) -> int:
    """When an object, its ad group or its campaign is deleted. `FOREVER` if never."""
    if isinstance(item, Campaign):
        return item.deleted_at
    holder = item.campaign if isinstance(item, AdGroup) else item.group
    return min(item.deleted_at, deleted_at(holder))


def has_vanished(item: Item, now: int, days: int) -> bool:
    """Whether an object is an ad that was deleted `days` days ago or earlier."""
    return isinstance(item, Ad) and deleted_at(item) + days * DAY <= now


def operation_status(item: Item, now: int) -> str:
    """ENABLE, DISABLE or DELETE: what the advertiser did to this object itself."""
    if item.deleted_at <= now:
        return "DELETE"
    return "DISABLE" if item.paused_at <= now else "ENABLE"


def campaign_status(campaign: Campaign, now: int) -> str:
    """A campaign's secondary_status."""
    operation = operation_status(campaign, now)
    return "CAMPAIGN_STATUS_" + operation


def adgroup_status(group: AdGroup, now: int) -> str:
    """An ad group's secondary_status."""
    if group.deleted_at <= now:
        return "ADGROUP_STATUS_DELETE"
    if group.campaign.deleted_at <= now:
        return "ADGROUP_STATUS_CAMPAIGN_DELETE"
    if group.campaign.end_at <= now:
        return "ADGROUP_STATUS_TIME_DONE"
    if group.paused_at <= now:
        return "ADGROUP_STATUS_DISABLE"
    if group.campaign.paused_at <= now:
        return "ADGROUP_STATUS_CAMPAIGN_DISABLE"
    return "ADGROUP_STATUS_AUDIT" if now < group.created + 7200 else "ADGROUP_STATUS_DELIVERY_OK"


def ad_status(ad: Ad, now: int) -> str:
    """An ad's secondary_status."""
    group = ad.group
    checks = (
        (ad.deleted_at, "AD_STATUS_DELETE"),
        (group.deleted_at, "AD_STATUS_ADGROUP_DELETE"),
        (group.campaign.deleted_at, "AD_STATUS_CAMPAIGN_DELETE"),
        (group.campaign.end_at, "AD_STATUS_DONE"),
        (ad.paused_at, "AD_STATUS_DISABLE"),
        (group.paused_at, "AD_STATUS_ADGROUP_DISABLE"),
        (group.campaign.paused_at, "AD_STATUS_CAMPAIGN_DISABLE"),
    )
    for since, name in checks:
        if since <= now:
            return name
    if now < ad.created + 7200:
        return "AD_STATUS_AUDIT"
    return "AD_STATUS_DELIVERY_OK" if ad.daily_impressions else "AD_STATUS_AUDIT_DENY"


def secondary_status(item: Item, now: int) -> str:
    """The secondary_status of any object."""
    if isinstance(item, Campaign):
        return campaign_status(item, now)
    return adgroup_status(item, now) if isinstance(item, AdGroup) else ad_status(item, now)


def primary_status(item: Item, now: int) -> str:
    """The primary status that an object's secondary_status belongs to."""
    return primary_of(secondary_status(item, now))


def primary_of(name: str) -> str:
    """The primary status that a secondary_status belongs to."""
    if name.endswith("DELETE"):
        return DELETED
    if name.endswith(("DELIVERY_OK", "CAMPAIGN_STATUS_ENABLE")):
        return "STATUS_DELIVERY_OK"
    if name.endswith("DISABLE"):
        return "STATUS_DISABLE"
    return "STATUS_TIME_DONE" if name.endswith("DONE") else "STATUS_NOT_DELIVERY"


def has_primary_status(item: Item, wanted: str, now: int) -> bool:
    """Whether an object has a primary status. Collective statuses such as STATUS_ALL count too."""
    if wanted == ALL:
        return True
    if wanted == NOT_DELETED:
        return not is_deleted(item, now)
    return primary_status(item, now) == wanted


def edits(item: Item, now: int) -> int:
    """How often the advertiser edited an object by `now`: campaigns and ad groups every few days while they run."""
    end = min(now, item.paused_at, item.deleted_at)
    if isinstance(item, Ad):
        return 1 if item.key % 5 < 2 and item.created + DAY * (1 + item.key % 6) <= end else 0
    campaign = item if isinstance(item, Campaign) else item.campaign
    return max(0, (min(end, campaign.stops_at) - item.created) // _interval(item))


def modified(item: Item, now: int) -> int:
    """When an object was last changed, in seconds since 1970."""
    count = edits(item, now)
    last = item.created
    if count:
        last += DAY * (1 + item.key % 6) if isinstance(item, Ad) else count * _interval(item)
    for change in (item.paused_at, item.deleted_at, item.end_at if isinstance(item, Campaign) else FOREVER):
        if last < change <= now:
            last = change
    return last


def _interval(item: Campaign | AdGroup) -> int:
    return 3 * DAY + item.key % (6 * DAY)
