"""What administrators should look at."""
