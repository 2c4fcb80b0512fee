"""「配信の決まり」: what keeps the town from sending the wrong thing."""
