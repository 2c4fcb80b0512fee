"""「配信の編集」: bubbles, recipients, test."""
