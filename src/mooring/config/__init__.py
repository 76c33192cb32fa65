"""Where Redis is, and how to get in."""
