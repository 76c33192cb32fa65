"""Stand-ins for the vendors: stateful, strict, and faulty on demand.

`mooring serve github --fake` runs a server on one, with no token and no network. In a process of its own, for several
servers at once:

    python -m mooring.servers.fakes github --port 9001
    GITHUB_API_URL=http://127.0.0.1:9001 GITHUB_TOKEN=ghp_ada mooring serve github
"""
