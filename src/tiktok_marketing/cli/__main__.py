"""`python -m tiktok_marketing.cli` is the command, too."""

from tiktok_marketing.cli import main

main()
