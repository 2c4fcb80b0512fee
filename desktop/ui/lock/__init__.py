"""The lock screen, and the watch that brings it."""
