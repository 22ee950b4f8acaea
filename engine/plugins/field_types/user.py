"""user. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import Type, record_of
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class User(FieldType):
    """A person who works here: a link to ``user``."""

    name = "user"
    title = {"zh": "人员", "en": "User"}
    example = "owner: {type: user, label: {zh: 负责人}}"

    def type_of(self, field: Field) -> Type:
        """a record of ``user``"""
        return record_of(field.to or "user")

    def column(self, field: Field) -> Any:
        """BIGINT; the schema ties it to the users."""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> int | None:
        """The user's id. R038 when it is none (logins are looked up by who calls)."""
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
