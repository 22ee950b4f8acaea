"""The function ``max``. Floor: 4."""

from __future__ import annotations

from engine.plugins.functions.extreme import Extreme


class Max(Extreme):
    """The largest value of a list without the empty ones, or of several values (empty when one of them is)."""

    name = "max"
    title = {"zh": "最大", "en": "Largest"}
    example = 'value: "=max(100, visits * 2 + downloads * 10)"'
    sign, among = ">", "greatest"
