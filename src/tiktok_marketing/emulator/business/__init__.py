"""The advertising business in the emulator: accounts, objects, creatives and what they deliver. No requests here."""
