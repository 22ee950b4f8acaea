"""link. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import Type, record_of
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class Link(FieldType):
    """A link to one record of the entity ``to``. Kept as that record's id."""

    name = "link"
    title = {"zh": "关联", "en": "Link"}
    example = "hospital: {type: link, to: hospital}"

    def type_of(self, field: Field) -> Type:
        """a record of ``to``"""
        return record_of(field.to or field.type)

    def column(self, field: Field) -> Any:
        """BIGINT; the schema ties it to the other table."""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> int | None:
        """The id: a whole number, its text, or ``{"id": …}``. R038 when it is none."""
        if type(value) is int and value > 0:
            return value
        if isinstance(value, dict) and "id" in value:
            value = value["id"]
        if entered.is_empty(value):
            return None
        text = entered.narrow(entered.text_of(value))
        if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
            raise Unclean("R038", value=text[:40])
        return int(text)
