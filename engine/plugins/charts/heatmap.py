"""Where time is spent. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.slots import Chart


class Heatmap(Chart):
    """How long records stay in each state (across) for each row (down); the darker, the longer."""

    name: ClassVar[str] = "heatmap"
    title: ClassVar[Mapping[str, str]] = {"zh": "热力图", "en": "Heat map"}
    takes: ClassVar[Sequence[str]] = ("heatmap",)
    example: ClassVar[str] = "heatmap: lead_stage\nshow: heatmap\nrows: =owner"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """Cells coloured by their value."""
        cells = [
            {
                "value": [cell["x"], cell["y"], cell["value"]],
                "shown": cell.get("shown", ""),
                "point": cell.get("point"),
                "count": cell.get("count"),
            }
            for cell in data.get("cells", ())
            if cell["value"] is not None
        ]
        highest = max((cell["value"][2] for cell in cells), default=1)
        shade = [palette[0]] if palette else ["#2f6bff"]
        return {
            "grid": {"left": 8, "right": 8, "top": 8, "bottom": 36, "containLabel": True},
            "tooltip": {"position": "top"},
            "xAxis": {
                "type": "category",
                "data": [c["label"] for c in data.get("columns", ())],
                "splitArea": {"show": True},
            },
            "yAxis": {"type": "category", "data": [r["label"] for r in data.get("rows", ())], "inverse": True},
            "visualMap": {
                "min": 0,
                "max": highest,
                "calculable": False,
                "orient": "horizontal",
                "left": "center",
                "bottom": 0,
                "itemHeight": 80,
                "inRange": {"color": ["#f2f5fb", *shade]},
            },
            "series": [{"type": "heatmap", "data": cells, "label": {"show": len(cells) <= 80}}],
        }
