"""Numbers as people read them, and keys of groups as short texts. Floor: 5."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.model.metric import Metric
from engine.runtime.recipe import UNIT_WORDS

NOTHING = {"zh": "无数据", "en": "No data"}
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}


@dataclass(frozen=True, slots=True)
class Form:
    """How the numbers of one metric are written. ``kind`` is share, count, or the type of the value."""

    metric: Metric
    kind: str
    language: str
    currency: str = "CNY"

    @property
    def unit(self) -> str:
        """The unit's word; empty for shares and plain counts."""
        if self.metric.duration is not None:
            return UNIT_WORDS[self.language if self.language in UNIT_WORDS else "zh"][self.metric.duration.unit]
        if self.kind == "duration":
            return UNIT_WORDS[self.language if self.language in UNIT_WORDS else "zh"]["hours"]
        return self.metric.unit.text(self.language)

    def shown(self, value: Any) -> str:
        """``31.2%``, ``1,234 条``, ``3.4 小时``, ``¥12,000``; words where there is nothing."""
        if value is None:
            return NOTHING.get(self.language, NOTHING["zh"])
        if self.kind == "share":
            return f"{trimmed(value * 100, 1)}%"
        if self.kind == "money":
            return f"{SIGNS.get(self.currency, '')}{trimmed(value, 2)}"
        unit = self.unit
        text = trimmed(value, 0 if self.kind in ("count", "integer") and float(value).is_integer() else 1)
        return f"{text} {unit}" if unit else text


def trimmed(value: Any, places: int) -> str:
    """The number with thousands separated and at most that many decimals, without zeros at its end."""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def token(key: Any) -> str:
    """A group's stored key as text for an address: JSON, so that the text ``1`` and the number 1 stay apart."""
    return json.dumps(float(key) if isinstance(key, Decimal) else key, ensure_ascii=False)


def untoken(text: str) -> Any:
    """The stored key behind ``token``; ValueError when it is none."""
    key = json.loads(text)
    if not isinstance(key, str | int | float | bool | None):
        raise ValueError(text)
    return key
