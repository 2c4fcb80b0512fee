"""「結果」: what residents did with a delivery."""
