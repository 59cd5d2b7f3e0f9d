"""The endpoints of the emulated API: from parameters to TikTok's answers or refusals. No sockets enter here."""
