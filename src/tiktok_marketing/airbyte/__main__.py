"""`python -m tiktok_marketing.airbyte`, the same as `source-tiktok-marketing`."""

from tiktok_marketing.airbyte.entrypoint import main

main()
