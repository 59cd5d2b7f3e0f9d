"""Asynchronous reports: refused by default; with the option they have the rows of the synchronous reports."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from emulator.kit import NOW, Client, everything
from tiktok_marketing.emulator import Emulator, Options
from tiktok_marketing.emulator.endpoints.reports import tasks
from tiktok_marketing.emulator.endpoints.reports.sheets import csv_file

REPORT: dict[str, Any] = {
    "report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "dimensions": ["campaign_id", "stat_time_day"],
    "metrics": ["spend", "clicks", "campaign_name"], "start_date": "2026-03-01", "end_date": "2026-03-08",
}  # fmt: skip


@pytest.fixture
async def allowed(session: aiohttp.ClientSession) -> AsyncIterator[Client]:
    """A client whose app may create asynchronous reports."""
    async with Emulator(Options(now=NOW, tier="unlimited", async_reports=True)) as emulator:
        yield Client(emulator, session)


async def post(client: Client, path: str, token: str = "", **body: Any) -> dict[str, Any]:
    """The envelope of a POST request about the first account."""
    url = f"{client.emulator.url}/open_api/v1.3/{path}"
    headers = {"Access-Token": token or client.emulator.access_token}
    json = {"advertiser_id": client.emulator.advertiser_ids[0], **body}
    async with client.session.post(url, json=json, headers=headers) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def task(client: Client, **body: Any) -> str:
    """The id of a new report that is finished."""
    answer = await post(client, "report/task/create/", **REPORT | body)
    assert answer["code"] == 0, answer["message"]
    task_id: str = answer["data"]["task_id"]
    account = client.emulator.advertiser_ids[0]
    statuses = [
        (await client.data("report/task/check/", advertiser_id=account, task_id=task_id))["status"] for _ in range(3)
    ]
    assert statuses == ["QUEUING", "PROCESSING", "SUCCESS"]
    return task_id


async def fetch(client: Client, url: str, **params: str) -> tuple[str, bytes]:
    """The content type and the body of an address."""
    headers = {"Access-Token": client.emulator.access_token}
    async with client.session.get(url, params=params, headers=headers) as response:
        assert response.status == 200
        return response.content_type, await response.read()


async def downloaded(client: Client, task_id: str) -> tuple[str, bytes]:
    """What report/task/download/ sends."""
    url = f"{client.emulator.url}/open_api/v1.3/report/task/download/"
    return await fetch(client, url, advertiser_id=client.emulator.advertiser_ids[0], task_id=task_id)


async def test_most_apps_may_not_create_asynchronous_reports(client: Client) -> None:
    """All four endpoints answer 40118."""
    account = client.emulator.advertiser_ids[0]
    assert (await post(client, "report/task/create/", **REPORT))["code"] == 40118
    assert (await post(client, "report/task/cancel/", task_id="1"))["code"] == 40118
    for path in ("check", "download"):
        answer = await client.envelope(f"report/task/{path}/", advertiser_id=account, task_id="1")
        assert answer["code"] == 40118


async def test_the_rows_are_those_of_the_synchronous_report(allowed: Client) -> None:
    """As CSV, with the names of the API or with titles. Deleted campaigns are hidden in both.

    Boosted posts are left out only of the synchronous report.
    """
    both = {
        "field_name": "campaign_system_origins",
        "filter_type": "IN",
        "filter_value": '["TT_ADS_PLATFORM", "PROMOTE"]',
    }
    window = {"metrics": REPORT["metrics"], "start_date": "2026-03-01", "end_date": "2026-03-08"}
    rows = await allowed.report("campaign", filtering=[both], **window)
    assert len(rows) > len(await allowed.report("campaign", filtering=[], **window))
    expected = {tuple(row["dimensions"].values()) + tuple(row["metrics"].values()) for row in rows}
    kind, body = await downloaded(allowed, await task(allowed, enable_report_title_translation=False))
    lines = list(csv.reader(io.StringIO(body.decode())))
    assert kind == "text/csv"
    assert lines[0] == [*REPORT["dimensions"], *REPORT["metrics"]]
    assert {tuple(line) for line in lines[1:]} == expected
    assert len(lines) - 1 == len(expected)
    _, titled = await downloaded(allowed, await task(allowed))
    assert titled.decode().splitlines()[0] == "Campaign ID,By Day,Cost,Clicks (destination),Campaign name"


async def test_reports_can_be_downloaded_as_files(allowed: Client) -> None:
    """The answer says where the file is; it needs no token. A workbook has the same cells as the CSV."""
    _, plain = await downloaded(allowed, await task(allowed))
    for output, ending in (("CSV_DOWNLOAD", "csv"), ("XLSX_DOWNLOAD", "xlsx")):
        task_id = await task(allowed, output_format=output, file_name="march")
        account = allowed.emulator.advertiser_ids[0]
        data = await allowed.data("report/task/download/", advertiser_id=account, task_id=task_id)
        assert (data["file_name"], data["output_format"]) == (f"march.{ending}", output)
        async with allowed.session.get(data["download_url"]) as response:
            body = await response.read()
        if ending == "csv":
            assert body == plain
        else:
            sheet = zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml").decode()
            assert sheet.count("<row>") == len(plain.decode().splitlines())
    async with allowed.session.get(f"{allowed.emulator.url}/_emulator/files/1.csv") as response:
        assert response.status == 404


async def test_asynchronous_reports_have_no_limit_of_days(allowed: Client) -> None:
    """A hundred days by day, and 20,000 ids in a filter."""
    ids = [str(number) for number in range(1, 5_001)]
    only = [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": str(ids).replace("'", '"')}]
    _, body = await downloaded(allowed, await task(allowed, start_date="2025-12-01"))
    assert len(body.decode().splitlines()) > 100
    _, empty = await downloaded(allowed, await task(allowed, start_date="2025-12-01", filtering=only))
    assert len(empty.decode().splitlines()) == 1


async def test_reports_on_several_accounts(allowed: Client) -> None:
    """Up to five."""
    ids = allowed.emulator.advertiser_ids[:2]
    _, body = await downloaded(
        allowed,
        await task(allowed, advertiser_ids=ids, data_level="AUCTION_ADVERTISER", metrics=["spend"],
                   dimensions=["advertiser_id", "stat_time_day"]),
    )  # fmt: skip
    assert {line.split(",")[0] for line in body.decode().splitlines()[1:]} == set(ids)


async def test_old_reports_are_forgotten_when_memory_is_full(allowed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest one is always kept."""
    monkeypatch.setattr(tasks, "_MAX_BYTES", 3_000)
    created = [await task(allowed) for _ in range(3)]
    await downloaded(allowed, created[1])
    _, newest = await downloaded(allowed, created[2])
    assert newest
    answer = await allowed.envelope(
        "report/task/check/", advertiser_id=allowed.emulator.advertiser_ids[0], task_id=created[0]
    )
    assert answer["code"] == 40002


