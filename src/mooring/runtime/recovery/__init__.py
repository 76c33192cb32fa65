"""What to do when a command or a connection fails."""
