"""What the billing server is told by its environment: `BILLING_…` for its own, `UPSTREAM_URL` as everybody."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BillingSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BILLING_")

    redis_url: str = "redis://localhost:6379"
    cache_seconds: int = 300
    upstream_url: str = Field(validation_alias="UPSTREAM_URL")


settings = BillingSettings()
