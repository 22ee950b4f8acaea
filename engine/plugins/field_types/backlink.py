"""backlink. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import Type, list_of, record_of
from engine.model.entity import Field
from engine.plugins.slots import FieldType, Unclean


class Backlink(FieldType):
    """The records of ``to`` whose field ``via`` links here. Nothing is kept for it."""

    name = "backlink"
    title = {"zh": "反向关联", "en": "Backlink"}
    example = "orders: {type: backlink, to: order, via: customer}"

    def type_of(self, field: Field) -> Type:
        """list of records of ``to``"""
        return list_of(record_of(field.to or ""))

    def column(self, field: Field) -> Any:
        """None: it is read from the other side."""
        return None

    def clean(self, field: Field, value: Any) -> None:
        """Always empty. R040 when something was entered: it is set from the other side."""
        if value not in (None, "", [], ()):
            raise Unclean("R040")
        return None
