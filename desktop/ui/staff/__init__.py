"""The tie between a staff member and the own LINE account."""
