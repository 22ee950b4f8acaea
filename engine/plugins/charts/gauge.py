"""One number on a dial. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.plugins.charts.axes import colours
from engine.plugins.slots import Chart


class Gauge(Chart):
    """One number on a dial from zero to 100% (shares) or to twice the target."""

    name: ClassVar[str] = "gauge"
    title: ClassVar[Mapping[str, str]] = {"zh": "仪表", "en": "Gauge"}
    takes: ClassVar[Sequence[str]] = ("number",)
    example: ClassVar[str] = "show: gauge"

    def option(self, data: Mapping[str, Any], palette: Sequence[str], language: str) -> Mapping[str, Any]:
        """A dial with a needle-free arc; empty where there is no number."""
        value = data.get("value")
        if value is None:
            return {}
        scale = 100 if data.get("percent") else 1
        target = data.get("target_value")
        most = 100 if data.get("percent") else max(abs(value), abs(target or 0)) * 2 or 1
        dial = {
            "type": "gauge",
            "min": 0,
            "max": most,
            "startAngle": 200,
            "endAngle": -20,
            "progress": {"show": True, "width": 12},
            "pointer": {"show": False},
            "axisLine": {"lineStyle": {"width": 12}},
            "axisTick": {"show": False},
            "splitLine": {"show": False},
            "axisLabel": {"show": False},
            "detail": {"formatter": data.get("shown", ""), "offsetCenter": [0, 0]},
            "data": [{"value": value * scale}],
        }
        return {"color": colours(palette), "series": [dial]}
