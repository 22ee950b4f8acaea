"""The function ``min``. Floor: 4."""

from __future__ import annotations

from engine.plugins.functions.extreme import Extreme


class Min(Extreme):
    """The smallest value of a list without the empty ones, or of several values (empty when one of them is)."""

    name = "min"
    title = {"zh": "最小", "en": "Smallest"}
    example = 'value: "=min(100, visits * 2 + downloads * 10)"'
    sign, among = "<", "least"
