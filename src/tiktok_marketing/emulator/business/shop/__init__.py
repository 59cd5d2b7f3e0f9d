"""TikTok Shop: stores, the GMV Max campaigns that promote them, and what these deliver. No HTTP."""
