"""The relay: owns the LINE webhook, the resident pages, sending, and encrypted storage it cannot open itself."""
