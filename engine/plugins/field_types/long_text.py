"""long_text. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

#: Characters, where the field does not say otherwise.
LONGEST = 1_000_000


class LongText(FieldType):
    """Text of several lines, kept exactly as it was typed."""

    name = "long_text"
    title = {"zh": "多行文本", "en": "Long text"}
    example = "summary: {type: long_text, label: {zh: 通话摘要}}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The text, byte for byte; only blanks are nothing. R001, R002, R003, R004."""
        if entered.is_empty(value):
            return None
        text = entered.text_of(value)
        if field.max_length is None and len(text) > LONGEST:
            raise Unclean("R002", most=LONGEST, length=len(text))
        return entered.fitted(field, text)
