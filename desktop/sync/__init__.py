"""Talking to the relay: the only place of the desktop that touches the network."""
