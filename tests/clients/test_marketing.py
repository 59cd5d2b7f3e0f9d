"""TikTokMarketing, which sends its parameters where TikTok does not document them."""

from __future__ import annotations

from clients.client import Client
from clients.emulation import END, START, Emulation

CLIENT = "marketing"


def test_marketing_sends_no_query(client: Client, emulation: Emulation) -> None:
    """Its parameters are a form in the body of a GET request, so that the first required one is missing."""
    arguments = {
        "token": emulation.access_token,
        "start_date": START,
        "end_date": END,
        "metrics": ["spend"],
        "advertiser_id": emulation.advertiser_ids[0],
        "data_level": "AUCTION_AD",
        "dimensions": ["ad_id", "stat_time_day"],
    }
    answer = client.ask("marketing", arguments)
    assert answer["code"] == 40002
    assert answer["message"] == emulation.envelope("report/integrated/get/", {})["message"]
