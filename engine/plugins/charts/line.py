"""A line over time. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.charts.axes import colours, datum, grid, target_line, value_axis
from engine.plugins.slots import Chart


class Line(Chart):
    """How a number went, day by day, week by week or month by month. A period without records is a gap, not a zero,
    unless the number is a count."""

    name: ClassVar[str] = "line"
    title: ClassVar[Mapping[str, str]] = {"zh": "折线", "en": "Line"}
    takes: ClassVar[Sequence[str]] = ("series",)
    example: ClassVar[str] = "show: line\neach: week"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """A line with its points."""
        points = data.get("points", ())
        line: dict[str, Any] = {
            "type": "line",
            "data": [datum(point, data) for point in points],
            "connectNulls": False,
            "showSymbol": len(points) <= 40,
            "smooth": False,
            "areaStyle": {"opacity": 0.08},
            **target_line(data),
        }
        return {
            "color": colours(palette),
            "grid": grid(),
            "tooltip": {"trigger": "axis"},
            "xAxis": {"type": "category", "boundaryGap": False, "data": [point["label"] for point in points]},
            "yAxis": value_axis(data),
            "series": [line],
        }
