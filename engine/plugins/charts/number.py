"""One number, large. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.slots import Chart


class Number(Chart):
    """One number with its unit, its target and whether it is good. The page draws it with type, not with a chart."""

    name: ClassVar[str] = "number"
    title: ClassVar[Mapping[str, str]] = {"zh": "数字", "en": "Number"}
    takes: ClassVar[Sequence[str]] = ("number",)
    example: ClassVar[str] = "show: number"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """Nothing: the page has its own widget for a number."""
        return {}
