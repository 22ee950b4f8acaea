"""Bars side by side. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.charts.axes import colours, datum, grid, target_line, value_axis
from engine.plugins.slots import Chart

#: From here on the names no longer fit under the bars, so the bars lie down.
LYING_FROM = 7


class Bar(Chart):
    """A number split by a field, or over time, as bars; many groups lie on their side, the largest on top."""

    name: ClassVar[str] = "bar"
    title: ClassVar[Mapping[str, str]] = {"zh": "柱状", "en": "Bars"}
    takes: ClassVar[Sequence[str]] = ("groups", "series")
    example: ClassVar[str] = "show: bar\nby: =owner"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """Standing or lying bars."""
        points = list(data.get("points", ()))
        lying = data.get("kind") == "groups" and len(points) >= LYING_FROM
        if lying:
            points.reverse()
        names = {"type": "category", "data": [point["label"] for point in points]}
        bars: dict[str, Any] = {
            "type": "bar",
            "barMaxWidth": 28,
            "itemStyle": {"borderRadius": [0, 3, 3, 0] if lying else [3, 3, 0, 0]},
            "data": [datum(point, data) for point in points],
        }
        if not lying:
            bars.update(target_line(data))
        return {
            "color": colours(palette),
            "grid": grid(),
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
            "xAxis": value_axis(data) if lying else names,
            "yAxis": names if lying else value_axis(data),
            "series": [bars],
        }
