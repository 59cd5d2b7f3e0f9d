"""The vocabulary of the seeded business: its advertisers, places, products and names."""

import msgspec


class Template(msgspec.Struct, frozen=True):
    """A kind of ad account.

    Attributes:
        name: Its name.
        country: ISO country code.
        zone: Its place, an IANA name. Its days are at the place's offset outside daylight saving time.
        currency: ISO currency code.
        cpm: A typical price of a thousand impressions, in minor units of the currency: hundredths, or whole units of a
            currency without decimals.
        industry: TikTok's industry id.
        profiles: The kinds of its campaigns, keys of `PROFILES`. Frequent kinds appear several times.
        size: Its number of ads in percent of the option `ads_per_account`.
        age: Its age in percent of the option `days`.
        life: active, idle (its campaigns ended long ago) or unused (it never had a campaign).
        products: The products that it promotes.
        app: The app that it promotes, if any.
    """

    name: str
    country: str
    zone: str
    currency: str
    cpm: int
    industry: str
    profiles: tuple[str, ...]
    size: int
    age: int
    life: str
    products: tuple[str, ...]
    app: str = ""

    @property
    def minor_units(self) -> int:
        """How many minor units its currency's unit has: 100, or 1 for a currency without decimals."""
        return 1 if self.currency in WITHOUT_DECIMALS else 100


WITHOUT_DECIMALS = frozenset({"IDR", "JPY", "KRW", "VND"})
"""Currencies whose amounts are whole numbers."""

TEMPLATES: tuple[Template, ...] = (
    Template(
        "Harbor & Pine Outfitters", "US", "America/New_York", "USD", 780, "291905",
        ("web", "web", "shop", "traffic", "video", "reach"), 100, 100, "active",
        ("Trail Jacket", "Merino Base Layer", "Canvas Tote", "Camp Mug", "Rain Shell"),
    ),
    Template(
        "Masala Quest Games", "IN", "Asia/Kolkata", "INR", 9_200, "291801",
        ("app", "app", "app", "video", "reach"), 80, 60, "active",
        ("Masala Quest", "Monsoon Update", "Festival Pass", "Starter Bundle"), "Masala Quest",
    ),
    Template(
        "Kererū Solar", "NZ", "Pacific/Auckland", "NZD", 1_050, "292301",
        ("lead", "lead", "traffic", "web", "video"), 60, 35, "active",
        ("Rooftop Kit", "Home Battery", "Free Quote", "Winter Savings"),
    ),
    Template(
        "Aloha Reef Tours", "US", "Pacific/Honolulu", "JPY", 680, "292105",
        ("traffic", "lead", "community", "video", "web"), 40, 20, "active",
        ("Sunset Sail", "Manta Night Dive", "Family Snorkel", "Gift Voucher"),
    ),
    Template(
        "Nordlicht Kosmetik", "DE", "Europe/Berlin", "EUR", 690, "291602",
        ("web", "reach", "video", "traffic"), 50, 100, "idle",
        ("Winterpflege", "Lippenbalsam „Fjord“", "Glow-Serum", "Adventskalender"),
    ),
    Template(
        "Sakura Stationery 東京", "JP", "Asia/Tokyo", "JPY", 680, "291907",
        ("web",), 10, 50, "unused", ("Washi Tape",),
    ),
    Template(
        "Thames Street Coffee", "GB", "Europe/London", "GBP", 560, "291702",
        ("web", "traffic", "community", "reach"), 70, 80, "active",
        ("House Blend", "Cold Brew Kit", "Subscription", "Barista Class"),
    ),
    Template(
        "Himal Trek", "NP", "Asia/Kathmandu", "NPR", 61_000, "292104",
        ("lead", "traffic", "video"), 40, 70, "active",
        ("Annapurna Circuit", "Base Camp Trek", "Monsoon Discount"),
    ),
    Template(
        "Golden Gate Fitness", "US", "America/Los_Angeles", "USD", 820, "292002",
        ("app", "web", "community", "reach"), 90, 90, "active",
        ("30-Day Challenge", "Home Gym", "Coach Plan", "Protein Box"), "GG Fitness",
    ),
    Template(
        "Adelaide Hills Wines", "AU", "Australia/Adelaide", "AUD", 930, "291703",
        ("web", "shop", "video"), 50, 60, "active", ("Shiraz Case", "Cellar Door", "Rosé Weekend"),
    ),
    Template(
        "Praia Moda", "BR", "America/Sao_Paulo", "BRL", 2_300, "291904",
        ("shop", "web", "video", "reach"), 80, 75, "active", ("Coleção Verão", "Biquíni Sol", "Chinelo", "Liquidação"),
    ),
    Template(
        "Line Islands Ferry", "KI", "Pacific/Kiritimati", "AUD", 500, "292106",
        ("traffic", "reach"), 20, 50, "active", ("Island Pass", "Freight Day"),
    ),
    Template(
        "Signal Hill Whale Watch", "CA", "America/St_Johns", "CAD", 710, "292105",
        ("traffic", "lead", "video"), 40, 60, "active", ("Morning Tour", "Iceberg Cruise", "Gift Voucher"),
    ),
    Template(
        "Baker Island Outpost", "US", "Etc/GMT+12", "USD", 450, "292106",
        ("traffic", "reach"), 20, 50, "active", ("Last Sunset Tour", "Field Station Pass"),
    ),
    Template(
        "Warung Kopi Nusantara", "ID", "Asia/Jakarta", "IDR", 12_400, "291702",
        ("shop", "web", "traffic", "video"), 60, 70, "active", ("Kopi Susu", "Paket Hemat", "Gula Aren"),
    ),
    Template(
        "서울 뷰티 하우스", "KR", "Asia/Seoul", "KRW", 5_100, "291602",
        ("web", "app", "reach"), 70, 80, "active", ("쿠션 팩트", "선크림", "립 틴트"), "Seoul Beauty",
    ),
    Template(
        "Phở & Friends", "VN", "Asia/Ho_Chi_Minh", "VND", 21_000, "291702",
        ("lead", "web", "community"), 50, 60, "active", ("Phở bò", "Bánh mì", "Cà phê sữa đá"),
    ),
    Template(
        "Kinoko Games きのこ", "JP", "Asia/Tokyo", "JPY", 690, "291801",
        ("app", "web", "video"), 70, 60, "active", ("きのこクエスト", "春のイベント", "Starter Pack"), "Kinoko Quest",
    ),
    Template(
        "متجر الواحة", "AE", "Asia/Dubai", "AED", 2_600, "291904",
        ("shop", "web", "reach"), 50, 60, "active", ("عباءة كلاسيكية", "عطر الورد", "تخفيضات رمضان"),
    ),
)  # fmt: skip

