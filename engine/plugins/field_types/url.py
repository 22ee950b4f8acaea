"""url. Floor: 4."""

from __future__ import annotations

import re
from typing import Any

from engine.expression.types import TEXT, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_URL = re.compile(r"https?://[^\s/?#@]+(:\d+)?([/?#]\S*)?", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+([/?#:]\S*)?")


class Url(FieldType):
    """A web address. Only http and https: nothing a click could run."""

    name = "url"
    title = {"zh": "网址", "en": "Web address"}
    example = "website: {type: url}"

    def type_of(self, field: Field) -> Type:
        """text"""
        return TEXT

    def column(self, field: Field) -> Any:
        """TEXT"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> str | None:
        """The address; ``https://`` is put in front where the scheme is left out. R034 when it is none."""
        if entered.is_empty(value):
            return None
        text = entered.text_of(value).strip()
        if _HOST.fullmatch(text):
            text = f"https://{text}"
        if len(text) > 2000 or not _URL.fullmatch(text):
            raise Unclean("R034", value=text[:60])
        return text
