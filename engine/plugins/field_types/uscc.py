"""uscc. Floor: 4."""

from __future__ import annotations

from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


class Uscc(FieldType):
    """A Chinese company's Unified Social Credit Code: 18 characters, the last one checks the others."""

    name = "uscc"
    title = {"zh": "统一社会信用代码", "en": "Social credit code"}
    example = "uscc: {type: uscc, unique: true}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The code in capitals. R036 when it has not 18 characters, R035 when the check digit says it is mistyped."""
        if entered.is_empty(value):
            return None
        text = "".join(entered.narrow(entered.text_of(value)).upper().replace("-", "").split())
        if len(text) != 18:
            raise Unclean("R036", value=text[:40], length=len(text))
        from stdnum.cn import uscc
        from stdnum.exceptions import ValidationError

        try:
            return str(uscc.validate(text))
        except ValidationError:
            raise Unclean("R035", value=text) from None
