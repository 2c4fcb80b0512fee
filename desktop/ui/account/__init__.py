"""The own account: passphrase, second factor, and what the relay asks the person."""
