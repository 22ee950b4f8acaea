"""score. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import NUMBER, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


def _read(value: Any) -> float:
    return float(entered.decimal_of(value, "R011"))


class Score(FieldType):
    """Points from 0 to 100, or to the field's own ``min`` and ``max``."""

    name = "score"
    title = {"zh": "评分", "en": "Score"}
    example = "satisfaction: {type: score, min: 0, max: 10}"

    def type_of(self, field: Field) -> Type:
        """number"""
        return NUMBER

    def column(self, field: Field) -> Any:
        """DOUBLE"""
        from engine.store import columns

        return columns.number()

    def clean(self, field: Field, value: Any) -> float | None:
        """A float. R011 when it is none, R012 below the least, R013 above the most."""
        if entered.is_empty(value):
            return None
        points = _read(value)
        if field.min is None and points < 0:
            raise Unclean("R012", least=0)
        if field.max is None and points > 100:
            raise Unclean("R013", most=100)
        return entered.bounded(field, points, _read)  # type: ignore[no-any-return]

    def show(self, field: Field, value: Any, language: str) -> str:
        """``87.5``"""
        return "" if value is None else f"{round(value, 2):g}"
