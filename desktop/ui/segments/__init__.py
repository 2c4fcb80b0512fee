"""「宛先」: conditions edited by clicking, saved groups, and what kind of people meet them."""
