"""「カレンダー」: what goes out on which day."""
