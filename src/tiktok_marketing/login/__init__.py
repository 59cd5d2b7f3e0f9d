"""How a person authorizes the application: the address to open, the redirect that comes back, and the token for it."""
