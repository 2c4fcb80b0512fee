"""The contact forms residents write through."""
