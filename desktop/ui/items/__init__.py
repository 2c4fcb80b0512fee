"""「受信設定」: what residents are asked, and the greeting."""
