"""Lanes beside redis-py, valkey-glide and coredis, under what a bare protocol could do at most.

`matrix` says what is measured, `clients` and `threads` who, `worker` takes a sample in a process of one client,
`measure` has the workers take turns, `servers` gives them a Redis, `record` keeps what came out, `compare` makes ratios
of it, `page` and `charts` show them. `run` is what `python -m benchmarks lanes` does.
"""
