"""「確認」: the last look before sending."""
