"""Results of tools: of a vendor's hundreds of fields those that a model works with, under names that it understands."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field

__all__ = ["CursorPage", "NumberedPage", "Projection", "at"]

_Item = TypeVar("_Item", bound=BaseModel)


class Projection(BaseModel):
    """A result, made from the vendor's answer by `model_validate`. A field that is None is left out of what is sent."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, hide_input_in_errors=True)


class NumberedPage(Projection, Generic[_Item]):
    """Some of many, where pages have numbers. Without `next_page` it is the last."""

    items: list[_Item]
    next_page: int | None = None


class CursorPage(Projection, Generic[_Item]):
    """Some of many, where pages have cursors. Without `next_cursor` it is the last."""

    items: list[_Item]
    next_cursor: str | None = None


def at(*path: str, default: Any = ...) -> Any:
    """Take a field from there in the vendor's answer."""
    return Field(default, validation_alias=AliasPath(*path))
