"""「配信」: the list, and one delivery looked back at."""
