"""The screens before sign-in: first start, a further device, passphrase."""
