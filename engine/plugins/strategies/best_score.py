"""The strategy ``best_score``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Record
from engine.plugins.slots import Strategy


class BestScore(Strategy):
    """Points for each factor, its value (0 to 1) times its weight; the most points win. Among equals whoever holds
    fewer open records, then in the order of entry."""

    name = "best_score"
    title: ClassVar[Mapping[str, str]] = {"zh": "得分最高", "en": "The best score"}
    example = 'strategy: best_score\nscore:\n  load: {weight: 40, value: "=1 - open_count / capacity"}'

    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The candidates by their points; a factor whose value is empty gives none, one outside 0..1 is cut to it."""
        weights = [(name, float(factor.weight)) for name, factor in assignment.score.items()]
        rows: list[tuple[float, int, int, dict[str, Any]]] = []
        for each in candidates:
            user, total = each["id"], 0.0
            factors: dict[str, dict[str, float | None]] = {}
            for (name, weight), value in zip(weights, context.factors(user), strict=False):
                if value is None or value <= 0.0:
                    factors[name] = {"value": value, "weight": weight, "points": 0.0}
                    continue
                points = weight if value >= 1.0 else value * weight
                factors[name] = {"value": value, "weight": weight, "points": round(points, 4)}
                total += points
            row = {"user": user, "points": round(total, 4), "factors": factors}
            rows.append((-total, each["open_count"], user, row))
        # No two have the same id, so rows are never compared by what comes after it.
        rows.sort()
        return [row[3] for row in rows]
