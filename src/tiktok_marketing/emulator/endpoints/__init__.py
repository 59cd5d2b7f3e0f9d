"""The endpoints of the emulated API: parameters in, TikTok's answers or refusals out. No sockets here."""
