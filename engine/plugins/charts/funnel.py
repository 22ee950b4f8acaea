"""How many got how far. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.charts.axes import colours
from engine.plugins.slots import Chart


class Funnel(Chart):
    """How many records reached each state of a machine, in the machine's order, with the share of the first."""

    name: ClassVar[str] = "funnel"
    title: ClassVar[Mapping[str, str]] = {"zh": "漏斗", "en": "Funnel"}
    takes: ClassVar[Sequence[str]] = ("funnel",)
    example: ClassVar[str] = "funnel: lead_stage\nshow: funnel"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """A funnel; the order is the machine's, never the size's."""
        steps = [
            {
                "name": point["label"],
                "value": point["count"],
                "shown": point.get("shown", ""),
                "point": point.get("point"),
                "share": point.get("share"),
            }
            for point in data.get("points", ())
        ]
        shape = {
            "type": "funnel",
            "sort": "none",
            "gap": 2,
            "minSize": "8%",
            "left": 8,
            "right": 8,
            "top": 8,
            "bottom": 8,
            "label": {"position": "inside", "formatter": "{b}  {c}"},
            "data": steps,
        }
        return {"color": colours(palette), "tooltip": {"trigger": "item"}, "series": [shape]}
