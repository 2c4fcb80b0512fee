"""Tables, encryption at rest, and every SQL statement of the relay. No rules about LINE, pages or staff."""
