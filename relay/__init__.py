"""The relay: owns the LINE webhook, the resident pages, sending, and the encrypted store."""
