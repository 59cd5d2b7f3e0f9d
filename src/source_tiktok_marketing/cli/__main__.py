"""`python -m source_tiktok_marketing.cli` is the command, too."""

from source_tiktok_marketing.cli import main

main()
