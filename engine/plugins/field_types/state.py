"""state. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType


class StateField(FieldType):
    """The state of a state machine. It changes by transitions only; which states there are the machine says."""

    name = "state"
    title = {"zh": "状态", "en": "State"}
    params = {"type": "object", "properties": {"machine": {"type": "string"}}, "additionalProperties": False}
    example = "stage: {type: state, machine: lead_stage}"

    def type_of(self, field: Field) -> Type:
        """text (the state's name)"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The state's name as given. R001 when it is no text."""
        return None if entered.is_empty(value) else entered.text_of(value).strip()

    def show(self, field: Field, value: Any, language: str) -> str:
        """The state's label where the field knows it, else its name."""
        for choice in field.choices:
            if choice.name == value:
                return choice.label.text(language) or choice.name
        return "" if value is None else str(value)