PRICES = {template.currency: template.cpm for template in reversed(TEMPLATES)}
"""For each currency of an account, a typical price of a thousand impressions in its minor units."""

LANGUAGES = {
    "IN": "en", "DE": "de", "JP": "ja", "BR": "pt", "NP": "en", "ID": "id", "KR": "ko", "VN": "vi", "AE": "ar",
}  # fmt: skip
LOCATIONS = {
    "US": "6252001", "IN": "1269750", "NZ": "2186224", "DE": "2921044", "JP": "1861060", "GB": "2635167",
    "NP": "1282988", "AU": "2077456", "BR": "3469034", "KI": "4030945", "CA": "6251999", "MX": "3996063",
    "IE": "2963597", "AT": "2782113", "CH": "2658434", "FJ": "2205218", "AE": "290557", "SG": "1880251",
    "LK": "1227603", "PT": "2264397", "AR": "3865483", "ID": "1643084", "KR": "1835841", "VN": "1562822",
    "MY": "1733045", "SA": "102358",
}  # fmt: skip
CITIES = {
    "US": "201 Water Street", "IN": "14 MG Road, Bengaluru", "NZ": "8 Quay Street, Auckland",
    "DE": "Torstraße 12, Berlin", "JP": "1-2-3 Kanda, Chiyoda-ku", "GB": "40 Thames Street, London",
    "NP": "Thamel Marg 7, Kathmandu", "AU": "22 Rundle Street, Adelaide", "BR": "Rua Augusta 900, São Paulo",
    "KI": "Main Road, London, Kiritimati", "CA": "5 Water Street, St. John's",
    "ID": "Jalan Sabang 12, Jakarta", "KR": "서울특별시 강남구 테헤란로 1",
    "VN": "12 Nguyễn Huệ, Thành phố Hồ Chí Minh",
    "AE": "شارع الشيخ زايد، دبي",
}  # fmt: skip

