"""A page that shows what is in a database: one HTML file with everything inside, which needs no network.

The figures come from the views' own SQL, so that they equal what the views show. The views need not exist.
"""

from tiktok_marketing.report.collect import ReportOptions, collect
from tiktok_marketing.report.contents import Contents
from tiktok_marketing.report.page import html_page
from tiktok_marketing.report.thumbnails import is_supported as thumbnails_are_supported

__all__ = ["Contents", "ReportOptions", "collect", "html_page", "thumbnails_are_supported"]
