"""The ad business in the emulator: accounts, objects, creatives and what they deliver. No requests enter here."""
