"""links. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import Type, list_of, record_of
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class Links(FieldType):
    """Links to any number of records of ``to``, kept in a table between the two."""

    name = "links"
    title = {"zh": "多个关联", "en": "Links"}
    example = "products: {type: links, to: product}"

    def type_of(self, field: Field) -> Type:
        """list of records of ``to``"""
        return list_of(record_of(field.to or ""))

    def column(self, field: Field) -> Any:
        """None: a table of its own."""
        return None

    def clean(self, field: Field, value: Any) -> tuple[int, ...]:
        """The ids in order, each once. R038 names what is no id."""
        if entered.is_empty(value):
            return ()
        return tuple(sorted({self._one(part) for part in entered.listed(value)}))

    def _one(self, part: Any) -> int:
        if isinstance(part, dict) and "id" in part:
            part = part["id"]
        text = entered.narrow(entered.text_of(part))
        if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) > 0):
            raise Unclean("R038", value=text[:40])
        return int(text)

    def to_json(self, value: Any) -> Any:
        """A list of ids."""
        return list(value or ())

    def show(self, field: Field, value: Any, language: str) -> str:
        """The ids; who shows a record puts titles in their place."""
        return ", ".join(f"#{id}" for id in value or ())
