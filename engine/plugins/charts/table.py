"""Rows and columns. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.slots import Chart


class Table(Chart):
    """Records of a view, or the groups of a metric, as a table. The page draws it with its own table."""

    name: ClassVar[str] = "table"
    title: ClassVar[Mapping[str, str]] = {"zh": "表格", "en": "Table"}
    takes: ClassVar[Sequence[str]] = ("records", "groups", "series", "funnel")
    example: ClassVar[str] = "view: stuck_leads\nshow: table"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """Nothing: the page has its own widget for a table."""
        return {}
