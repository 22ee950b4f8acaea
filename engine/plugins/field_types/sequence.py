"""sequence. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

LONGEST = 60


class Sequence(FieldType):
    """A running number, given by the system: ``LD-{yyyy}{mm}-{0001}``.

    ``{yyyy} {yy} {mm} {dd}`` are today's date where the site is, ``{0001}`` the count with as many digits at least; the
    count starts again whenever the written date changes. The ``pattern`` is that of the number, not a check.
    """

    name = "sequence"
    title = {"zh": "流水号", "en": "Running number"}
    example = 'number: {type: sequence, pattern: "LD-{yyyy}{mm}-{0001}"}'

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
        text = entered.text_of(value).strip()
        if len(text) > LONGEST:
            raise Unclean("R002", most=LONGEST, length=len(text))
        return text
