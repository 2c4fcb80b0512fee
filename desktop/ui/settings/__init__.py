"""「設定」: text size, colours."""
