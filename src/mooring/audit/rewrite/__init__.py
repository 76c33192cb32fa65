"""The one rewrite that the rules on connections share: a client constructor becomes a call of Mooring's factory."""

from __future__ import annotations

from mooring.audit.rewrite.aioredis import aioredis_import_rewrite
from mooring.audit.rewrite.factory import factory_rewrite

__all__ = ["aioredis_import_rewrite", "factory_rewrite"]
