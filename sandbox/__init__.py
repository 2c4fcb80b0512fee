"""Plays the outside world on one machine. Imports nothing of relay, desktop or protocol."""
