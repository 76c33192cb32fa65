"""The pricing server's one pool, shared by every call."""

import os

from redis.asyncio import BlockingConnectionPool, Redis
from redis.backoff import EqualJitterBackoff
from redis.retry import Retry

pool = BlockingConnectionPool.from_url(
    os.environ["REDIS_URL"],
    max_connections=50,
    timeout=5,
    socket_timeout=2,
    socket_connect_timeout=2,
    health_check_interval=30,
    retry=Retry(EqualJitterBackoff(cap=0.5, base=0.05), 3),
)
cache = Redis(connection_pool=pool)
