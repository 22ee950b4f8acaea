"""text. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType

#: What companies of one name differ by without being different.
_FORM = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团公司|分公司|公司|集团|inc|ltd|llc|gmbh|co)$")
_PLACE = re.compile(r"^(中国|[一-龥]{2,3}省|[一-龥]{2,3}市|北京|上海|天津|重庆|深圳|广州|杭州|苏州|南京|成都|武汉)")


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
        text = entered.text_of(value).strip()
        if not text:
            return None
        if field.max_length is None and field.pattern is None:
            return text
        return entered.fitted(field, text)

    def keys(self, value: Any) -> Iterable[str]:
        """How the name begins and ends without place and legal form: one slip of the pen leaves one of the two."""
        if not value:
            return ()
        core = re.sub(r"[\W_]+", "", entered.narrow(str(value)).lower())
        core = _FORM.sub("", _FORM.sub("", core)) or core
        core = _PLACE.sub("", core) or core
        return dict.fromkeys((f"^{core[:3]}", f"{core[-3:]}$"))
