"""What the relay does, as decisions and steps over the store and LINE; no HTTP, no SQL."""
