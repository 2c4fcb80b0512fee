"""「休日」: the holidays of the law, and what the town changes in them."""
