"""「利用者と権限」: people, departments, rights, keys and transfers, a screen each behind one row of tabs."""
