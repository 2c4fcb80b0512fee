"""Every call to LINE, and nothing else: client, payloads, event shapes."""
