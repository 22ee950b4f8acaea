"""yes_no. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import YES_NO, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_YES = frozenset(["true", "yes", "y", "t", "on", "1", "是", "对", "真", "有", "√", "✓", "已"])
_NO = frozenset(["false", "no", "n", "f", "off", "0", "否", "不", "错", "假", "无", "×", "✗", "未"])


class YesNo(FieldType):
    """Yes or no."""

    name = "yes_no"
    title = {"zh": "是/否", "en": "Yes or no"}
    example = "on_duty: {type: yes_no, default: true}"

    def type_of(self, field: Field) -> Type:
        """yes_no"""
        return YES_NO

    def column(self, field: Field) -> Any:
        """BOOLEAN"""
        from engine.store import columns

        return columns.yes_no()

    def clean(self, field: Field, value: Any) -> bool | None:
        """True or False. R020 when it is neither."""
        if isinstance(value, bool):
            return value
        if entered.is_empty(value):
            return None
        text = entered.narrow(entered.text_of(value)).lower()
        if text in _YES:
            return True
        if text in _NO:
            return False
        raise Unclean("R020", value=text[:40])

    def from_store(self, value: Any) -> Any:
        """SQLite keeps 0 and 1."""
        return None if value is None else bool(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """是 or 否."""
        if value is None:
            return ""
        return ("是" if value else "否") if language == "zh" else ("Yes" if value else "No")
