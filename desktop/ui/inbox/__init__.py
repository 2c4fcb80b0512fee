"""What residents sent in: the list, and one of them with the answer to it."""
