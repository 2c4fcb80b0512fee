"""「送信待ち」: what is on its way, and what was refused."""