@pytest.mark.parametrize(
    "body",
    [
        {"report_type": "BC"}, {"output_format": "PDF"}, {"output_format": 7}, {"file_name": "x" * 256},
        {"dimensions": ["moon"]}, {"metrics": ["moon"]}, {"start_date": "x"}, {"filtering": [everything("campaign")]},
        {"dimensions": {}}, {"start_date": 5}, {"query_lifetime": "perhaps"},
    ],
)  # fmt: skip
async def test_wrong_asynchronous_reports_are_refused(allowed: Client, body: dict[str, Any]) -> None:
    """With 40002, when they are created."""
    assert (await post(allowed, "report/task/create/", **REPORT | body))["code"] == 40002


async def test_a_report_belongs_to_its_token_and_account(allowed: Client) -> None:
    """Others are refused, and so is a download before it is finished. It can be canceled until then."""
    emulator = allowed.emulator
    first, second = emulator.advertiser_ids[:2]
    task_id = (await post(allowed, "report/task/create/", **REPORT))["data"]["task_id"]
    request = {"advertiser_id": first, "task_id": task_id}
    assert (await allowed.envelope("report/task/download/", **request))["code"] == 40201
    assert (await allowed.envelope("report/task/check/", emulator.limited_access_token, **request))["code"] == 40001
    assert (await allowed.envelope("report/task/check/", advertiser_id=second, task_id=task_id))["code"] == 40002
    assert (await allowed.envelope("report/task/check/", advertiser_id=first, task_id="1"))["code"] == 40002
    assert (await post(allowed, "report/task/cancel/", task_id=task_id))["code"] == 0
    assert (await allowed.data("report/task/check/", **request))["status"] == "CANCELED"
    assert (await post(allowed, "report/task/cancel/", task_id=task_id))["code"] == 40002
    assert (await allowed.envelope("report/task/download/", **request))["code"] == 40201
    finished = await task(allowed)
    emulator.clock.advance(31 * 86_400)
    assert (await allowed.envelope("report/task/check/", advertiser_id=first, task_id=finished))["code"] == 40002


@pytest.mark.parametrize(
    ("report_type", "dimension", "names"),
    [
        ("BASIC", "", ["billed_cost"]), ("BASIC", "", ["native_growth_total_ad_impression_value"]),
        ("BASIC", "country_code", ["reach", "purchase_rate"]), ("BASIC", "ad_type", ["skan_conversion_rate"]),
        ("AUDIENCE", "country_code", ["result"]), ("AUDIENCE", "language", ["real_time_result_rate"]),
    ],
)  # fmt: skip
async def test_some_metrics_are_in_synchronous_reports_only(
    allowed: Client, report_type: str, dimension: str, names: list[str]
) -> None:
    """The refusal names them, as in synchronous reports. Without them, the report is accepted."""
    dimensions = [*REPORT["dimensions"], *([dimension] if dimension else [])]
    body = REPORT | {"report_type": report_type, "dimensions": dimensions}
    answer = await post(allowed, "report/task/create/", **body | {"metrics": ["spend", *names]})
    assert answer["code"] == 40002
    assert f"Invalid metric fields: {names}" in answer["message"]
    assert (await post(allowed, "report/task/create/", **body | {"metrics": ["spend"]}))["code"] == 0


async def test_a_report_can_fail(session: aiohttp.ClientSession) -> None:
    """Its status says so with a message, nothing can be downloaded, and the next report is not affected."""
    options = Options(now=NOW, tier="unlimited", async_reports=True, async_report_failures=1, async_report_checks=0)
    async with Emulator(options) as emulator:
        client = Client(emulator, session)
        account = emulator.advertiser_ids[0]
        statuses = []
        for _ in range(2):
            task_id = (await post(client, "report/task/create/", **REPORT))["data"]["task_id"]
            checked = await client.data("report/task/check/", advertiser_id=account, task_id=task_id)
            answer_of_download = await fetch(
                client, f"{emulator.url}/open_api/v1.3/report/task/download/", advertiser_id=account, task_id=task_id
            )
            statuses.append((checked["status"], bool(checked["message"]), answer_of_download[0]))
    assert statuses == [("FAILED", True, "application/json"), ("SUCCESS", False, "text/csv")]


def test_texts_with_commas_quotes_and_line_ends_stay_one_cell() -> None:
    """As in any CSV: whoever reads it gets the same texts."""
    cells = ['a, "b"', "two\nlines", "", "\u2014", " blank "]
    assert list(csv.reader(io.StringIO(csv_file(["x"] * 5, [cells]).decode(), newline=""))) == [["x"] * 5, cells]
