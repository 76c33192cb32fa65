"""Redis clients for threads and asyncio on a shared pool."""
