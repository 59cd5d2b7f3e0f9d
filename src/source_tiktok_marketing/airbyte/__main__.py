"""`python -m source_tiktok_marketing.airbyte`, the same as `source-tiktok-marketing`."""

from source_tiktok_marketing.airbyte.entrypoint import main

main()
