"""TikTok's authorization page: the owner of the ad accounts chooses what the app may read, and is sent back to the app.

GET  /portal/auth?app_id=&state=&redirect_uri=   the page
POST the same, from the page's form              the redirect, with `auth_code` and `state`

What TikTok sends if the owner refuses is not recorded. This page then redirects with `error=access_denied`, as OAuth
has it.
"""

from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from tiktok_marketing.emulator.platform import Platform

PATH = "/portal/auth"
_MAX_REDIRECT_BYTES = 2_000
_KINDS = {
    "1": "Ad Account Management",
    "2": "Ads Management",
    "3": "Audience Management",
    "4": "Reporting",
    "6": "Creative Management",
    "8": "Pixel Management",
}
"""The kinds of data by the first digit of a scope."""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 38rem; padding: 0 1rem; color: #161823 }
fieldset { border: 1px solid #d0d1d3; border-radius: 6px; margin: 1rem 0; max-height: 20rem; overflow: auto }
label { display: block }
button { font: inherit; padding: .5rem 1.5rem; border: 1px solid #161823; border-radius: 6px; background: #fff }
button.confirm { background: #fe2c55; border-color: #fe2c55; color: #fff }
"""


async def handle(platform: Platform, request: web.BaseRequest) -> web.Response:
    """Show the page, or do what its form says."""
    query = {name: value for name, value in request.query.items() if name in {"app_id", "state", "redirect_uri"}}
    problem = _problem(platform, query)
    if problem:
        return _page("The authorization is not possible", f"<p>{escape(problem)}</p>", status=400)
    if request.method == "GET":
        return _consent(platform, query)
    if request.method != "POST":
        return web.Response(status=405, text="Method Not Allowed")
    form = parse_qsl((await request.read()).decode("utf-8", "replace"))
    state = {"state": query["state"]} if "state" in query else {}
    if ("decision", "confirm") not in form:
        return _redirect(query["redirect_uri"], {"error": "access_denied", **state})
    ticked = {value for name, value in form if name == "advertiser_id"}
    code = platform.access.grant(ticked, platform.clock.seconds)
    return _redirect(query["redirect_uri"], {"auth_code": code, **state})


def _problem(platform: Platform, query: dict[str, str]) -> str:
    """Why nobody can be asked for consent; empty if somebody can."""
    if query.get("app_id") != platform.app_id:
        return "The app does not exist. Check app_id."
    address = query.get("redirect_uri", "")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(address) > _MAX_REDIRECT_BYTES:
        return "The redirect_uri is not an address."
    registered = platform.options.redirect_uris
    if registered and address not in registered:
        return "The redirect_uri is not one of those that are registered for the app."
    return ""


def _consent(platform: Platform, query: dict[str, str]) -> web.Response:
    kinds = dict.fromkeys(_KINDS.get(str(scope)[0], "Other data") for scope in platform.access.scopes)
    permissions = "".join(f"<li>{escape(kind)}</li>" for kind in kinds)
    accounts = "".join(
        f'<label><input type="checkbox" name="advertiser_id" value="{account.id}" checked> '
        f"{escape(account.name)} ({account.id})</label>"
        for account in platform.access.offered
    )
    body = (
        "<p>The app <b>Demo app</b> asks for access to your TikTok ad accounts. It wants to read:</p>"
        f"<ul>{permissions}</ul>"
        f'<form method="post" action="{escape(PATH + "?" + urlencode(query))}">'
        f"<fieldset><legend>Ad accounts</legend>{accounts}</fieldset>"
        '<button class="confirm" name="decision" value="confirm">Confirm</button> '
        '<button name="decision" value="cancel">Cancel</button></form>'
    )
    return _page("TikTok for Business: authorize an app", body)


def _redirect(address: str, answer: dict[str, str]) -> web.Response:
    parts = urlsplit(address)
    query = "&".join(filter(None, [parts.query, urlencode(answer)]))
    return web.Response(status=302, headers={"Location": urlunsplit(parts._replace(query=query, fragment=""))})


def _page(title: str, body: str, status: int = 200) -> web.Response:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>{_STYLE}</style>'
        f"</head><body><h1>{escape(title)}</h1>{body}"
        "<p><small>This page is the emulator's, not TikTok's.</small></p></body></html>"
    )
    return web.Response(text=text, status=status, content_type="text/html")
