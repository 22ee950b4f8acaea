"""text. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import alike, entered
from engine.plugins.slots import FieldType


class Text(FieldType):
    """One line of text. Blanks around it are dropped, everything else stays as it was typed."""

    name = "text"
    title = {"zh": "单行文本", "en": "Text"}
    example = "company: {type: text, label: {zh: 客户名称}, max_length: 120, search: true}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT, sorted by code point."""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The text without blanks around it. R001, R002 (too long), R003 (pattern), R004."""
        if value is None:
            return None
        # What can be printed has neither NUL nor broken Unicode in it.
        text = (value if type(value) is str and value.isprintable() else entered.text_of(value)).strip()
        if not text:
            return None
        if field.max_length is None and field.pattern is None:
            return text
        return entered.fitted(field, text)

    def keys(self, value: Any) -> Iterable[str]:
        """Its words (Chinese by the sound of neighbours, without place and legal form), and of a single word also how it
        begins and ends: one slip of the pen leaves one of the two."""
        if not value:
            return ()
        reading = alike.read(str(value))
        if len(reading.words) == 1 and len(reading.whole) > 3 and not reading.chinese and not reading.whole.isdigit():
            return (*reading.words, f"^{reading.whole[:3]}", f"{reading.whole[-3:]}$")
        return reading.words
