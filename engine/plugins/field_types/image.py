"""image. Floor: 4."""

from __future__ import annotations

import re
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_ID = re.compile(r"[0-9a-f]{32}")


class Image(FieldType):
    """A picture: a file that is shown. ``max_size`` is the most it may have."""

    name = "image"
    title = {"zh": "图片", "en": "Image"}
    params = {
        "type": "object",
        "properties": {"max_size": {"type": "string", "pattern": "^[0-9]+ *(KB|MB|GB)$"}},
        "additionalProperties": False,
    }
    example = "logo: {type: image, max_size: 5MB}"

    def type_of(self, field: Field) -> Type:
        """text (the file's id)"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The id of a picture that was uploaded before. R043 when it is none."""
        if isinstance(value, dict) and "id" in value:
            value = value["id"]
        if entered.is_empty(value):
            return None
        text = entered.text_of(value).strip()
        if not _ID.fullmatch(text):
            raise Unclean("R043", value=text[:40])
        return text
