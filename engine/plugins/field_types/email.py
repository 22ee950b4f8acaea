"""email. Floor: 4."""

from __future__ import annotations

import re
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\.]+(\.[^\s@,;:<>()\[\]\"\\.]+)+")


class Email(FieldType):
    """One mail address. The part after the @ is kept in lower case."""

    name = "email"
    title = {"zh": "邮箱", "en": "Email"}
    example = "email: {type: email, personal: true}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The address. R033 when it is none (or two, or carries line breaks)."""
        if entered.is_empty(value):
            return None
        text = entered.narrow(entered.text_of(value))
        if len(text) > 254 or not _ADDRESS.fullmatch(text) or ".." in text:
            raise Unclean("R033", value=text[:60])
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
