"""Pages for residents, rendered on the server."""
