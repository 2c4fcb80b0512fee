"""「ホーム」: what matters today."""
