"""Secrets of this machine: passphrase, keyring, profile. No database, no network, no screens."""
