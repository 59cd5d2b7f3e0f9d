"""The rows of an asynchronous report as a file: CSV, or a workbook with one sheet."""

import csv
import io
import zipfile
from xml.sax.saxutils import escape

_TITLES = {
    "advertiser_id": "Account ID", "campaign_id": "Campaign ID", "adgroup_id": "Ad group ID", "ad_id": "Ad ID",
    "stat_time_day": "By Day", "stat_time_hour": "By Hour", "country_code": "Country/region", "spend": "Cost",
    "cpc": "CPC (destination)", "cpm": "CPM", "ctr": "CTR (destination)", "clicks": "Clicks (destination)",
}  # fmt: skip
"""Titles of columns. All others are the name with blanks."""

_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
    "</Relationships>"
)
_WORKBOOK = (
    '<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Report" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def title_of(name: str) -> str:
    """The title of a column."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def csv_file(header: list[str], rows: list[list[str]]) -> bytes:
    """The rows as CSV in UTF-8, with a line of titles."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def workbook(header: list[str], rows: list[list[str]]) -> bytes:
    """The rows as an XLSX workbook whose cells are texts."""
    lines = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{_cell(cell)}</t></is></c>' for cell in row) + "</row>"
        for row in [header, *rows]
    )
    sheet = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{lines}</sheetData></worksheet>"
    )
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": _WORKBOOK,
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": sheet,
    }
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return body.getvalue()


def _cell(text: str) -> str:
    return escape("".join(letter for letter in text if letter >= " " or letter in "\t\n"))
