"""Screens. The only place of the desktop that imports Qt."""
