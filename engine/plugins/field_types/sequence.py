"""sequence. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType


class Sequence(FieldType):
    """A running number, given by the system: ``LD-{yyyy}{mm}-{0001}``.

    ``{yyyy} {yy} {mm} {dd}`` are today's date where the site is, ``{0001}`` the count with as many digits at least; the
    count starts again whenever the written date changes.
    """

    name = "sequence"
    title = {"zh": "流水号", "en": "Running number"}
    params = {
        "type": "object",
        "properties": {"format": {"type": "string", "pattern": "\\{0*1?\\}", "default": "{0001}"}},
        "additionalProperties": False,
    }
    example = 'number: {type: sequence, format: "LD-{yyyy}{mm}-{0001}"}'

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """A number that is known already (import of old records), as it is. R001, R002."""
        if entered.is_empty(value):
            return None
        return entered.fitted(field, entered.text_of(value).strip())
