"""LINE's platform: message API, webhook sender, Login, LIFF, and a phone to look at."""
