"""choice. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.errors import nearest
from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class Choice(FieldType):
    """One of the ``choices``. What is kept is its name; its label is understood too."""

    name = "choice"
    title = {"zh": "单选", "en": "Choice"}
    example = "source: {type: choice, choices: [website, douyin, expo]}"

    def type_of(self, field: Field) -> Type:
        """text (the choice's name)"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The choice's name. R027 when there is no such choice; the nearest one is named."""
        if entered.is_empty(value):
            return None
        for choice in field.choices:
            if choice.name == value:
                return choice.name
        text = entered.narrow(entered.text_of(value)).casefold()
        for choice in field.choices:
            if text in (choice.name.casefold(), choice.label.zh.casefold(), choice.label.en.casefold()):
                return choice.name
        near = nearest(text, [choice.name for choice in field.choices])
        known = ", ".join(choice.name for choice in field.choices)
        raise Unclean("R027", value=text[:40], choices=known, near=near or "")

    def show(self, field: Field, value: Any, language: str) -> str:
        """The choice's label."""
        for choice in field.choices:
            if choice.name == value:
                return choice.label.text(language) or choice.name
        return "" if value is None else str(value)
