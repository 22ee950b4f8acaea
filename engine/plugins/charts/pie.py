"""Shares of a whole. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.charts.axes import colours, datum
from engine.plugins.slots import Chart

#: Slices beyond these are one slice: nobody compares twelve angles.
SLICES = 8


class Pie(Chart):
    """A count or a sum split by a field, as shares of the whole. Small slices beyond the eighth are put together."""

    name: ClassVar[str] = "pie"
    title: ClassVar[Mapping[str, str]] = {"zh": "饼图", "en": "Pie"}
    takes: ClassVar[Sequence[str]] = ("groups",)
    example: ClassVar[str] = "show: pie\nby: =source"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """A ring of slices."""
        points = sorted(data.get("points", ()), key=lambda point: -(point.get("value") or 0))
        slices = [{**datum(point, data), "name": point["label"]} for point in points[:SLICES]]
        if rest := points[SLICES:]:
            value = sum(point.get("value") or 0 for point in rest)
            name = "其余" if language == "zh" else "The rest"
            slices.append({"value": value, "name": name, "shown": f"{value:g}", "point": None, "count": None})
        ring = {"type": "pie", "radius": ["45%", "70%"], "data": slices, "label": {"formatter": "{b} {d}%"}}
        return {"color": colours(palette), "tooltip": {"trigger": "item"}, "series": [ring]}
