"""Clients of a Redis Cluster, with a pool for each node."""
