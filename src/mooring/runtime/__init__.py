"""One good connection for the whole process."""
