"""The command for people, `tiktok-marketing`.

Only this room imports click and rich, and only this room starts the emulator.
"""
