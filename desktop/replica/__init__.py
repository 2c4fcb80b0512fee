"""The encrypted local copy of what this person may see, and the outbox. All SQL of the desktop lives here."""
