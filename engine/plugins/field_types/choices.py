"""choices. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.errors import nearest
from engine.expression.types import TEXT, Type, list_of
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class Choices(FieldType):
    """Any number of the ``choices``, in their order."""

    name = "choices"
    title = {"zh": "多选", "en": "Choices"}
    example = "pain_points: {type: choices, choices: [price, delivery, service]}"

    def type_of(self, field: Field) -> Type:
        """list of text"""
        return list_of(TEXT)

    def column(self, field: Field) -> Any:
        """JSON"""
        from engine.store import columns

        return columns.json()

    def clean(self, field: Field, value: Any) -> tuple[str, ...] | None:
        """The choices' names, in the order of the field's ``choices``. R027 names the first that is not among them."""
        if entered.is_empty(value):
            return None
        taken = {self._one(field, part) for part in entered.listed(value)}
        return tuple(choice.name for choice in field.choices if choice.name in taken) or None

    def _one(self, field: Field, part: Any) -> str:
        text = entered.narrow(entered.text_of(part)).casefold()
        for choice in field.choices:
            if text in (choice.name.casefold(), choice.label.zh.casefold(), choice.label.en.casefold()):
                return choice.name
        near = nearest(text, [choice.name for choice in field.choices])
        raise Unclean(
            "R027", value=text[:40], choices=", ".join(choice.name for choice in field.choices), near=near or ""
        )

    def to_store(self, value: Any) -> Any:
        """JSON text."""
        import orjson

        return None if value is None else orjson.dumps(list(value)).decode()

    def from_store(self, value: Any) -> Any:
        """A tuple of names."""
        import orjson

        return None if value is None else tuple(orjson.loads(value))

    def to_json(self, value: Any) -> Any:
        """A list of names."""
        return None if value is None else list(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """The labels."""
        labels = {choice.name: choice.label.text(language) or choice.name for choice in field.choices}
        return ("、" if language == "zh" else ", ").join(labels.get(name, name) for name in value or ())
