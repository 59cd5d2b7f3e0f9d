"""What the data source says of options, without a session of Spark. Prints one message per set of options, as JSON.

python spark_options.py '[{"stream": "ads_reports_daily", …}, …]'
"""

from __future__ import annotations

import json
import sys

from tiktok_marketing.cluster.spark import TikTokDataSource
from tiktok_marketing.errors import ConfigurationError


def message_of(options: dict[str, str]) -> str:
    """Why the options cannot be used; empty if they can."""
    source = TikTokDataSource(options)
    try:
        source.reader(source.schema())
    except ConfigurationError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps([message_of(options) for options in json.loads(sys.argv[1])]) + "\n")
