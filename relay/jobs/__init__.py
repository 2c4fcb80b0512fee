"""What happens without anybody asking: the inbox, sending, clearing up."""
