"""Waste collection: the calendar, its poster, and the dictionary."""
