"""Where the customer server finds things."""

REDIS_HOST = "localhost"
REDIS_PORT = 6379
REDIS_DB = 1

CACHE_SECONDS = 900
NOTE_LIMIT = 20
