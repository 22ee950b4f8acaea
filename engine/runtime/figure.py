"""A metric in a document: its number, a small table, bars or a line, as the document's reader would see it. Floor: 5."""

from __future__ import annotations

from typing import Any

from engine.model.template import Figure
from engine.runtime import metric
from engine.runtime.context import Context

#: Points of one line, rows of one table or chart.
POINTS, ROWS = 120, 60
#: Names below a line: more would stand in each other.
NAMED = 8


def figure(context: Context, asked: Figure, english: bool) -> dict[str, Any]:
    """A block of a document, with the rights of the context's actor. Raises NotFound (Q007) for a metric that is not there, and what the
    metric itself refuses."""
    today = context.now.astimezone(context.parts.zone).date()
    first = today - asked.within.delta if asked.within is not None else None
    found = metric.read(context, asked.of, metric.Ask(first=first, each=asked.each, by=asked.by))
    label = found.metric.label.text("en" if english else "zh") or asked.of
    points = [(str(one.label or one.key or "–"), _number(one.value), one.shown) for one in found.series or found.groups]
    if asked.show == "number" or not points:
        return {"kind": "figure", "label": label, "shown": found.whole.shown, "good": found.good}
    if asked.show == "line":
        return _line(label, points[-POINTS:], found.whole.shown)
    kept = points[-ROWS:] if found.series else points[:ROWS]
    if asked.show == "bar":
        most = max((value for _, value, _ in kept), default=0.0) or 1.0
        return {"kind": "bars", "rows": [{"name": n, "share": max(0.0, v / most), "shown": s} for n, v, s in kept]}
    whole = "All" if english else "合计"
    return {
        "kind": "table", "head": ["", label], "rows": [[name, shown] for name, _, shown in kept], "foot": [whole, found.whole.shown],
        "widths": [20, 12], "numeric": [False, True],
    }  # fmt: skip


def _line(label: str, points: list[tuple[str, float, str]], whole: str) -> dict[str, Any]:
    values = [value for _, value, _ in points]
    least, most = min(0.0, *values), max(values) if max(values) > 0 else 1.0
    step = max(1, -(-len(points) // NAMED))
    return {
        "kind": "line",
        "label": label,
        "shown": whole,
        "most": next(shown for _, value, shown in points if value == max(values)),
        "points": [(value - least) / ((most - least) or 1.0) for value in values],
        "names": [name if at % step == 0 else "" for at, (name, _, _) in enumerate(points)],
    }


def _number(value: Any) -> float:
    """What a point is as high as; nothing to say is nothing high."""
    return float(value) if value is not None else 0.0
