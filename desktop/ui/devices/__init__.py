"""「端末」: enrolled machines."""
