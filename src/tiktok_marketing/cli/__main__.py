"""Runs the command as `python -m tiktok_marketing.cli`."""

from tiktok_marketing.cli import main

main()
