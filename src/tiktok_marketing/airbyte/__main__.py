"""Runs `source-tiktok-marketing` as `python -m tiktok_marketing.airbyte`."""

from tiktok_marketing.airbyte import main

main()