SEASONS = (
    "Q1",
    "Q1",
    "Spring",
    "Spring",
    "Spring",
    "Summer",
    "Summer",
    "Summer",
    "Autumn",
    "Autumn",
    "BFCM",
    "Holiday",
)
ANGLES = ("Prospecting", "Retargeting", "Lookalike 1%", "Broad", "Launch", "Evergreen Test")
AUDIENCES = ("Broad 18-34", "Lookalike 2%", "Interest: Outdoors", "Site visitors 30d", "Women 25-44", "Video viewers")
HOOKS = (
    "UGC unboxing",
    "Founder story",
    "Before/after",
    "Static carousel",
    "Creator duet",
    "15s cutdown",
    "Testimonial",
)
TEXTS = (
    "Meet the {product} everyone is talking about ✨",
    "{product}: back in stock, for now.",
    'They said "{product}" would not last the week.',
    "Why we made {product} (and why you will keep it)",
    "Try {product} today \N{EN DASH} free returns, no fuss",
)
HANDWRITING = (
    "{name}\nv2",
    "\t{name}  ",
    "春のセール【限定】{name}",
    "여름 특가 {name}",
    "عرض خاص | {name}",
    "\N{RIGHT-TO-LEFT MARK}מבצע קיץ {name}",
    "{name} 👩\N{ZERO WIDTH JOINER}👩\N{ZERO WIDTH JOINER}👧 🇧🇷",
    "\"{name}\", 'new' \\ final; 100 % </b>",
    "{name} e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}",
)
"""What marketers also write: lines, tabs, other scripts and directions, emoji, and everything that needs escaping."""


class Profile(msgspec.Struct, frozen=True):
    """A kind of campaign, in the terms of the API.

    Attributes:
        objective: The campaign's objective_type.
        destination: The campaign's objective (APP or LANDING_PAGE).
        promotion: The ad group's promotion_type.
        goal: The ad group's optimization_goal.
        event: The ad group's optimization_event.
        billing: The ad group's billing_event.
        action: The ads' call_to_action.
        objective_label: The objective_type in a report.
        promotion_label: The promotion_type in a report.
    """

    objective: str
    destination: str
    promotion: str
    goal: str
    event: str
    billing: str
    action: str
    objective_label: str
    promotion_label: str


PROFILES: dict[str, Profile] = {
    "web": Profile(
        "WEB_CONVERSIONS", "LANDING_PAGE", "WEBSITE", "CONVERT", "SHOPPING", "OCPM", "SHOP_NOW", "Conversions",
        "Website",
    ),
    "app": Profile(
        "APP_PROMOTION", "APP", "APP_ANDROID", "INSTALL", "ACTIVE", "OCPM", "INSTALL_NOW", "App promotion", "App"
    ),
    "lead": Profile(
        "LEAD_GENERATION", "LANDING_PAGE", "LEAD_GENERATION", "LEAD_GENERATION", "FORM", "OCPM", "GET_QUOTE",
        "Lead generation", "Lead generation",
    ),
    "traffic": Profile(
        "TRAFFIC", "LANDING_PAGE", "WEBSITE", "CLICK", "", "CPC", "LEARN_MORE", "Traffic", "Website"
    ),
    "reach": Profile(
        "REACH", "LANDING_PAGE", "WEBSITE_OR_DISPLAY", "REACH", "", "CPM", "VIEW_NOW", "Reach", "Website or display"
    ),
    "video": Profile(
        "VIDEO_VIEWS", "LANDING_PAGE", "WEBSITE_OR_DISPLAY", "ENGAGED_VIEW", "", "CPV", "WATCH_NOW", "Video views",
        "Website or display",
    ),
    "community": Profile(
        "ENGAGEMENT", "LANDING_PAGE", "WEBSITE_OR_DISPLAY", "FOLLOWERS", "", "OCPM", "VIEW_PROFILE",
        "Community interaction", "Website or display",
    ),
    "shop": Profile(
        "PRODUCT_SALES", "LANDING_PAGE", "VIDEO_SHOPPING", "PURCHASES", "SHOPPING", "OCPM", "ORDER_NOW",
        "Product sales", "Video shopping",
    ),
}  # fmt: skip
