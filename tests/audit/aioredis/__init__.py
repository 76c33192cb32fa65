"""Small programs for aioredis 1.x and 2.x, and what they come to."""
